"""Amazon SES: hands a mail over as raw MIME through the v2 API."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from common.errors import Forbidden, OperatorFault, ProviderUnavailable, RateLimited, SyncError
from common.mail.message import Mail

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
                Destination={"ToAddresses": list(mail.recipients)},
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
