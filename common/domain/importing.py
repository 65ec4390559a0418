"""Decides what is copied of a foreign event, what is asked of the provider, and which calendars are read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from common.domain.account import CalendarEntry, Connection
from common.domain.blocking import Effect, effect, offers
from common.domain.event import Detail, ExternalEvent
from common.domain.imports import ImportedEvent
from common.domain.interval import Interval
from common.domain.settings import ImportMode, ImportSettings, PrivateMode
from common.domain.windows import kept

# Raised when the same event would be copied differently: every calendar is then listed afresh.
MAPPING = 1


def detail(settings: ImportSettings) -> Detail:
    """What is asked of the provider: never a text that may not be kept."""
    return Detail.FULL if settings.mode is ImportMode.FULL else Detail.TIMES


def fields_version(settings: ImportSettings) -> str:
    """A name for what is asked and how it is copied; another name needs a new listing.

    Deltas report only what changed later, so without a listing old copies would keep the old rules:
    https://developers.google.com/workspace/calendar/api/guides/sync
    """
    chosen = hashlib.sha256(repr(settings).encode()).hexdigest()[:12]
    return f"{MAPPING}.{detail(settings)}.{chosen}"


def imported(
    event: ExternalEvent, settings: ImportSettings, *, generation: int, window: Interval
) -> ImportedEvent | None:
    """Our copy of a foreign event under the chosen modes; None where nothing may or need be kept.

    Texts of private events are kept only where both modes allow texts.
    """
    does = effect(event, settings.busy)
    span = None if does is Effect.IGNORED else event.span
    interval = kept(span, window) if span else None
    if interval is None:
        return None
    if event.private and settings.private is PrivateMode.NONE:
        return None
    texts = settings.mode is ImportMode.FULL and not (
        event.private and settings.private is not PrivateMode.FULL
    )
    return ImportedEvent(
        key=event.key,
        unit=event.unit,
        interval=interval,
        blocks=does is Effect.BLOCKS,
        free=offers(event, settings.busy),
        private=event.private,
        all_day=event.all_day is not None,
        generation=generation,
        title=event.title if texts else None,
        description=event.description if texts else None,
    )


@dataclass(frozen=True, slots=True)
class Wanted:
    """Why a calendar is read: its events are imported, our own events in it are followed, or both."""

    imports: bool
    own: bool

    @property
    def any(self) -> bool:
        """Whether it is read at all."""
        return self.imports or self.own


def export_target(connection: Connection) -> CalendarEntry | None:
    """The calendar that bookings are written to; None while there is none."""
    exports = connection.settings.exports
    if exports.dedicated:
        key = connection.dedicated_calendar
        return connection.calendars.get(key) if key else None
    if exports.target is not None:
        return connection.calendars.get(exports.target)
    return connection.default_calendar


def wanted(connection: Connection, key: str) -> Wanted:
    """What one calendar of a connection is read for, if at all."""
    settings, entry = connection.settings, connection.calendars.get(key)
    if entry is None or not connection.usable:
        return Wanted(imports=False, own=False)
    target = export_target(connection)
    return Wanted(
        imports=settings.imports.on and entry.enabled and key != connection.dedicated_calendar,
        own=settings.exports.on and target is not None and target.key == key,
    )
