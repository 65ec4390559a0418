"""What both simulated providers' sides of the story have in common: an owner, calendars and a back door."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from local.demo.back_door import BackDoor
from local.demo.calendars import Entry, Span
from local.demo.checks import Unmet


class Side(ABC):
    """One simulated account; ``_subject`` is the provider's word for a title, ``_accept`` for a consent."""

    name: str
    _subject: str
    _accept: str

    def __init__(self, door: BackDoor, *, account: str, zone: str) -> None:
        """Talk to the simulator through its back door; ``zone`` is a name that the provider knows."""
        self.account = account
        self._door = door
        self._zone = zone
        self._ids: dict[str, str] = {}

    def consent(self, address: str) -> str:
        """Open the consent page, choose the account, accept everything; where the browser goes then."""
        return self._door.consent(address, account=self.account, decision=self._accept)

    def enter(self, calendar: str, entry: Entry) -> None:
        """The owner enters an event."""
        self._door.do("put_event", calendar=self._ids[calendar], event=self._body(entry))

    def remove(self, calendar: str, title: str) -> None:
        """The owner deletes the one event of this title."""
        name = self._ids[calendar]
        (event,) = (
            found for found in self._door.see("events", calendar=name) if found.get(self._subject) == title
        )
        self._door.do("delete_event", calendar=name, event_id=event["id"])

    def move_appointment(self, booking: str, *, minutes: int) -> None:
        """The owner drags the event of a booking to another time."""
        for name, event in self._mirrored():
            if self._booking(event) == booking:
                self._door.do("shift_event", calendar=name, event_id=event["id"], minutes=minutes)
                return
        raise Unmet(f"the booking to be moved is not in {self.name}'s calendar")

    def told(self, booking: str) -> tuple[str, str]:
        """What the event of a booking is called, and all that it says; empty where there is none."""
        events = (event for _, event in self._mirrored() if self._booking(event) == booking)
        return next(((str(event[self._subject]), str(event)) for event in events), ("", ""))

    def busy(self, calendar: str, start: datetime, end: datetime) -> tuple[Span, ...]:
        """The provider's own answer to what is busy, merged."""
        bounds = {"time_min": start.isoformat(), "time_max": end.isoformat()}
        found = self._door.see("busy", calendar=self._ids[calendar], **bounds)
        return tuple((self._instant(first), self._instant(last)) for first, last in found)

    def appointments(self) -> Mapping[str, Span]:
        """The events that mirror bookings, in all calendars: booking to time."""
        return {
            self._booking(event): (
                self._instant(event["start"]["dateTime"]),
                self._instant(event["end"]["dateTime"]),
            )
            for _, event in self._mirrored()
        }

    def mails(self) -> int:
        """How many messages the provider sent to guests."""
        return len(self._door.see("mails"))

    def lose_pushes(self) -> None:
        """Deliver no notification any more."""
        self._door.do("hold_pushes")

    def _mirrored(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for name in self._ids.values():
            for event in self._door.see("events", calendar=name):
                if event.get("status") != "cancelled" and self._booking(event):
                    yield name, event

    @abstractmethod
    def _body(self, entry: Entry) -> dict[str, Any]:
        """The entry as the provider writes an event."""

    @staticmethod
    @abstractmethod
    def _booking(event: Mapping[str, Any]) -> str:
        """The booking that an event mirrors, from the marker that Slotbridge writes."""

    @staticmethod
    @abstractmethod
    def _instant(text: str) -> datetime:
        """An instant as the provider writes it."""
