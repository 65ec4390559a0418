"""Keeps a time for a customer who is still deciding; after some minutes it is free again by itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from common.domain.booking import access
from common.domain.booking.access import HoldKey
from common.domain.booking.booking import Booking, BookingStatus, Customer
from common.domain.booking.fair_choice import in_fair_order
from common.domain.slots.refusals import kindest_refusal
from common.domain.slots.slot_answers import HeldSlot
from common.errors import Conflict, SlotTaken, UnknownResource
from common.flows.booking.commit import draft_booking
from common.flows.booking.idempotency import IdempotentRequest, booking_id
from common.flows.booking.seats import TimeClaim, claim_time, end_hold
from common.flows.slots.availability import RequestedSlot, check_slot
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class HoldSlot:
    """Which time of which service; no ``resource`` means any."""

    tenant: str
    service: str
    resource: str | None
    start: datetime
    seats: int = 1


def hold_slot(ports: Ports, command: HoldSlot) -> HeldSlot:
    """Take the time for as many minutes as the service says; checked like a booking.

    Raises:
        InvalidRequest: The time breaks a rule; the code says which.
        UnknownResource: There is no such service, or the resource does not offer it.
        SlotTaken: Somebody else has that time.
        AvailabilityUnknown: A calendar could not be asked.
    """
    wish = RequestedSlot(
        command.tenant, command.service, command.resource, command.start, seats=command.seats
    )
    found = check_slot(ports, wish)
    service, name = found.scene.service, booking_id(ports, IdempotentRequest(command.tenant, "", None, {}))
    refusals = list(found.refusals)
    # Whole seconds, so that the agenda and the hold end at the same moment.
    until = ports.clock.now().replace(microsecond=0) + service.hold
    for resource in in_fair_order(
        found.takers, found.scene.agendas, service=service, at=command.start, lot=name
    ):
        blank = draft_booking(ports, wish, service, resource.id, name=name, customer=Customer(name=""))
        hold = replace(blank, status=BookingStatus.HELD, held_until=until)
        agenda, connections = found.scene.agendas[resource.id], found.scene.connections.get(resource.id, ())
        try:
            taken = claim_time(ports, TimeClaim(None, hold, service, agenda, connections))
        except SlotTaken as lost:
            refusals.append(lost)
            continue
        return HeldSlot(taken, hold_token(ports, tenant=command.tenant, hold=name))
    raise kindest_refusal(refusals)


@dataclass(frozen=True, slots=True)
class ReleaseHold:
    """Which hold, with its secret."""

    tenant: str
    key: HoldKey


def release_hold(ports: Ports, command: ReleaseHold) -> None:
    """End the hold; one that is over, or that was booked, is left as it is.

    Raises:
        UnknownResource: There is no such hold.
    """
    found = find_hold(ports, tenant=command.tenant, key=command.key)
    if found is None or found.status is not BookingStatus.HELD:
        return
    try:
        end_hold(ports, found)
    except Conflict:
        # Its customer booked it at this moment, or maintenance was faster.
        return


def hold_token(ports: Ports, *, tenant: str, hold: str) -> str:
    """The secret of a hold."""
    return access.encode_token(ports.keys.sign("hold", tenant, hold))


def find_hold(ports: Ports, *, tenant: str, key: access.HoldKey) -> Booking | None:
    """The hold, or the booking that it became; None once it is gone.

    Raises:
        UnknownResource: The secret is not that of this hold; nothing is read for it.
    """
    if not ports.keys.verify(access.decode_token(key.token), "hold", tenant, key.id):
        raise UnknownResource("there is no such hold")
    try:
        return ports.bookings.get(tenant, key.id)
    except UnknownResource:
        return None
