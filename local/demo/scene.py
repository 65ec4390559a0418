"""What the chapters of the story share: people at their browsers, the provider's side, and what is known."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from local.demo.calendars import Calendars, Span
from local.demo.checks import same_members
from local.demo.front_end import FrontEnd
from local.demo.plan import SERVICE, TENANT, ZONE, Plan
from local.demo.terminal import Terminal


@dataclass(slots=True)
class Scene:
    """The story so far."""

    show: Terminal
    plan: Plan
    base: str
    owner: FrontEnd
    customer: FrontEnd
    side: Calendars
    connection: str = ""
    keys: dict[str, str] = field(default_factory=dict)
    bookings: dict[str, Span] = field(default_factory=dict)
    """Every booking that should be in the provider's calendar, by id; scenes of one person share them."""

    @property
    def who(self) -> str:
        """Whose appointments they are."""
        return self.plan.person.name

    @property
    def path(self) -> str:
        """The connection's address."""
        return f"/connections/{self.connection}"

    def slots(self, day: datetime) -> list[str]:
        """The times that a customer is offered on a day, as ``09:30``."""
        return [slot["start"][11:16] for slot in self.offered(day, SERVICE)]

    def offered(self, day: datetime, service: str) -> list[dict[str, Any]]:
        """What a customer is offered of a service on a day.

        Identical questions of one hour share an answer for three seconds; the story's customers are patient.
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
        """The copies that Slotbridge keeps of a calendar's events."""
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
        """The time that the copies block, merged."""
        return merged(span_of(event) for event in self.imported(calendar) if event["blocks"])

    def copies_are_true(self) -> bool:
        """Insist that the copies block exactly the time that the provider itself calls busy.

        In the calendar that holds the bookings, their events are busy as well, and no copies. Always True.
        """
        start, end = self.plan.window
        for calendar in self.keys:
            ours = self.bookings.values() if calendar == self.plan.own else ()
            same_members(
                f"what is copied of {calendar} is what {self.side.name} says",
                expected=self.side.busy(calendar, start, end),
                actual=merged([*self.blocked(calendar), *ours]),
            )
        return True

    def bookings_are_there(self) -> None:
        """Insist that the provider's calendar shows every booking once, at its time, and no other."""
        same_members(
            f"the bookings in {self.side.name}'s calendar",
            expected=self.bookings.items(),
            actual=self.side.appointments().items(),
        )

    def agrees(self) -> bool:
        """The same while it is waited for. Always True."""
        self.bookings_are_there()
        return True


def span_of(view: dict[str, Any]) -> Span:
    """The time of a booking or an event as the API shows it, in UTC."""
    start, end = (datetime.fromisoformat(view[name]).astimezone(UTC) for name in ("start", "end"))
    return start, end


def merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Sorted, touching and overlapping ones joined."""
    joined: list[Span] = []
    for start, end in sorted(spans):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return tuple(joined)
