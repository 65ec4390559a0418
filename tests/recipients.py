"""Stand-ins for recipients: a mailbox, and webhook targets with scripted answers."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from icalendar import Calendar

from common.domain.shared.url_policy import check_target
from common.errors import ProviderUnavailable, SyncError
from common.mail.message import Mail
from common.ports.machine import WebhookResponse

SENDER = "no-reply@slotbridge.example"


@dataclass(frozen=True)
class ReceivedMail:
    """One mail, parsed as a mail program would parse it."""

    mail: Mail

    @property
    def message(self) -> EmailMessage:
        parsed = message_from_bytes(self.mail.raw, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    @property
    def to(self) -> tuple[str, ...]:
        return (self.mail.recipient,)

    @property
    def subject(self) -> str:
        return str(self.message["Subject"])

    @property
    def text(self) -> str:
        part = self.message.get_body(("plain",))
        assert part is not None
        return str(part.get_content())

    @property
    def html(self) -> str:
        part = self.message.get_body(("html",))
        assert part is not None
        return str(part.get_content())

    @property
    def calendar(self) -> Calendar | None:
        for part in self.message.iter_attachments():
            content = part.get_content()
            return Calendar.from_ical(content)  # type: ignore[return-value]
        return None


class Mailbox:
    """A mail transport that keeps every mail; each item of ``failures`` is raised once, in order, first.

    ``refused`` holds the error for an address for as long as it stands there.
    """

    def __init__(self) -> None:
        self.mails: list[ReceivedMail] = []
        self.failures: list[SyncError] = []
        self.refused: dict[str, SyncError] = {}

    def deliver(self, mail: Mail) -> None:
        if self.failures:
            raise self.failures.pop(0)
        if mail.recipient in self.refused:
            raise self.refused[mail.recipient]
        self.mails.append(ReceivedMail(mail))

    def to(self, address: str) -> list[ReceivedMail]:
        return [mail for mail in self.mails if address in mail.to]

    def subjects(self) -> list[str]:
        return [mail.subject for mail in self.mails]


@dataclass(frozen=True)
class ReceivedWebhook:
    """One webhook message as it arrived."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: str

    @property
    def event(self) -> Any:
        return json.loads(self.body)


class WebhookTargets:
    """A stand-in for the public internet: webhook targets with scripted answers, 204 by default."""

    loopback = False

    def __init__(self) -> None:
        self.posted: list[ReceivedWebhook] = []
        self.answers: list[WebhookResponse | SyncError] = []
        self.always: WebhookResponse | SyncError = WebhookResponse(204)
        self.documents: dict[str, Callable[[], bytes]] = {}
        self.fetched: list[str] = []

    def check(self, url: str) -> None:
        check_target(url, loopback=self.loopback)

    def post(self, url: str, *, headers: Mapping[str, str], body: str) -> WebhookResponse:
        self.posted.append(ReceivedWebhook(url, headers, body))
        answer = self.answers.pop(0) if self.answers else self.always
        if isinstance(answer, SyncError):
            raise answer
        return answer

    def fetch(self, url: str, *, largest: int) -> bytes:
        self.check(url)
        self.fetched.append(url)
        if url not in self.documents:
            raise ProviderUnavailable("nobody answered", code="target_unreachable")
        content = self.documents[url]()
        assert len(content) <= largest
        return content

    def types(self) -> list[str]:
        return [item.event["type"] for item in self.posted]
