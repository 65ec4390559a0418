"""Flags bookings whose time a foreign event took after they were made: told once, never dropped."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace

from common.domain.booking import Booking
from common.domain.imports import ImportedEvent
from common.domain.interval import Interval
from common.domain.work import Notice, NoticeKind
from common.flows.steps.importing import Plan
from common.flows.steps.reading import Reading
from common.ports import BookingChange, Ports


def flag(ports: Ports, reading: Reading, made: Plan) -> None:
    """Mark the active bookings that lie under a new or changed blocking event, and clear outdated marks.

    Providers cannot refuse an event because of a booking, so this can only be found out afterwards.
    """
    fresh = _upcoming(ports, made.units)
    former = [event for unit, event in _upcoming(ports, made.before) if unit in made.units]
    events = [*(event for _, event in fresh), *former]
    if not events:
        return
    window = Interval(
        min(event.interval.start for event in events), max(event.interval.end for event in events)
    )
    connection = reading.connection
    for booking in ports.bookings.overlapping(connection.tenant, connection.resource, window):
        event = next((event for _, event in fresh if _hit(booking, event)), None)
        if event and booking.conflict is None:
            _mark(ports, reading, booking, event)
        elif booking.conflict == reading.entry.key and any(_hit(booking, one) for one in former):
            _clear(ports, reading, booking, made, still=event is not None)


def _upcoming(
    ports: Ports, units: Mapping[str, tuple[ImportedEvent, ...]]
) -> list[tuple[str, ImportedEvent]]:
    now = ports.clock.now()
    return [
        (unit, event)
        for unit, events in units.items()
        for event in events
        if event.blocks and event.interval.end > now
    ]


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


def _clear(ports: Ports, reading: Reading, booking: Booking, made: Plan, *, still: bool) -> None:
    """Take the mark away once nothing of this calendar is in the booking's time any more."""
    stored = ports.feeds.imported(booking.tenant, reading.connection.id, reading.entry.key, booking.interval)
    if still or any(event.blocks and event.unit not in made.units for event in stored):
        return
    ports.bookings.commit(BookingChange(before=booking, after=replace(booking, conflict=None)))
