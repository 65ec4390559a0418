"""What a provider's contract suite needs beside the adapter: a back door to the simulated provider."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from common.domain.calendar.connection import CalendarRef
from common.domain.calendar.event import Change, Detail
from common.domain.calendar.interval import Interval
from common.domain.calendar.sync_state import ChangePage, Channel, Cursor
from common.ports.provider import CalendarProvider

NOW = datetime(2026, 10, 5, 8, 0, tzinfo=UTC)
ZONE = "Europe/Zurich"
WINDOW = Interval(NOW - timedelta(days=7), NOW + timedelta(days=180))
MANY = 100


class Trouble(StrEnum):
    """What may happen to any exchange without being a refusal."""

    FAILING = "failing"
    DROPPED = "dropped"
    CUT = "cut"
    MARKUP = "markup"


@dataclass(frozen=True, slots=True)
class Stored:
    """An event as the provider holds it."""

    title: str
    description: str
    start: datetime
    end: datetime
    attendees: tuple[tuple[str, str], ...]
    reminder: int | None


class ProviderWorld(Protocol):
    """A simulated provider with one connected account; everything but ``provider`` bypasses the adapter.

    ``blind`` is a calendar whose times alone are shared with us, None where there is no such thing.
    """

    provider: CalendarProvider
    token: str
    calendar: CalendarRef
    blind: CalendarRef | None

    def enter(self, start: datetime, end: datetime, *, title: str = "", private: bool = False) -> str:
        """The owner enters an event; its id."""

    def enter_days(self, first: date, end: date) -> str:
        """The owner enters an all-day event."""

    def enter_weekly(self, start: datetime, length: timedelta, *, count: int) -> str:
        """The owner enters a series in ZONE; its id."""

    def enter_elsewhere(self, start: datetime, end: datetime) -> None:
        """Somebody enters an event in the calendar whose times alone are shared with us."""

    def cancel_occurrence(self, series: str, original: datetime) -> None:
        """The owner deletes one occurrence."""

    def move_occurrence(self, series: str, original: datetime, by: timedelta) -> None:
        """The owner drags one occurrence."""

    def move(self, event_id: str, by: timedelta) -> None:
        """The owner drags an event."""

    def delete(self, event_id: str) -> None:
        """The owner deletes an event."""

    def fill(self, count: int) -> frozenset[str]:
        """Many events of an hour each from NOW on; their ids."""

    def expire_cursors(self) -> None:
        """Every token of a feed is too old."""

    def lose_calendar(self) -> None:
        """The calendar is deleted."""

    def trouble(self, kind: Trouble) -> None:
        """What happens to the next exchange."""

    def lose_answer(self) -> None:
        """The next write takes effect, and its answer is lost."""

    def taken(self, window: Interval) -> tuple[Interval, ...]:
        """The provider's own truth of the calendar's taken times, merged."""

    def ids(self) -> Sequence[str]:
        """Every living event."""

    def stored(self, event_id: str) -> Stored | None:
        """A living event."""

    def requests(self) -> str:
        """Everything that was sent to the provider so far."""

    def mails(self) -> int:
        """How many messages the provider has sent."""

    def copy(self, event_id: str) -> str:
        """The owner copies an event with everything that a copy keeps; the copy's id."""

    def live_channels(self) -> frozenset[str]:
        """The open push channels, by the names that the provider knows them under."""

    def named(self, channel: Channel) -> str:
        """The name that the provider knows a channel under."""


@dataclass(slots=True)
class Read:
    """A feed read to its end."""

    pages: list[ChangePage] = field(default_factory=list)

    @property
    def changes(self) -> tuple[Change, ...]:
        """All changes in order."""
        return tuple(change for page in self.pages for change in page.changes)

    @property
    def cursor(self) -> Cursor:
        """Where the feed goes on."""
        return self.pages[-1].next


def read(world: ProviderWorld, cursor: Cursor | None = None, *, detail: Detail = Detail.FULL) -> Read:
    """Follow a feed to its last page."""
    done, position = Read(), cursor or Cursor.start(WINDOW)
    while len(done.pages) < MANY:
        page = world.provider.changes(world.token, world.calendar, position, detail=detail)
        done.pages.append(page)
        position = page.next
        if page.last:
            return done
    raise AssertionError("the feed never ends")
