"""Decides what is copied of a foreign event, what is asked of the provider, and which calendars are read."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import timedelta

from common.domain.account import CalendarEntry, Connection
from common.domain.blocking import Effect, effect, offers
from common.domain.event import LOOK, Detail, ExternalEvent
from common.domain.imports import ALL_DAY, BLOCKS, FREE, PRIVATE, ImportedEvent, microseconds
from common.domain.interval import Interval
from common.domain.settings import ImportMode, ImportSettings, PrivateMode
from common.domain.windows import LONGEST, kept

# What is kept of texts: a week's events share a document.
LONGEST_TITLE = 300
LONGEST_DESCRIPTION = 1_500

_LONGEST = LONGEST // timedelta(microseconds=1)

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


@dataclass(frozen=True, slots=True)
class Rule:
    """What becomes of all events that look alike: which marks they get, and whether their texts are kept."""

    marks: int
    texts: bool


_UNSEEN = Rule(0, texts=False)


@dataclass(frozen=True, slots=True)
class Copier:
    """Makes our copies of foreign events, under the settings and in the window of one page."""

    settings: ImportSettings
    generation: int
    window: Interval
    _bounds: tuple[int, int] = field(init=False, repr=False, compare=False)
    _rules: dict[object, Rule | None] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        bounds = microseconds(self.window.start), microseconds(self.window.end)
        object.__setattr__(self, "_bounds", bounds)

    def copy(self, event: ExternalEvent) -> ImportedEvent | None:
        """Our copy of an event; None where nothing may or need be kept of it."""
        look, start, end = event[LOOK], microseconds(event.start), microseconds(event.end)
        if start == end:
            # It takes no time, whatever it looks like.
            return None
        rule = self._rules.get(look, _UNSEEN)
        if rule is _UNSEEN:
            rule = self._rules[look] = self._rule(event)
        if rule is None:
            return None
        first, last = self._bounds
        if end - start > _LONGEST or start < first or end > last:
            stretch = kept(Interval(event.start, event.end), self.window)
            if stretch is None:
                return None
            start, end = microseconds(stretch.start), microseconds(stretch.end)
        marks = rule.marks | ALL_DAY if event.all_day else rule.marks
        key, unit = (event.key, event.unit) if event.series_id else (event.id, event.id)
        if not rule.texts:
            return ImportedEvent(start, end, key, unit, marks, self.generation)
        title = event.title and event.title[:LONGEST_TITLE]
        words = event.description and event.description[:LONGEST_DESCRIPTION]
        return ImportedEvent(start, end, key, unit, marks, self.generation, title, words)

    def _rule(self, event: ExternalEvent) -> Rule | None:
        """Texts of private events are kept only where both modes allow texts."""
        settings = self.settings
        does = effect(event, settings.busy)
        if does is Effect.IGNORED or (event.private and settings.private is PrivateMode.NONE):
            return None
        hidden = event.private and settings.private is not PrivateMode.FULL
        return Rule(
            marks=(BLOCKS if does is Effect.BLOCKS else 0)
            | (FREE if offers(event, settings.busy) else 0)
            | (PRIVATE if event.private else 0),
            texts=settings.mode is ImportMode.FULL and not hidden,
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
