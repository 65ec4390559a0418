"""Notifications by mail: changes that cause them, and what arrived."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from common.domain.booking.access import Staff
from common.domain.booking.booking import Booking
from common.domain.catalogue.records import MailPolicy
from common.domain.shared.outbox import OutboxKind
from common.flows.booking.change import cancel_booking, reschedule
from tests.flows.setups.booking_setup import CUSTOMER, at
from tests.world import RETURN_TO, World

OWNER = "owner@salon.example"
HOOK = "https://shop.example/hooks"


def policy(world: World, **values: Any) -> None:
    """Change what the tenant wants mailed."""
    from dataclasses import replace  # noqa: PLC0415

    tenant = world.ports.catalogue.tenant("t1")
    world.ports.catalogue.save_tenant(replace(tenant, mail=MailPolicy(**values)))


def move(world: World, booking: Booking, clock: str) -> Booking:
    """Staff move the booking."""
    return reschedule(world.ports, tenant="t1", booking=booking.id, start=at(clock), by=Staff())


def cancel(world: World, booking: Booking) -> Booking:
    """Staff cancel the booking."""
    return cancel_booking(world.ports, tenant="t1", booking=booking.id, by=Staff())


def mailed(world: World, address: str | None = CUSTOMER.email) -> list[str]:
    """The subjects of what somebody got, in order."""
    return [mail.subject for mail in world.postbox.to(address or "")]


BOOKED = "Your appointment with Salon"
MOVED = "Your appointment with Salon has a new time"
CANCELLED = "Your appointment with Salon was cancelled"


def pending_notifications(world: World) -> list[str]:
    """The notifications in the outbox that are not delivered yet."""
    due = world.ports.ledger.outbox_due(world.clock.now() + timedelta(days=9), 100)
    return [entry.kind.value for entry in due if entry.kind is not OutboxKind.EXPORT]


__all__ = [
    "BOOKED",
    "CANCELLED",
    "HOOK",
    "MOVED",
    "OWNER",
    "RETURN_TO",
    "cancel",
    "mailed",
    "move",
    "pending_notifications",
    "policy",
]
