"""The local mail server, used through the real client."""

from __future__ import annotations

import pytest

from common.errors import OperatorFault
from common.mail.mailer import MimeMailer, SesTransport
from local.environment import REGION, SENDER
from local.mail import CREDENTIALS, MailServer
from tests.unit.mail.test_message import mail_content


def test_a_mail_goes_through_the_real_client(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server accepts mails of its sender, refuses another sender, and lists what it accepted."""
    for name, value in CREDENTIALS.items():
        monkeypatch.setenv(name, value)
    with MailServer() as server:
        transport = SesTransport(region=REGION, endpoint=server.url)
        MimeMailer(lambda: transport, sender=SENDER).send(mail_content())
        with pytest.raises(OperatorFault):
            MimeMailer(lambda: transport, sender="other@example.com").send(mail_content())
        (mail,) = server.mails()

    assert (mail.to, mail.subject) == (("zoe@example.net",), "Your appointment with Salon")
    assert "https://shop.example/booking#t1/b1/secret" in mail.text
