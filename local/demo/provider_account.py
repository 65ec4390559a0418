"""One simulated calendar account: what its owner does in it, and what the provider says that it holds."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from local.demo.checks import CheckFailed
from local.demo.simulator_client import SimulatorClient

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Entry:
    """An event that a person enters; ``weeks`` repeats it weekly at the same local time."""

    title: str
    start: datetime
    length: timedelta
    weeks: int = 1
    free: bool = False

    @property
    def end(self) -> datetime:
        """When it ends."""
        return self.start + self.length


class ProviderAccount(ABC):
    """One simulated account of a person, operated and inspected through the simulator's own API.

    Attributes:
        kind: The provider's name in Slotbridge's API.
        name: The provider's name for people.
        revocable: Whether the provider revokes a grant on request; if not, it is only deleted at Slotbridge.
    """

    kind: str
    name: str
    revocable: bool
    _subject: str
    """The provider's name for an event's title."""
    _accept: str
    """The value by which its consent page is accepted."""

    def __init__(self, simulator: SimulatorClient, *, account: str, zone: str) -> None:
        """``zone`` is the account's time zone, by a name that the provider knows."""
        self.account = account
        self._simulator = simulator
        self._zone = zone
        self._ids: dict[str, str] = {}

    @abstractmethod
    def create(self, calendars: Mapping[str, Sequence[Entry]]) -> None:
        """Create the account with these calendars; the first one is its default calendar."""

    def consent(self, address: str) -> str:
        """Accept everything on the consent page; returns the address to which the browser is sent."""
        return self._simulator.consent(address, account=self.account, decision=self._accept)

    def enter(self, calendar: str, entry: Entry) -> None:
        """Enter an event as the account's owner."""
        self._simulator.call("put_event", calendar=self._ids[calendar], event=self._body(entry))

    def remove(self, calendar: str, title: str) -> None:
        """Delete the one event of this title as the account's owner."""
        name = self._ids[calendar]
        events = self._simulator.read("events", calendar=name)
        (event,) = (found for found in events if found.get(self._subject) == title)
        self._simulator.call("delete_event", calendar=name, event_id=event["id"])

    def move_booking(self, booking: str, *, minutes: int) -> None:
        """Move the event of a booking to another time as the account's owner."""
        for name, event in self._booking_events():
            if self._booking(event) == booking:
                self._simulator.call("shift_event", calendar=name, event_id=event["id"], minutes=minutes)
                return
        raise CheckFailed(f"the booking to be moved is not in {self.name}'s calendar")

    def event_text(self, booking: str) -> tuple[str, str]:
        """The title of a booking's event, and the whole event as text; both empty if there is none."""
        events = (event for _, event in self._booking_events() if self._booking(event) == booking)
        return next(((str(event[self._subject]), str(event)) for event in events), ("", ""))

    def busy(self, calendar: str, start: datetime, end: datetime) -> tuple[Span, ...]:
        """The merged busy times of a calendar, as the provider computes them."""
        bounds = {"time_min": start.isoformat(), "time_max": end.isoformat()}
        found = self._simulator.read("busy", calendar=self._ids[calendar], **bounds)
        return tuple((self._instant(first), self._instant(last)) for first, last in found)

    def exported_bookings(self) -> Mapping[str, Span]:
        """The bookings that have an event in one of the calendars, with the event's time."""
        return {
            self._booking(event): (
                self._instant(event["start"]["dateTime"]),
                self._instant(event["end"]["dateTime"]),
            )
            for _, event in self._booking_events()
        }

    @abstractmethod
    def events(self, calendar: str) -> int:
        """The number of events in a calendar without those of bookings; a series counts once."""

    def mails(self) -> int:
        """The number of messages that the provider sent to guests."""
        return len(self._simulator.read("mails"))

    @abstractmethod
    def pushes(self, calendar: str) -> int:
        """The number of notifications of a calendar that were delivered and accepted so far."""

    @abstractmethod
    def channels(self) -> int:
        """The number of push channels that are live."""

    @abstractmethod
    def grants(self) -> int:
        """The number of valid refresh tokens."""

    @abstractmethod
    def count_answers(self, status: int) -> int:
        """The number of API calls that were answered with this status so far."""

    @abstractmethod
    def expire_sync_tokens(self) -> None:
        """Let every sync token be refused as too old."""

    @abstractmethod
    def throttle(self) -> None:
        """Refuse the next two writes for usage limits, the first with Retry-After and the second without."""

    @abstractmethod
    def refuse_writes(self) -> None:
        """Answer every new event with a server error from now on."""

    def lose_pushes(self) -> None:
        """Deliver no notification from now on."""
        self._simulator.call("hold_pushes")

    def _booking_events(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for name in self._ids.values():
            for event in self._simulator.read("events", calendar=name):
                if event.get("status") != "cancelled" and self._booking(event):
                    yield name, event

    @abstractmethod
    def _body(self, entry: Entry) -> dict[str, Any]:
        """The entry in the provider's format."""

    @staticmethod
    @abstractmethod
    def _booking(event: Mapping[str, Any]) -> str:
        """The id of the booking that Slotbridge wrote into an event, empty for other events."""

    @staticmethod
    @abstractmethod
    def _instant(text: str) -> datetime:
        """A time in the provider's format, in UTC."""
