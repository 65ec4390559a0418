"""What leaves Slotbridge in tests: mails kept as the bytes that would be sent, and scripted targets."""

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
class Received:
    """One mail as its reader's program takes it apart."""

    mail: Mail

    @property
    def message(self) -> EmailMessage:
        parsed = message_from_bytes(self.mail.raw, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed

    @property
    def to(self) -> tuple[str, ...]:
        return self.mail.recipients

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


class Postbox:
    """A transport that keeps every mail; ``failures`` are raised first, one a try."""

    def __init__(self) -> None:
        self.mails: list[Received] = []
        self.failures: list[SyncError] = []

    def deliver(self, mail: Mail) -> None:
        if self.failures:
            raise self.failures.pop(0)
        self.mails.append(Received(mail))

    def to(self, address: str) -> list[Received]:
        return [mail for mail in self.mails if address in mail.to]

    def subjects(self) -> list[str]:
        return [mail.subject for mail in self.mails]


@dataclass(frozen=True)
class Posted:
    """One webhook as it arrived."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    body: str

    @property
    def event(self) -> Any:
        return json.loads(self.body)


class Targets:
    """A courier to addresses whose answers are scripted; 204 unless told otherwise."""

    loopback = False

    def __init__(self) -> None:
        self.posted: list[Posted] = []
        self.answers: list[WebhookResponse | SyncError] = []
        self.always: WebhookResponse | SyncError = WebhookResponse(204)
        self.documents: dict[str, Callable[[], bytes]] = {}
        self.fetched: list[str] = []

    def check(self, url: str) -> None:
        check_target(url, loopback=self.loopback)

    def post(self, url: str, *, headers: Mapping[str, str], body: str) -> WebhookResponse:
        self.posted.append(Posted(url, headers, body))
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
