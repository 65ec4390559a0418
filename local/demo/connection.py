"""One calendar connection of the demonstration: the clients to use it, and checks of its state."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from local.demo.checks import check_same_members
from local.demo.front_end import FrontEnd
from local.demo.plan import SERVICE, TENANT, ZONE, Plan
from local.demo.provider_account import ProviderAccount, Span
from local.demo.terminal import Terminal


@dataclass(slots=True)
class DemoConnection:
    """A person's connection to one provider account, and what is known about it so far."""

    terminal: Terminal
    plan: Plan
    base: str
    owner: FrontEnd
    customer: FrontEnd
    provider: ProviderAccount
    id: str = ""
    keys: dict[str, str] = field(default_factory=dict)
    bookings: dict[str, Span] = field(default_factory=dict)
    """The bookings that the provider's calendar should hold, by id; connections of one person share them."""

    @property
    def person_name(self) -> str:
        """The name of the person whose calendar it is."""
        return self.plan.person.name

    @property
    def path(self) -> str:
        """The path of the connection in the API."""
        return f"/connections/{self.id}"

    def slots(self, day: datetime) -> list[str]:
        """The times that a customer is offered on a day, as ``09:30``."""
        return [slot["start"][11:16] for slot in self.offered(day, SERVICE)]

    def offered(self, day: datetime, service: str) -> list[dict[str, Any]]:
        """The slots of a service that a customer is offered on a day.

        Identical questions share an answer for some seconds, so a change may be seen a little later.
        """
        start = day.replace(hour=0, minute=0)
        found = self.customer.get(
            "/slots",
            tenant=TENANT,
            service=service,
            resource=self.plan.person.id,
            from_=start.isoformat(),
            to=(start + timedelta(days=1)).isoformat(),
            tz=ZONE,
        )
        return list(found["slots"])

    def imported(self, calendar: str) -> list[dict[str, Any]]:
        """The imported events of a calendar, from Slotbridge's API."""
        start, end = self.plan.window
        query = {
            "calendar": self.keys[calendar],
            "from_": start.isoformat(),
            "to": end.isoformat(),
            "tz": ZONE,
            "limit": "200",
        }
        found = self.owner.get(f"{self.path}/events", **query)
        events = list(found["events"])
        while found["next_page_token"]:
            found = self.owner.get(f"{self.path}/events", **query, page_token=found["next_page_token"])
            events += found["events"]
        return events

    def blocked(self, calendar: str) -> tuple[Span, ...]:
        """The merged times that the imported events block."""
        return merged(span_of(event) for event in self.imported(calendar) if event["blocks"])

    def check_copies(self) -> bool:
        """Check that the imported events block exactly the time that the provider itself calls busy.

        In the calendar that holds the bookings, the bookings' events are busy too, and are not imported.

        Returns:
            Always True, so that it can be passed to ``wait_until``.

        Raises:
            CheckFailed: The times differ.
        """
        start, end = self.plan.window
        for calendar in self.keys:
            ours = self.bookings.values() if calendar == self.plan.own else ()
            check_same_members(
                f"what is copied of {calendar} is what {self.provider.name} says",
                expected=self.provider.busy(calendar, start, end),
                actual=merged([*self.blocked(calendar), *ours]),
            )
        return True

    def check_exported_bookings(self) -> bool:
        """Check that the provider's calendar shows every booking once, at its time, and no other.

        Returns:
            Always True, so that it can be passed to ``wait_until``.

        Raises:
            CheckFailed: The bookings differ.
        """
        check_same_members(
            f"the bookings in {self.provider.name}'s calendar",
            expected=self.bookings.items(),
            actual=self.provider.exported_bookings().items(),
        )
        return True


def span_of(view: dict[str, Any]) -> Span:
    """The time of a booking or an event as the API shows it, in UTC."""
    start, end = (datetime.fromisoformat(view[name]).astimezone(UTC) for name in ("start", "end"))
    return start, end


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The spans in order, with touching and overlapping ones joined."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return tuple(joined)
