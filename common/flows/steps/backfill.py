"""Reads the bookings that a first synchronisation exports, in its order and from where it stands."""

from __future__ import annotations

from datetime import datetime

from common.domain.account import Connection
from common.domain.backfill import behind, invited, position
from common.domain.booking import Booking
from common.domain.windows import export_start
from common.ports import Ports

PAGE = 200


def next_bookings(
    ports: Ports, connection: Connection, *, since: datetime, after: str | None, limit: int
) -> tuple[Booking, ...]:
    """Up to ``limit`` active bookings of the export window, in order of (start, id), behind ``after``.

    Args:
        ports: The outside.
        connection: Whose resource's bookings.
        since: When the run started; the window hangs on it, so that it does not move under the run.
        after: The run's position.
        limit: How many.
    """
    bound = export_start(since)
    reached = position(after) if after else None
    start = max(bound, reached[0]) if reached else bound
    asked = limit
    while True:
        # Found by time and not by the last booking's document: that booking may have moved meanwhile.
        found = ports.bookings.starting_from(
            connection.tenant, connection.resource, start, after=None, limit=asked
        )
        left = behind(found, reached)
        if len(left) >= limit or len(found) < asked:
            return left[:limit]
        asked *= 2


def all_bookings(ports: Ports, connection: Connection, *, since: datetime) -> tuple[Booking, ...]:
    """All active bookings of the export window."""
    found: list[Booking] = []
    after: str | None = None
    while True:
        page = ports.bookings.starting_from(
            connection.tenant, connection.resource, export_start(since), after=after, limit=PAGE
        )
        found += page
        if len(page) < PAGE:
            return tuple(found)
        after = page[-1].id


def unlinked(ports: Ports, connection: Connection, bookings: tuple[Booking, ...]) -> tuple[Booking, ...]:
    """The bookings that have no event in this connection yet."""
    known: set[str] = set()
    after: str | None = None
    while True:
        page = ports.bookings.links(connection.tenant, connection.id, after=after, limit=PAGE)
        known |= {link.booking for link in page}
        if len(page) < PAGE:
            return tuple(booking for booking in bookings if booking.id not in known)
        after = page[-1].booking


def invitations(ports: Ports, connection: Connection, bookings: tuple[Booking, ...]) -> int:
    """How many customers would be mailed if these bookings were exported with notifications."""
    services = {service.id: service for service in ports.catalogue.services(connection.tenant)}
    return len(invited(bookings, services, connection.settings.exports, now=ports.clock.now()))
