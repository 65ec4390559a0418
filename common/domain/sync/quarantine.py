"""Which items of a calendar are listed because they could not be read as they should be."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from common.domain.calendar.sync_state import Quarantined

# A calendar of which nothing can be read must not outgrow its document.
MOST_LISTED = 300


def quarantine_after_page(
    listed: Sequence[Quarantined], *, read: Collection[str], found: Iterable[Quarantined]
) -> tuple[Quarantined, ...]:
    """The list after a page: what was read well or is gone is forgotten, what is flawed is there once.

    Args:
        listed: What was listed before.
        read: The ids of all single events and series whose state the page told.
        found: Those that are flawed.

    Whoever is listed already keeps its time, and that its owner was notified. Beyond 300 none is added.
    """
    before = {item.id: item for item in listed}
    after = {name: item for name, item in before.items() if name not in read}
    for item in found:
        known = before.get(item.id)
        after[item.id] = replace(item, at=known.at, told=known.told) if known else item
    return tuple(sorted(after.values(), key=lambda item: (item.at, item.id))[:MOST_LISTED])


def quarantine_after_listing(listed: Sequence[Quarantined], *, generation: int) -> tuple[Quarantined, ...]:
    """The list after a full listing: what the listing of this generation did not show is forgotten."""
    return tuple(item for item in listed if item.generation >= generation)
