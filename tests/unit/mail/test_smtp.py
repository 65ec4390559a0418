"""A mail server on this machine that answers as it is told."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator

import pytest

from common.errors import Forbidden, OperatorFault, ProviderUnavailable
from common.mail.mailer import Security, SmtpServer, SmtpTransport
from common.mail.message import Mail, write_mail
from tests.recipients import SENDER, ReceivedMail
from tests.unit.mail.test_message import mail_content


class Sink:
    """One SMTP conversation at a time; ``answers`` replaces the answer to a command."""

    def __init__(self) -> None:
        self.answers: dict[str, str] = {}
        self.mails: list[bytes] = []
        self.said: list[str] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                client, _ = self._socket.accept()
            except OSError:
                return
            with client, client.makefile("rwb") as stream:
                self._talk(stream)

    def _talk(self, stream) -> None:
        self._say(stream, self.answers.get("HELLO", "220 sink"))
        while line := stream.readline():
            word = line.decode("latin-1").split(" ")[0].strip().upper()
            self.said.append(line.decode("latin-1").strip())
            if word == "DATA" and "DATA" not in self.answers:
                self._say(stream, "354 go on")
                body = b""
                while (more := stream.readline()) not in {b".\r\n", b""}:
                    body += more.removeprefix(b".") if more.startswith(b"..") else more
                self.mails.append(body)
                self._say(stream, self.answers.get("END", "250 taken"))
                continue
            self._say(stream, self.answers.get(word, "250 fine" if word != "QUIT" else "221 bye"))
            if word == "QUIT":
                return

    def _say(self, stream, text: str) -> None:
        stream.write(text.encode() + b"\r\n")
        stream.flush()


@pytest.fixture
def sink() -> Iterator[Sink]:
    sink = Sink()
    yield sink
    sink.close()


def transport(sink: Sink, security: Security = Security.NONE, **who: str) -> SmtpTransport:
    return SmtpTransport(SmtpServer("127.0.0.1", sink.port, security, **who))


def mail() -> Mail:
    return write_mail(mail_content(), sender=SENDER)


def test_a_mail_arrives_as_it_was_written(sink: Sink) -> None:
    """The envelope's addresses, and every byte of the mail."""
    transport(sink).deliver(mail())
    (arrived,) = sink.mails

    assert ReceivedMail(Mail(arrived, SENDER, ())).text == ReceivedMail(mail()).text
    assert f"mail FROM:<{SENDER}>" in "\n".join(sink.said)
    assert "rcpt TO:<zoe@example.net>" in sink.said


@pytest.mark.parametrize(
    ("command", "answer", "reaction"),
    [
        ("RCPT", "550 no such person zoe@example.net", Forbidden),
        ("RCPT", "450 later", ProviderUnavailable),
        ("MAIL", "550 not you", Forbidden),
        ("MAIL", "451 later", ProviderUnavailable),
        ("DATA", "554 no", Forbidden),
        ("END", "452 full", ProviderUnavailable),
        ("HELLO", "421 closing", ProviderUnavailable),
    ],
)
def test_each_answer_has_its_reaction(
    sink: Sink, command: str, answer: str, reaction: type[Exception]
) -> None:
    """From 500 on is for good, below it is for now; the server's own text goes nowhere."""
    sink.answers[command] = answer

    with pytest.raises(reaction) as caught:
        transport(sink).deliver(mail())
    assert "zoe" not in str(caught.value)


def test_no_mail_goes_unencrypted_where_that_was_asked_for(sink: Sink) -> None:
    """A server without STARTTLS is the operator's mistake, and gets neither password nor mail."""
    with pytest.raises(OperatorFault):
        transport(sink, Security.STARTTLS, user="u", password="p").deliver(mail())

    assert sink.mails == []
    assert not any(line.upper().startswith("AUTH") for line in sink.said)


def test_a_password_that_is_wrong_is_the_operators_mistake(sink: Sink) -> None:
    """It is not tried with every mail of the day."""
    sink.answers |= {"EHLO": "250-sink\r\n250 AUTH PLAIN", "AUTH": "535 no"}

    with pytest.raises(OperatorFault):
        transport(sink, user="u", password="p").deliver(mail())


@pytest.mark.parametrize("security", [Security.NONE, Security.TLS])
def test_a_server_that_is_not_there_is_tried_again_later(security: Security) -> None:
    """No connection is no verdict on the mail."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    with pytest.raises(ProviderUnavailable):
        SmtpTransport(SmtpServer("127.0.0.1", port, security)).deliver(mail())
