"""Picks the transport of mails from the settings."""

from __future__ import annotations

from common.config import Config, Misconfigured
from common.mail.mailer import Transport
from common.mail.ses import SesTransport
from common.mail.smtp import Security, SmtpServer, SmtpTransport

_SUBMISSION = 587


def transport(config: Config) -> Transport:
    """Amazon SES, or (MAIL_TRANSPORT=smtp) a mail server.

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
