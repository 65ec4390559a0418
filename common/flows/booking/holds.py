"""Holds: a time that is kept for a customer who is still deciding; after some minutes it is free again."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from common.domain.booking.access import HoldKey, decode_token, encode_token
from common.domain.booking.booking import Booking, BookingStatus, Customer
from common.errors import Conflict, UnknownResource
from common.flows.booking.commit import claim_for_first_free, draft_booking, end_hold
from common.flows.booking.idempotency import random_booking_id
from common.flows.slots.check_slot import RequestedSlot, check_slot
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class HeldSlot:
    """A hold, and the secret with which it is booked or released."""

    hold: Booking
    token: str = field(repr=False)


def hold_slot(
    ports: Ports, *, tenant: str, service: str, resource: str | None, start: datetime, seats: int = 1
) -> HeldSlot:
    """Keep the time for as many minutes as the service says; no ``resource`` means any.

    It is checked like a booking.

    Raises:
        InvalidRequest: The time breaks a rule; the code says which.
        UnknownResource: There is no such service, or the resource does not offer it.
        SlotTaken: Somebody else has that time.
        AvailabilityUnknown: A calendar could not be asked.
    """
    checked = check_slot(ports, RequestedSlot(tenant, service, resource, start, seats=seats))
    # Whole seconds, so that the agenda and the hold end at the same moment.
    until = ports.clock.now().replace(microsecond=0) + checked.snapshot.service.hold
    draft = draft_booking(ports, checked, new_id=random_booking_id(ports.keys), customer=Customer(name=""))
    hold = claim_for_first_free(ports, checked, replace(draft, status=BookingStatus.HELD, held_until=until))
    return HeldSlot(hold, encode_token(ports.keys.sign("hold", tenant, hold.id)))


def release_hold(ports: Ports, *, tenant: str, key: HoldKey) -> None:
    """End the hold early; one that is over, or that was booked, is left as it is.

    Raises:
        UnknownResource: There is no such hold.
    """
    hold = find_hold(ports, tenant=tenant, key=key)
    if hold is None or hold.status is not BookingStatus.HELD:
        return
    try:
        end_hold(ports, hold)
    except Conflict:
        # Its customer booked it at this moment, or maintenance was faster.
        return


def find_hold(ports: Ports, *, tenant: str, key: HoldKey) -> Booking | None:
    """The hold, or the booking that it became; None once it is gone.

    Raises:
        UnknownResource: The secret is not that of this hold; nothing is read for it.
    """
    if not ports.keys.verify(decode_token(key.token), "hold", tenant, key.id):
        raise UnknownResource("there is no such hold")
    try:
        return ports.bookings.get(tenant, key.id)
    except UnknownResource:
        return None
