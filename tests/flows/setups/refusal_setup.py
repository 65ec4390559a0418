"""Writes of events that a provider refuses, at Google and at Microsoft."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from common.domain.calendar.connection import Connection, ProviderKind
from common.domain.connect.settings import ExportSettings
from common.domain.notify import NoticeKind
from common.flows.connect.health import Health, read_health
from tests.flows.setups.booking_setup import CUSTOMER
from tests.flows.setups.two_providers_setup import GOOGLE, Two
from tests.whole_lists import every

WRITES = {
    ProviderKind.GOOGLE: {"insert": "events.insert", "patch": "events.patch", "delete": "events.delete"},
    ProviderKind.MICROSOFT: {"insert": "events.create", "patch": "events.update", "delete": "events.delete"},
}
FORBIDDEN = {
    ProviderKind.GOOGLE: {"status": 403, "reason": "forbidden"},
    ProviderKind.MICROSOFT: {"status": 403, "reason": "ErrorAccessDenied"},
}
UNKNOWN = {"status": 400, "reason": "somethingNew"}


class Refusing(Two):
    """One connection, with the customer as guest whom the provider mails."""

    def __init__(self, kind: ProviderKind, **exports: Any) -> None:
        super().__init__(kind)
        self.kind = kind
        if exports:
            self.choose(**exports)

    @property
    def connection(self) -> Connection:
        return self.ports.connections.get("t1", self.connections[0].id)

    def choose(self, **exports: Any) -> None:
        """Other options of the exports, without the run that writes all bookings again."""
        current = self.connection
        settings = replace(
            current.settings, exports=ExportSettings(**exports), version=current.settings.version + 1
        )
        self.ports.connections.save(replace(current, settings=settings))

    def refuse(self, operation: str, *, times: int = 0, **answer: Any) -> None:
        """Have the provider refuse writes of one kind; for ever, if no number of times is given."""
        self.provider.add_fault("status", method=WRITES[self.kind][operation], times=times, **answer)

    def allow(self) -> None:
        """End all refusals."""
        self.provider.inspect.clear_faults()

    @property
    def provider(self) -> Any:
        return self.google if self.kind is GOOGLE else self.microsoft

    def pass_time(self, *, minutes: int = 0, hours: int = 0) -> None:
        """Let the queue and the scheduler work."""
        for _ in range(max(1, (hours * 60 + minutes) // 5)):
            self.advance(minutes=5)
            self.maintain()
        self.drain()

    def calls(self, operation: str) -> list[Any]:
        """The requests of one kind that the provider was sent."""
        method = WRITES[self.kind][operation]
        return [call for call in self.provider.admin.calls() if call["method"] == method]

    def own(self) -> list[Any]:
        """The events in the account's calendar."""
        home = self.connection.default_calendar
        found = self.provider.inspect.events(home.provider_id if home else "")
        return [event for event in found if event.get("status") != "cancelled"]

    def starts(self) -> list[str]:
        """When the events start, in UTC."""
        found = []
        for event in self.own():
            text = event["start"]["dateTime"]
            moment = datetime.fromisoformat(
                text if "+" in text or text.endswith("Z") else text[:19] + "+00:00"
            )
            found.append(f"{moment.astimezone(UTC):%H:%M}")
        return sorted(found)

    def mails(self) -> tuple[int, int]:
        """How many mails the customer got: from the provider, and from us."""
        ours = self.postbox.to(CUSTOMER.email or "")
        return len(self.provider.admin.mails()), len(ours)

    def notices(self) -> list[NoticeKind]:
        """The kinds of the notices to the owner."""
        return [notice.kind for notice in every(self.ports.lists.notices, "t1")]

    def health(self) -> Health:
        return read_health(self.ports, tenant="t1", connection=self.connection.id)

    def link(self) -> Any:
        return self.ports.bookings.link("t1", self.connection.id, self.booking)

    def letters(self) -> list[Any]:
        """The dead letters."""
        return list(every(self.ports.lists.dead_letters, "t1"))
