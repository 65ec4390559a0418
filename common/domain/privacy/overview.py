"""What an overview shows of foreign events: titles only where the person chose so, and times otherwise."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from common.domain.booking.booking import Booking
from common.domain.calendar.connection import AccessRole, CalendarEntry, Connection
from common.domain.calendar.event import Detail, ExternalEvent
from common.domain.calendar.interval import Interval, merge
from common.domain.catalogue.records import Absence
from common.domain.slots.blocking import Effect, effect
from common.domain.slots.slot_answers import CalendarReport
from common.domain.sync.import_privacy import may_show_texts
from common.domain.sync.imported_events import ImportedEvent

# In calendars of these roles the account itself sees what private events are about:
# https://developers.google.com/workspace/calendar/api/concepts/sharing
_SEES_PRIVATE = frozenset({AccessRole.WRITER, AccessRole.OWNER})


@dataclass(frozen=True, slots=True)
class Block:
    """A foreign event as it is at this moment; without a title where only its time may be shown.

    ``imported`` says that our copy of the same event is listed as well.
    """

    calendar: str
    start: datetime
    end: datetime
    busy: bool
    all_day: bool = False
    private: bool = False
    imported: bool = False
    title: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class CopiedEvent:
    """An imported event and the calendar that it was copied from."""

    calendar: str
    event: ImportedEvent


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything that a resource's day or week holds, and how far each calendar is known."""

    bookings: tuple[Booking, ...]
    absences: tuple[Absence, ...]
    imported: tuple[CopiedEvent, ...]
    external: tuple[Block, ...]
    calendars: tuple[CalendarReport, ...]
    as_of: datetime


def detail(connection: Connection) -> Detail:
    """What is asked of the provider: titles only while they may be shown."""
    return Detail.FULL if connection.settings.show_events else Detail.TIMES


def titled(
    events: Iterable[ExternalEvent],
    connection: Connection,
    entry: CalendarEntry,
    *,
    name: str,
    copied: Collection[str],
) -> tuple[Block, ...]:
    """Single events with their titles; ``copied`` are the keys of those that are imported."""
    settings = connection.settings.imports
    # The account has to see private texts itself, and the person has to want them shown.
    private_shown = entry.role in _SEES_PRIVATE and may_show_texts(settings, private=True)
    return tuple(
        Block(
            calendar=name,
            start=event.start,
            end=event.end,
            busy=effect(event, settings) is Effect.BLOCKS,
            all_day=event.all_day is not None,
            private=event.private,
            imported=event.key in copied,
            title=event.title if private_shown or not event.private else None,
        )
        for event in events
        if effect(event, settings) is not Effect.IGNORED
    )


def untitled(busy: Iterable[Interval], *, name: str) -> tuple[Block, ...]:
    """The taken times alone, merged, so that not even the number of events is shown."""
    return tuple(Block(name, span.start, span.end, busy=True) for span in merge(busy))
