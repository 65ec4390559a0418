"""Writes down a booking that is about to be made, before anybody knows whether it gets its time."""

from __future__ import annotations

from dataclasses import replace

from common.domain.booking.booking import Booking, BookingStatus, Customer
from common.domain.booking.booking_change import BookingChange
from common.domain.booking.cells import claimed_time
from common.domain.calendar.interval import Interval, aware
from common.domain.catalogue.records import Service
from common.errors import StoreUnavailable, UnknownResource
from common.flows.notify.delivery import news_of
from common.flows.shared.outbox import announce
from common.flows.slots.availability import RequestedSlot
from common.ports import Ports


def draft_booking(
    ports: Ports, wish: RequestedSlot, service: Service, resource: str, *, name: str, customer: Customer
) -> Booking:
    """The booking of a wish with one resource, as its first revision."""
    now = ports.clock.now()
    return Booking(
        id=name,
        tenant=wish.tenant,
        resource=resource,
        service=service.id,
        interval=Interval(wish.start, wish.start + service.duration),
        claimed=claimed_time(aware(wish.start), service),
        status=BookingStatus.CONFIRMED,
        customer=customer,
        created_at=now,
        updated_at=now,
        seats=wish.seats,
    )


def commit_change(ports: Ports, change: BookingChange) -> Booking:
    """Commit, then queue what was promised in the same commit: exports, and telling who wants to know.

    Raises:
        SlotTaken: Another booking holds one of the new cells.
        Conflict: The booking was changed by somebody else meanwhile.
        AlreadyExists: The request was made before.
        StoreUnavailable: Nothing is known to be committed.
    """
    told = news_of(change.before, change.after)
    change = replace(change, outbox=(*change.outbox, *told))
    try:
        booking = ports.bookings.commit(change)
    except StoreUnavailable as failed:
        if failed.reason != "commit_unknown":
            raise
        booking = _read_back(ports, change, failed)
    announce(ports, change.outbox)
    return booking


def _read_back(ports: Ports, change: BookingChange, failed: StoreUnavailable) -> Booking:
    """Whether a commit went through whose answer was lost: the booking itself tells."""
    after = change.after
    try:
        found = ports.bookings.get(after.tenant, after.id)
    except UnknownResource:
        raise failed from None
    if (found.revision, found.updated_at, found.interval, found.status) == (
        after.revision,
        after.updated_at,
        after.interval,
        after.status,
    ):
        return found
    raise failed
