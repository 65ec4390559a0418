"""The stored form of a week's events: one packed column a field.

A map an event costs twenty times the CPU, and so many values a document are what an import is paid for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import lt
from typing import Any

from common.domain.imports import ImportedEvent
from common.store.codec import unreadable
from common.store.columns import packed_numbers, packed_texts, unpacked_numbers, unpacked_texts

# ``units`` is stored only where some are not the key itself; texts only where the mode allowed any.
_STORED = ("start_us", "end_us", "key", "unit", "marks", "generation", "title", "description")
# The first and the last microsecond that a datetime can tell.
_FIRST, _LAST = -62_135_596_800_000_000, 253_402_300_799_999_999

if ImportedEvent._fields != _STORED:
    raise TypeError("the stored form of imported events and their fields differ")


def write_events(events: Sequence[ImportedEvent]) -> dict[str, Any]:
    """Events as columns."""
    # No events have their columns as well.
    rows = zip(*events, strict=True) if events else ((),) * len(_STORED)
    starts, ends, keys, units, marks, generations, titles, descriptions = rows
    columns: dict[str, Any] = {
        "keys": packed_texts(keys),
        "starts": packed_numbers(starts),
        "ends": packed_numbers(ends),
        "flags": bytes(marks),
        "generations": packed_numbers(generations),
    }
    if units != keys:
        other = [None if unit == key else unit for unit, key in zip(units, keys, strict=True)]
        columns["units"] = packed_texts(other)
    texts = {"titles": titles, "descriptions": descriptions}
    return columns | {name: packed_texts(column) for name, column in texts.items() if any_kept(column)}


def any_kept(column: Sequence[str | None]) -> bool:
    """Whether a column holds any text at all."""
    return column.count(None) < len(column)


def read_events(stored: Mapping[str, Any] | None) -> tuple[ImportedEvent, ...]:
    """The events of a week's document; a missing document has none.

    Raises:
        StoreUnavailable: It cannot be understood.
    """
    if not stored:
        return ()
    try:
        keys = unpacked_texts(stored["keys"])
        starts, ends = unpacked_numbers(stored["starts"]), unpacked_numbers(stored["ends"])
        nothing = [None] * len(keys)
        titles, descriptions = (
            unpacked_texts(stored[name]) if name in stored else nothing for name in ("titles", "descriptions")
        )
        units = keys
        if "units" in stored:
            rows = zip(keys, unpacked_texts(stored["units"]), strict=True)
            units = [key if unit is None else unit for key, unit in rows]
        generations = unpacked_numbers(stored["generations"])
        columns = starts, ends, keys, units, stored["flags"], generations, titles, descriptions
        events = tuple(map(ImportedEvent._make, zip(*columns, strict=True)))
    except (KeyError, TypeError, ValueError) as error:
        raise unreadable("week") from error
    if events and not (all(map(lt, starts, ends)) and min(starts) >= _FIRST and max(ends) <= _LAST):
        raise unreadable("week")
    return events
