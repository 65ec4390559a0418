"""Flags bookings whose time a foreign event took after they were made: told once, never dropped."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace

from common.domain.booking import Booking
from common.domain.imports import ImportedEvent
from common.domain.interval import Interval
from common.domain.work import Notice, NoticeKind
from common.flows.steps.importing import Units
from common.flows.steps.reading import Reading
from common.ports import BookingChange, Ports


def flag(ports: Ports, reading: Reading, units: Units) -> int:
    """Mark the active bookings that lie under a new or changed blocking event; how many were not yet.

    Providers cannot refuse an event because of a booking, so this can only be found out afterwards.
    """
    blocking = sorted(_upcoming(ports, units), key=lambda event: event.interval)
    if not blocking:
        return 0
    window = Interval(blocking[0].interval.start, max(event.interval.end for event in blocking))
    connection = reading.connection
    booked = ports.bookings.overlapping(connection.tenant, connection.resource, window)
    hits = {booking.id: (booking, event) for event in blocking for booking in booked if _hit(booking, event)}
    fresh = [(booking, event) for booking, event in hits.values() if booking.conflict is None]
    for booking, event in fresh:
        _mark(ports, reading, booking, event)
    return len(fresh)


def _upcoming(ports: Ports, units: Units) -> Iterable[ImportedEvent]:
    now = ports.clock.now()
    return (
        event for events in units.values() for event in events if event.blocks and event.interval.end > now
    )


def _hit(booking: Booking, event: ImportedEvent) -> bool:
    return booking.interval.overlaps(event.interval)


def _mark(ports: Ports, reading: Reading, booking: Booking, event: ImportedEvent) -> None:
    cause = hashlib.sha256(f"{reading.entry.key}:{event.key}".encode()).hexdigest()[:16]
    notice = Notice(
        id=f"conflict-{booking.id}-{booking.revision}-{cause}",
        tenant=booking.tenant,
        kind=NoticeKind.BOOKING_CONFLICT,
        at=ports.clock.now(),
        connection=reading.connection.id,
        booking=booking.id,
    )
    # The revision stays: nothing of this is to be exported.
    after = replace(booking, conflict=reading.entry.key)
    ports.bookings.commit(BookingChange(before=booking, after=after, notices=(notice,)))
