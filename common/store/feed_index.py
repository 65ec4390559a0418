"""The index of a calendar's imported events: in which weeks each unit has some.

Spread over a few documents by the unit's id, so that no calendar outgrows one. A change rewrites its
document whole, which is safe for the same reason as with weeks: every commit demands the feed's version.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

from common.store.codec import unreadable
from common.store.columns import packed_texts, unpacked_texts
from common.store.documents import Delete, Documents, Put, Write

SHARDS = 16

Weeks = tuple[str, ...]
Shard = dict[str, Weeks]


class Index:
    """The index documents that know some units."""

    def __init__(self, documents: Documents, calendar: str, units: Iterable[str]) -> None:
        """Read them, in one exchange."""
        places = [f"{calendar}/index/{shard:02}" for shard in range(SHARDS)]
        self._place = {unit: places[zlib.crc32(unit.encode()) % SHARDS] for unit in units}
        paths = sorted(set(self._place.values()))
        found = documents.get(paths) if paths else ()
        self._shards = {shard.path: read_index(shard.data) for shard in found}
        self._weeks = {unit: self._shards[place].get(unit, ()) for unit, place in self._place.items()}

    def weeks(self, unit: str) -> Weeks:
        """The weeks in which one of the units has events."""
        return self._weeks[unit]

    def all_weeks(self) -> set[str]:
        """The weeks in which any of them has."""
        return set(chain.from_iterable(self._weeks.values()))

    def writes(self, after: Mapping[str, Weeks]) -> list[Write]:
        """What must be written so that these units are known to be in these weeks."""
        changed: dict[str, Shard] = {}
        for unit, weeks in after.items():
            if weeks != self._weeks[unit]:
                path = self._place[unit]
                if path not in changed:
                    changed[path] = dict(self._shards[path])
                changed[path][unit] = weeks
        return [_write(path, shard) for path, shard in sorted(changed.items())]


def _write(path: str, shard: Shard) -> Write:
    kept = {unit: weeks for unit, weeks in sorted(shard.items()) if weeks}
    if not kept:
        return Delete(path)
    return Put(
        path, {"units": packed_texts(list(kept)), "weeks": packed_texts([*map(",".join, kept.values())])}
    )


def read_index(stored: Mapping[str, Any] | None) -> Shard:
    """The weeks of each unit in one document of the index; a missing document has none.

    Raises:
        StoreUnavailable: It cannot be understood.
    """
    if not stored:
        return {}
    try:
        rows = zip(unpacked_texts(stored["units"]), unpacked_texts(stored["weeks"]), strict=True)
        return {unit: tuple(weeks.split(",")) for unit, weeks in rows}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise unreadable("index") from error
