"""Sends mails by a mail server (SMTP), with one connection for each mail."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass, field
from enum import StrEnum

from common.errors import Forbidden, OperatorFault, ProviderUnavailable, SyncError
from common.mail.message import Mail

_TIMEOUT = 15.0
_PERMANENT = 500


class Security(StrEnum):
    """How the connection is encrypted."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where the server is, and who we are there."""

    host: str
    port: int
    security: Security = Security.STARTTLS
    user: str = ""
    password: str = field(default="", repr=False)


class SmtpTransport:
    """Sends by one mail server."""

    def __init__(self, server: SmtpServer, *, context: ssl.SSLContext | None = None) -> None:
        """``context`` is what certificates are checked against; the machine's own by default."""
        self._server = server
        self._context = context or ssl.create_default_context()

    def deliver(self, mail: Mail) -> None:
        """Hand one mail to the server.

        Raises:
            ProviderUnavailable: The server cannot take it now.
            Forbidden: The server will never take this mail.
            OperatorFault: The server does not know us, or does not encrypt.
        """
        try:
            with self._connected() as smtp:
                # A server that refuses one of several people still mails the others.
                smtp.sendmail(mail.sender, list(mail.recipients), mail.raw)
        except smtplib.SMTPAuthenticationError:
            raise OperatorFault("the mail server does not know us", code="mail_refused") from None
        except smtplib.SMTPNotSupportedError:
            raise OperatorFault("the mail server offers no encryption", code="mail_not_encrypted") from None
        except smtplib.SMTPRecipientsRefused as error:
            raise _error_for(max(code for code, _ in error.recipients.values())) from None
        except smtplib.SMTPResponseException as error:
            raise _error_for(error.smtp_code) from None
        except (smtplib.SMTPException, OSError):
            raise ProviderUnavailable("the mail server cannot be reached", code="mail_unavailable") from None

    def _connected(self) -> smtplib.SMTP:
        server = self._server
        if server.security is Security.TLS:
            smtp: smtplib.SMTP = smtplib.SMTP_SSL(
                server.host, server.port, timeout=_TIMEOUT, context=self._context
            )
        else:
            smtp = smtplib.SMTP(server.host, server.port, timeout=_TIMEOUT)
        try:
            if server.security is Security.STARTTLS:
                smtp.starttls(context=self._context)
            if server.user:
                smtp.login(server.user, server.password)
        except (smtplib.SMTPException, OSError):
            smtp.close()
            raise
        return smtp


def _error_for(code: int) -> SyncError:
    """The error for a server's code; from 500 on it is permanent.

    https://www.rfc-editor.org/rfc/rfc5321#section-4.2.1
    """
    if code >= _PERMANENT:
        return Forbidden("the mail server refuses this mail", code="mail_rejected")
    return ProviderUnavailable("the mail server cannot take this mail now", code="mail_unavailable")
