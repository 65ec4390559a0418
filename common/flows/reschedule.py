"""Moves a booking to another time: its own old time does not stand in the way, everything else does."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from common.domain.booking import Booking
from common.domain.cells import claimed
from common.domain.conditions import NOTHING_DEMANDED, Condition
from common.domain.interval import Interval
from common.domain.manage import Authority
from common.domain.proposals import without_time
from common.domain.refusals import kindest
from common.errors import InvalidRequest
from common.flows.steps.changing import changeable
from common.flows.steps.claiming import Claim, claim
from common.flows.steps.engine import Wish, offer
from common.flows.steps.entrusted import changed_by
from common.flows.steps.leaving import vacating
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class Reschedule:
    """Which booking, to when, and by whom; ``revision`` and ``condition`` say what was seen."""

    tenant: str
    booking: str
    start: datetime
    by: Authority
    revision: int | None = None
    condition: Condition = NOTHING_DEMANDED


def reschedule(ports: Ports, command: Reschedule) -> Booking:
    """The booking at its new time; asking for the time that it has changes nothing.

    Raises:
        InvalidRequest: The booking is cancelled or past, or the new time breaks a rule.
        UnknownResource: There is no such booking, or not for this caller.
        SlotTaken: Somebody else has that time.
        AvailabilityUnknown: A calendar could not be asked.
        StaleVersion: The booking is not the one that the caller saw.
        Conflict: Somebody else changed the booking at the same moment.
    """
    booking = changeable(
        ports, tenant=command.tenant, booking=command.booking, by=command.by, revision=command.revision
    )
    if not booking.active:
        raise InvalidRequest("a cancelled booking cannot be moved", code="cancelled")
    if command.start == booking.interval.start:
        return booking
    command.condition.insist(booking.version)
    wish = Wish(
        booking.tenant,
        booking.service,
        booking.resource,
        command.start,
        moving=vacating(ports, booking),
        seats=1 if booking.is_session else booking.seats,
    )
    found = offer(ports, wish)
    if not found.takers:
        raise kindest(found.refusals)
    service, now = found.scene.service, ports.clock.now()
    moved = replace(
        booking,
        interval=Interval(command.start, command.start + service.duration),
        claimed=claimed(wish.window.start, service),
        revision=booking.revision + 1,
        updated_at=now,
        source=changed_by(command.by),
        conflict=None,
        proposal=without_time(booking.proposal),
    )
    agenda, connections = found.scene.agendas[booking.resource], found.scene.connections
    return claim(ports, Claim(booking, moved, service, agenda, connections.get(booking.resource, ())))
