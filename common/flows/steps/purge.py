"""Brings what is stored of a calendar in line with what its connection allows to be stored."""

from __future__ import annotations

from dataclasses import replace
from itertools import groupby

from common.domain.account import Connection
from common.domain.choices import allowed
from common.domain.feed import Feed
from common.domain.imports import UnitChange
from common.domain.upkeep import imported
from common.errors import Conflict
from common.flows.steps.lease import freed
from common.ports import Ports

UNITS_A_COMMIT = 100
TRIES = 5


def withdraw(ports: Ports, connection: Connection, key: str) -> int:
    """Remove what the present settings do not allow of one calendar: all of it, or single texts and events.

    A synchronisation that is running at the moment loses its feed to this and starts again under the new
    settings. How many events were removed or shortened.

    Raises:
        Conflict: Others were faster every time.
    """
    for _ in range(TRIES):
        feed = ports.feeds.get(connection.tenant, connection.id, key)
        try:
            if key in imported(connection):
                return _redact(ports, connection, feed)
            return purge(ports, connection, feed)
        except Conflict:
            continue
    raise Conflict("this calendar is being synchronised", code="busy_calendar")


def purge(ports: Ports, connection: Connection, feed: Feed) -> int:
    """Remove all imported events of a calendar; how many there were."""
    if feed.version is not None:
        # Saved first: whoever is importing at the moment holds an older version from now on.
        feed = ports.feeds.save(replace(freed(feed), cursor=None, units=0, held=None))
    return ports.feeds.purge(feed, connection.resource)


def _redact(ports: Ports, connection: Connection, feed: Feed) -> int:
    if feed.version is None:
        return 0
    settings = connection.settings.imports
    # Everything that is stored is older than the next generation.
    stored = ports.feeds.stale(replace(feed, generation=feed.generation + 1))
    changes: list[UnitChange] = []
    changed = 0
    for unit, group in groupby(sorted(stored, key=lambda event: event.unit), key=lambda event: event.unit):
        events = tuple(group)
        left = tuple(kept for event in events if (kept := allowed(event, settings)) is not None)
        if left != events:
            changes.append(UnitChange(unit, left))
            changed += len(events) - len(set(left) & set(events))
    for at in range(0, len(changes), UNITS_A_COMMIT):
        some = changes[at : at + UNITS_A_COMMIT]
        feed = ports.feeds.commit(freed(feed), connection.resource, some)
    return changed
