"""Writes down a booking that is about to be made, before anybody knows whether it gets its time."""

from __future__ import annotations

from common.domain.booking import Booking, BookingStatus, Customer
from common.domain.catalogue import Service
from common.domain.cells import claimed
from common.domain.interval import Interval, aware
from common.flows.steps.engine import Wish
from common.ports import Ports


def drafted(
    ports: Ports, wish: Wish, service: Service, resource: str, *, name: str, customer: Customer
) -> Booking:
    """The booking of a wish with one resource, as its first revision."""
    now = ports.clock.now()
    return Booking(
        id=name,
        tenant=wish.tenant,
        resource=resource,
        service=service.id,
        interval=Interval(wish.start, wish.start + service.duration),
        claimed=claimed(aware(wish.start), service),
        status=BookingStatus.CONFIRMED,
        customer=customer,
        created_at=now,
        updated_at=now,
        seats=wish.seats,
    )
