"""Mail by SMTP, against a server in this process whose answers the tests choose."""

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


class ScriptedSmtpServer:
    """Takes one SMTP connection at a time; ``answers`` replaces the answer to a command."""

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
def sink() -> Iterator[ScriptedSmtpServer]:
    sink = ScriptedSmtpServer()
    yield sink
    sink.close()


def transport(sink: ScriptedSmtpServer, security: Security = Security.NONE, **who: str) -> SmtpTransport:
    return SmtpTransport(SmtpServer("127.0.0.1", sink.port, security, **who))


def mail() -> Mail:
    return write_mail(mail_content(), sender=SENDER)


def test_a_mail_arrives_as_it_was_written(sink: ScriptedSmtpServer) -> None:
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
def test_each_refusal_of_the_server_raises_its_error(
    sink: ScriptedSmtpServer, command: str, answer: str, reaction: type[Exception]
) -> None:
    """5xx is permanent, 4xx temporary; the server's own text is not passed on."""
    sink.answers[command] = answer

    with pytest.raises(reaction) as caught:
        transport(sink).deliver(mail())
    assert "zoe" not in str(caught.value)


def test_no_mail_is_sent_unencrypted_where_tls_is_required(sink: ScriptedSmtpServer) -> None:
    """A server without STARTTLS is the operator's fault, and gets neither password nor mail."""
    with pytest.raises(OperatorFault):
        transport(sink, Security.STARTTLS, user="u", password="p").deliver(mail())

    assert sink.mails == []
    assert not any(line.upper().startswith("AUTH") for line in sink.said)


def test_a_wrong_password_is_the_operators_fault(sink: ScriptedSmtpServer) -> None:
    """It is not tried again with every mail."""
    sink.answers |= {"EHLO": "250-sink\r\n250 AUTH PLAIN", "AUTH": "535 no"}

    with pytest.raises(OperatorFault):
        transport(sink, user="u", password="p").deliver(mail())


@pytest.mark.parametrize("security", [Security.NONE, Security.TLS])
def test_an_unreachable_server_is_retried_later(security: Security) -> None:
    """A failed connection says nothing about the mail."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    with pytest.raises(ProviderUnavailable):
        SmtpTransport(SmtpServer("127.0.0.1", port, security)).deliver(mail())
