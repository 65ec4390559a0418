"""The stored form of a week's events: one packed column a field.

A map an event costs twenty times the CPU, and so many values a document are what an import is paid for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from typing import Any

from common.domain.imports import ImportedEvent
from common.domain.interval import Interval
from common.store.codec import unreadable
from common.store.columns import packed_numbers, packed_texts, unpacked_numbers, unpacked_texts

# ``unit`` is stored only where it is not the key itself; texts only where the mode allowed any.
_STORED = (
    "key",
    "unit",
    "interval",
    "blocks",
    "free",
    "private",
    "all_day",
    "generation",
    "title",
    "description",
)
_BLOCKS, _FREE, _PRIVATE, _ALL_DAY = 1, 2, 4, 8
_FIXED_BYTES = 48

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

if tuple(item.name for item in fields(ImportedEvent)) != _STORED:
    raise TypeError("the stored form of imported events and their fields differ")


def weight(event: ImportedEvent) -> int:
    """The bytes that an event takes in a week's document, at most a few too many."""
    weight = _FIXED_BYTES + _length(event.key)
    if event.unit != event.key:
        weight += _length(event.unit)
    if event.title is not None or event.description is not None:
        weight += _length(event.title or "") + _length(event.description or "")
    return weight


def write_events(events: Sequence[ImportedEvent]) -> dict[str, Any]:
    """Events as columns; times in microseconds since 1970."""
    columns: dict[str, Any] = {
        "keys": packed_texts([event.key for event in events]),
        "starts": packed_numbers([(event.interval.start - _EPOCH) // _MICROSECOND for event in events]),
        "ends": packed_numbers([(event.interval.end - _EPOCH) // _MICROSECOND for event in events]),
        "flags": bytes(
            event.blocks * _BLOCKS + event.free * _FREE + event.private * _PRIVATE + event.all_day * _ALL_DAY
            for event in events
        ),
        "generations": packed_numbers([event.generation for event in events]),
    }
    rare = {
        "units": [None if event.unit == event.key else event.unit for event in events],
        "titles": [event.title for event in events],
        "descriptions": [event.description for event in events],
    }
    return columns | {
        name: packed_texts(column)
        for name, column in rare.items()
        if any(item is not None for item in column)
    }


def read_events(stored: Mapping[str, Any] | None) -> tuple[ImportedEvent, ...]:
    """The events of a week's document; a missing document has none.

    Raises:
        StoreUnavailable: It cannot be understood.
    """
    if not stored:
        return ()
    try:
        keys = unpacked_texts(stored["keys"])
        nothing = [None] * len(keys)
        rare = (
            unpacked_texts(stored[name]) if name in stored else nothing
            for name in ("units", "titles", "descriptions")
        )
        units, titles, descriptions = rare
        rows = zip(
            keys,
            units,
            unpacked_numbers(stored["starts"]),
            unpacked_numbers(stored["ends"]),
            stored["flags"],
            unpacked_numbers(stored["generations"]),
            titles,
            descriptions,
            strict=True,
        )
        return tuple(map(_event, rows))
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise unreadable("week") from error


def _event(row: tuple[Any, ...]) -> ImportedEvent:
    key, unit, start, end, flags, generation, title, description = row
    return ImportedEvent(
        key=key,
        unit=key if unit is None else unit,
        interval=Interval(_EPOCH + timedelta(microseconds=start), _EPOCH + timedelta(microseconds=end)),
        blocks=bool(flags & _BLOCKS),
        free=bool(flags & _FREE),
        private=bool(flags & _PRIVATE),
        all_day=bool(flags & _ALL_DAY),
        generation=generation,
        title=title,
        description=description,
    )


def _length(text: str) -> int:
    return 1 + (len(text) if text.isascii() else len(text.encode()))
