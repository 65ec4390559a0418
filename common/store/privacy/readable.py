"""Turns stored documents into what people can read: packed columns become rows, seconds become times."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from common.domain.sync.imported_events import ImportedEvent
from common.store.catalogue import LENGTHS
from common.store.slots.agenda import readable_week
from common.store.sync.imported_weeks import read_events, read_index

_UNITS = ((3600, "H"), (60, "M"), (1, "S"))
_DAY = 86_400


def readable(path: str, stored: Mapping[str, Any]) -> Mapping[str, Any]:
    """A document's fields as an export shows them.

    Raises:
        StoreUnavailable: It cannot be understood.
    """
    match path.rsplit("/", 2)[-2]:
        case "weeks":
            return {"events": [_shown(event) for event in read_events(stored)]}
        case "index":
            return {"units": read_index(stored)}
        case "agenda":
            return readable_week(stored)
        case "services":
            return _timed(stored, LENGTHS)
        case "tenants" if "unreachable" in stored:
            return {**stored, "unreachable": _timed(stored["unreachable"], ("grace",))}
        case _:
            return stored


def _timed(stored: Mapping[str, Any], lengths: tuple[str, ...]) -> dict[str, Any]:
    return {key: _length(value) if key in lengths else value for key, value in stored.items()}


def _length(seconds: int) -> str:
    """A length of time as ISO 8601 and RFC 3339 (appendix A) write it: P90D, PT1H30M."""
    days, rest = divmod(seconds, _DAY)
    clock = ""
    for size, unit in _UNITS:
        count, rest = divmod(rest, size)
        clock += f"{count}{unit}" if count else ""
    day = f"{days}D" if days else ""
    return f"P{day}T{clock}" if clock else f"P{day or 'T0S'}"


def _shown(event: ImportedEvent) -> Mapping[str, Any]:
    return {
        "key": event.key,
        "unit": event.unit,
        "interval": event.interval,
        "blocks": event.blocks,
        "free": event.free,
        "private": event.private,
        "all_day": event.all_day,
        "generation": event.generation,
        "title": event.title,
        "description": event.description,
    }
