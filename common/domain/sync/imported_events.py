"""Imported events: our copy of what the import mode allows, kept by week."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from common.domain.calendar.event import LOOK, ExternalEvent
from common.domain.calendar.interval import Interval
from common.domain.connect.settings import ImportSettings
from common.domain.slots.blocking import Effect, effect, offers_free_time
from common.domain.sync.import_privacy import may_keep_texts, requested_detail
from common.domain.sync.windows import LONGEST, kept

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
# What is true of an imported event: it takes bookable time, it was marked free (option C3), its owner hides
# it from others, it has dates instead of times.
BLOCKS, FREE, PRIVATE, ALL_DAY = 1, 2, 4, 8


class ImportedEvent(NamedTuple):
    """One imported event or occurrence: a row of its week's columns.

    A calendar has thousands of them, and each is compared, sorted and stored far more often than it is
    looked at. So it is a tuple in the order of time, with its times as numbers.

    Attributes:
        start_us: Its start in microseconds since 1970.
        end_us: Its end, likewise; always later.
        key: Its identity in the calendar.
        unit: The series or single event that it belongs to.
        marks: What is true of it, as bits of one number.
        generation: The full listing that last saw it.
        title: Only where the mode allows it.
        description: Likewise.
    """

    start_us: int
    end_us: int
    key: str
    unit: str
    marks: int
    generation: int
    title: str | None = None
    description: str | None = None

    @property
    def interval(self) -> Interval:
        """The time it takes."""
        return Interval(instant(self.start_us), instant(self.end_us))

    @property
    def blocks(self) -> bool:
        """Whether it takes bookable time."""
        return bool(self.marks & BLOCKS)

    @property
    def free(self) -> bool:
        """Whether it offers bookable time."""
        return bool(self.marks & FREE)

    @property
    def private(self) -> bool:
        """Whether its owner hides it from others."""
        return bool(self.marks & PRIVATE)

    @property
    def all_day(self) -> bool:
        """Whether it has dates instead of times."""
        return bool(self.marks & ALL_DAY)

    def __repr__(self) -> str:
        """Without its texts, which are nobody's who reads a log."""
        return f"ImportedEvent({self.interval}, {self.key!r}, {self.unit!r}, {self.marks})"


# A unit and its events from now on.
UnitEvents = tuple[str, tuple[ImportedEvent, ...]]


class UnitChange(NamedTuple):
    """What a unit looks like from now on; no events means that it is gone."""

    unit: str
    events: tuple[ImportedEvent, ...]


def microseconds(moment: datetime) -> int:
    """An instant as a number: microseconds since 1970."""
    return (moment - _EPOCH) // _MICROSECOND


def instant(number: int) -> datetime:
    """The instant again.

    Raises:
        OverflowError: No calendar reaches so far.
    """
    return _EPOCH + timedelta(microseconds=number)


# What is kept of texts: a week's events share a document.
LONGEST_TITLE = 300
LONGEST_DESCRIPTION = 1_500
_LONGEST = LONGEST // timedelta(microseconds=1)
# Raised when the same event would be copied differently: every calendar is then listed afresh.
MAPPING = 2


def fields_version(settings: ImportSettings) -> str:
    """A name for what is asked and how it is copied; another name needs a new listing.

    Deltas report only what changed later, so without a listing old copies would keep the old rules:
    https://developers.google.com/workspace/calendar/api/guides/sync
    """
    chosen = hashlib.sha256(repr(settings).encode()).hexdigest()[:12]
    return f"{MAPPING}.{requested_detail(settings)}.{chosen}"


@dataclass(frozen=True, slots=True)
class CopyRule:
    """What becomes of all events that look alike: which marks they get, and whether their texts are kept."""

    marks: int
    texts: bool


_UNSEEN = CopyRule(0, texts=False)


@dataclass(frozen=True, slots=True)
class EventCopier:
    """Makes our copies of foreign events, under the settings and in the window of one page.

    A calendar of which only taken times may be seen (``blind``) cannot tell private events, and a live
    question hears of no free ones: so there are no private and no free ones in its copy either.
    """

    settings: ImportSettings
    generation: int
    window: Interval
    blind: bool = False
    _bounds: tuple[int, int] = field(init=False, repr=False, compare=False)
    _rules: dict[object, CopyRule | None] = field(default_factory=dict, init=False, repr=False, compare=False)

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

    def _rule(self, event: ExternalEvent) -> CopyRule | None:
        """What is done with all events that look like this one; None where nothing of them is stored."""
        settings = self.settings
        if self.blind:
            event = event._replace(private=False)
        does = effect(event, settings)
        if does is Effect.IGNORED:
            return None
        return CopyRule(
            marks=(BLOCKS if does is Effect.BLOCKS else 0)
            | (FREE if offers_free_time(event, settings) and not self.blind else 0)
            | (PRIVATE if event.private else 0),
            texts=may_keep_texts(settings, private=event.private),
        )
