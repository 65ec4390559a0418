"""Sends mails as MIME: through Amazon SES by its v2 API, or through a mail server by SMTP."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Protocol

from common.config import Config, Misconfigured
from common.domain.notify import MailContent
from common.errors import Forbidden, OperatorFault, ProviderUnavailable, RateLimited, SyncError
from common.mail.message import Mail, write_mail

if TYPE_CHECKING:
    from mypy_boto3_sesv2 import SESV2Client


# https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html#API_SendEmail_Errors
_LIMITED = frozenset(
    {"TooManyRequestsException", "Throttling", "ThrottlingException", "LimitExceededException"}
)
_OURS = frozenset(
    {
        "AccessDeniedException",
        "AccountSuspendedException",
        "InvalidClientTokenId",
        "MailFromDomainNotVerifiedException",
        "MessageRejected",
        "NotFoundException",
        "SendingPausedException",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
    }
)
_SERVER_ERROR = 500


class SesTransport:
    """Sends by Amazon SES; the client is made with the first mail, because boto3 takes long to load."""

    def __init__(self, *, region: str, endpoint: str | None = None) -> None:
        """Use AWS's default chain of credentials; ``endpoint`` stands in for the service."""
        self._region = region
        self._endpoint = endpoint

    @cached_property
    def _client(self) -> SESV2Client:
        import boto3  # noqa: PLC0415
        from botocore.config import Config  # noqa: PLC0415

        # No retries inside: an attempt whose answer was lost may have been a mail.
        config = Config(connect_timeout=5, read_timeout=15, retries={"total_max_attempts": 1})
        return boto3.client(
            "sesv2", region_name=self._region, endpoint_url=self._endpoint or None, config=config
        )

    def deliver(self, mail: Mail) -> None:
        """Hand one mail to SES.

        Raises:
            Retry: SES is busy, or cannot be reached.
            Forbidden: SES will never take this mail.
            OperatorFault: The account, its credentials or the sender's identity are wrong.
        """
        from botocore.exceptions import BotoCoreError, ClientError, NoCredentialsError  # noqa: PLC0415

        try:
            self._client.send_email(
                FromEmailAddress=mail.sender,
                Destination={"ToAddresses": [mail.recipient]},
                Content={"Raw": {"Data": mail.raw}},
            )
        except ClientError as error:
            raise _error_for(error.response) from None
        except NoCredentialsError:
            raise OperatorFault("there are no AWS credentials", code="mail_not_configured") from None
        except BotoCoreError:
            raise ProviderUnavailable("the mail service cannot be reached", code="mail_unavailable") from None


def _error_for(response: object) -> SyncError:
    """The error for an answer of SES; its text may hold an address and is left out."""
    answer = response if isinstance(response, dict) else {}
    code = str(answer.get("Error", {}).get("Code", ""))
    status = int(answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0))
    if code in _LIMITED:
        return RateLimited("the mail service is at its limit", code="mail_limited")
    if status >= _SERVER_ERROR:
        return ProviderUnavailable("the mail service failed", code="mail_unavailable")
    if code in _OURS:
        return OperatorFault("the mail service refuses our account or sender", code="mail_refused")
    return Forbidden("the mail service refuses this mail", code="mail_rejected")


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
                smtp.sendmail(mail.sender, [mail.recipient], mail.raw)
        except smtplib.SMTPAuthenticationError:
            raise OperatorFault("the mail server does not know us", code="mail_refused") from None
        except smtplib.SMTPNotSupportedError:
            raise OperatorFault("the mail server offers no encryption", code="mail_not_encrypted") from None
        except smtplib.SMTPRecipientsRefused as error:
            raise _smtp_error(max(code for code, _ in error.recipients.values())) from None
        except smtplib.SMTPResponseException as error:
            raise _smtp_error(error.smtp_code) from None
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


def _smtp_error(code: int) -> SyncError:
    """The error for a server's code; from 500 on it is permanent.

    https://www.rfc-editor.org/rfc/rfc5321#section-4.2.1
    """
    if code >= _PERMANENT:
        return Forbidden("the mail server refuses this mail", code="mail_rejected")
    return ProviderUnavailable("the mail server cannot take this mail now", code="mail_unavailable")


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
