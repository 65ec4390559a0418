"""What the story needs of a provider's own side: what people do there, and what really is there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that a person enters; ``weeks`` repeats it weekly at the same time on the wall."""

    title: str
    start: datetime
    length: timedelta
    weeks: int = 1
    free: bool = False

    @property
    def end(self) -> datetime:
        """When it ends."""
        return self.start + self.length


class Calendars(Protocol):
    """One provider account and its calendars, seen from the provider's side."""

    kind: str
    name: str
    account: str
    revocable: bool
    """Whether the provider takes a grant back; otherwise it can only be forgotten here."""

    def open(self, calendars: Mapping[str, Sequence[Entry]]) -> None:
        """Create the account with these calendars; the first one is its default calendar."""

    def consent(self, address: str) -> str:
        """Open the consent page, choose the account, tick everything, submit; where the browser goes then."""

    def enter(self, calendar: str, entry: Entry) -> None:
        """The owner enters an event."""

    def remove(self, calendar: str, title: str) -> None:
        """The owner deletes the one event of this title."""

    def move_appointment(self, booking: str, *, minutes: int) -> None:
        """The owner drags the event of a booking to another time."""

    def told(self, booking: str) -> tuple[str, str]:
        """What the event of a booking is called, and all that it says; empty where there is none."""

    def busy(self, calendar: str, start: datetime, end: datetime) -> tuple[Span, ...]:
        """The provider's own answer to what is busy, merged."""

    def appointments(self) -> Mapping[str, Span]:
        """The events that mirror bookings, in all calendars: booking to time."""

    def events(self, calendar: str) -> int:
        """How many events a calendar holds, series counted once, mirrored bookings not counted."""

    def mails(self) -> int:
        """How many messages the provider sent to guests."""

    def pushes(self, calendar: str) -> int:
        """How many notifications of a calendar were delivered and accepted so far."""

    def forget_cursors(self) -> None:
        """Let every sync token be too old."""

    def refusals(self, status: int) -> int:
        """How many calls were answered with this status so far."""

    def throttle(self) -> None:
        """Refuse the next two writes for usage limits, first with and then without Retry-After."""

    def lose_pushes(self) -> None:
        """Deliver no notification any more."""

    def refuse_writes(self) -> None:
        """Answer every new event with a server error."""

    def channels(self) -> int:
        """How many push channels live."""

    def grants(self) -> int:
        """How many refresh tokens live."""
