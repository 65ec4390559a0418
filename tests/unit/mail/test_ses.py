"""Amazon SES, simulated by moto: mails arrive unchanged, and errors are sorted by what to do."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from common.errors import Forbidden, OperatorFault, ProviderUnavailable, RateLimited
from common.mail.mailer import SesTransport, _error_for
from common.mail.message import Mail, write_mail
from tests.recipients import SENDER, ReceivedMail
from tests.unit.mail.test_message import mail_content

REGION = "eu-central-1"


@pytest.fixture(autouse=True)
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Credentials by the default chain, from the environment."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "y")
    with mock_aws():
        yield


def sent() -> list[Any]:
    return list(ses_backends[DEFAULT_ACCOUNT_ID][REGION].sent_messages)


def test_a_mail_arrives_as_it_was_written() -> None:
    """Text, HTML and the calendar file, parsed from the message that SES received."""
    boto3.client("sesv2", region_name=REGION).create_email_identity(EmailIdentity=SENDER)
    mail = write_mail(mail_content(), sender=SENDER)
    SesTransport(region=REGION).deliver(mail)
    (message,) = sent()
    arrived = ReceivedMail(Mail(message.raw_data.encode(), message.source, message.destinations[0]))

    # moto adds the header's recipients to the envelope's.
    assert (arrived.to[0], arrived.mail.sender) == ("zoe@example.net", SENDER)
    assert (arrived.subject, arrived.text, arrived.html) == (
        ReceivedMail(mail).subject,
        ReceivedMail(mail).text,
        ReceivedMail(mail).html,
    )
    assert arrived.calendar == ReceivedMail(mail).calendar


def test_an_unverified_sender_is_the_operators_fault() -> None:
    """Nothing is sent, and the error is not the customer's."""
    with pytest.raises(OperatorFault):
        SesTransport(region=REGION).deliver(write_mail(mail_content(), sender=SENDER))

    assert sent() == []


@pytest.mark.parametrize(
    ("code", "status", "reaction"),
    [
        ("TooManyRequestsException", 429, RateLimited),
        ("ThrottlingException", 400, RateLimited),
        ("LimitExceededException", 400, RateLimited),
        ("InternalFailure", 500, ProviderUnavailable),
        ("ServiceUnavailable", 503, ProviderUnavailable),
        ("MailFromDomainNotVerifiedException", 400, OperatorFault),
        ("AccountSuspendedException", 400, OperatorFault),
        ("SendingPausedException", 400, OperatorFault),
        ("AccessDeniedException", 403, OperatorFault),
        ("BadRequestException", 400, Forbidden),
        ("SomethingNew", 400, Forbidden),
    ],
)
def test_each_refusal_of_ses_raises_its_error(code: str, status: int, reaction: type[Exception]) -> None:
    """By code and status; the service's own text, which may hold an address, is not passed on."""
    text = {"Error": {"Code": code, "Message": "zoe@example.net"}}
    judged = _error_for({**text, "ResponseMetadata": {"HTTPStatusCode": status}})

    assert type(judged) is reaction
    assert "zoe" not in str(judged)


def test_an_unreachable_service_is_retried_later() -> None:
    """A failed connection says nothing about the mail."""
    transport = SesTransport(region=REGION, endpoint="http://127.0.0.1:9")

    with pytest.raises(ProviderUnavailable):
        transport.deliver(write_mail(mail_content(), sender=SENDER))
