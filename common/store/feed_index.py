"""The index of a calendar's imported events: in which weeks each unit has some.

Spread over a few documents by the unit's id, so that no calendar outgrows one. A change rewrites its
document whole, which is safe for the same reason as with weeks: every commit demands the feed's version.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import chain
from typing import Any

from common.store.codec import unreadable
from common.store.columns import packed_texts, unpacked_texts
from common.store.documents import Delete, Documents, Put, Write

SHARDS = 16

Weeks = tuple[str, ...]
Shard = dict[str, Weeks]


class Index:
    """The index documents that know some units; what they know of others stays packed."""

    def __init__(self, documents: Documents, calendar: str, units: Iterable[str]) -> None:
        """Read them, in one exchange."""
        places = [f"{calendar}/index/{shard:02}" for shard in range(SHARDS)]
        self._place = {unit: places[zlib.crc32(unit.encode()) % SHARDS] for unit in units}
        self._weeks: dict[str, Weeks] = dict.fromkeys(self._place, ())
        paths = sorted(set(self._place.values()))
        self._stored = {shard.path: shard.data for shard in (documents.get(paths) if paths else ())}
        for stored in filter(None, self._stored.values()):
            known = read_index(stored)
            self._weeks.update((unit, known[unit]) for unit in known.keys() & self._place.keys())

    def weeks(self, unit: str) -> Weeks:
        """The weeks in which one of the units has events."""
        return self._weeks[unit]

    def all_weeks(self) -> set[str]:
        """The weeks in which any of them has."""
        return set(chain.from_iterable(self._weeks.values()))

    def writes(self, after: Mapping[str, Weeks]) -> Iterator[Write]:
        """What must be written so that these units are known to be in these weeks, one after the other."""
        changed: dict[str, Shard] = {}
        for unit, weeks in after.items():
            if weeks != self._weeks[unit]:
                changed.setdefault(self._place[unit], {})[unit] = weeks
        for path, shard in sorted(changed.items()):
            yield _write(path, {**read_index(self._stored[path]), **shard})


def _write(path: str, shard: Shard) -> Write:
    kept = {unit: weeks for unit, weeks in shard.items() if weeks}
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
        return {unit: _named(weeks) for unit, weeks in rows}
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise unreadable("index") from error


@lru_cache(maxsize=1024)
def _named(weeks: str) -> Weeks:
    """Most units are in one week, and most weeks have many units: they share the name."""
    return tuple(weeks.split(","))
