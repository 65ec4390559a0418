"""The mailer: writes a mail and hands it to the one transport that is configured."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from common.config import Config, Misconfigured
from common.domain.notify import MailContent
from common.errors import OperatorFault
from common.mail.message import Mail, write_mail
from common.mail.ses import SesTransport
from common.mail.smtp import Security, SmtpServer, SmtpTransport


class Transport(Protocol):
    """Hands finished mails to a mail service or server."""

    def deliver(self, mail: Mail) -> None:
        """Hand one over; raises Retry, Forbidden or OperatorFault where it was not accepted."""


class MimeMailer:
    """Sends mails from one address; without one this installation sends none."""

    def __init__(self, transport: Callable[[], Transport], *, sender: str) -> None:
        """Send from ``sender``, an address that the transport's account owns.

        Args:
            transport: Gives the transport; called at the first mail, so that an installation that sends
                none needs no settings for it.
            sender: The address in ``From:``; empty where this installation sends no mails.
        """
        self._transport = transport
        self._sender = sender

    @property
    def on(self) -> bool:
        """Whether this installation sends mails at all."""
        return bool(self._sender)

    def send(self, content: MailContent) -> None:
        """Hand one mail over.

        Raises:
            OperatorFault: No sender is configured, or it may not send.
            Forbidden: This mail will never be taken.
        """
        if not self.on:
            raise OperatorFault("this installation sends no mails", code="mail_not_configured")
        self._transport().deliver(write_mail(content, sender=self._sender))


_SUBMISSION = 587


def transport(config: Config) -> Transport:
    """The transport that the settings name: Amazon SES, or (MAIL_TRANSPORT=smtp) a mail server.

    Raises:
        Misconfigured: A setting is missing or not one of its words.
    """
    wanted = config.text("MAIL_TRANSPORT", "ses")
    if wanted == "ses":
        return SesTransport(
            region=config.text("SES_REGION", "eu-central-1"), endpoint=config.text("SES_ENDPOINT", "")
        )
    if wanted != "smtp":
        raise Misconfigured("the setting MAIL_TRANSPORT is neither ses nor smtp")
    security = config.text("SMTP_SECURITY", Security.STARTTLS.value)
    if security not in set(Security):
        raise Misconfigured("the setting SMTP_SECURITY is none of starttls, tls and none")
    return SmtpTransport(
        SmtpServer(
            host=config.text("SMTP_HOST"),
            port=int(config.number("SMTP_PORT", _SUBMISSION)),
            security=Security(security),
            user=config.text("SMTP_USER", ""),
            password=config.text("SMTP_PASSWORD", ""),
        )
    )
