"""Keeps a time for a customer who is still deciding; after some minutes it is free again by itself."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from common.domain.booking import BookingStatus, Customer
from common.domain.fairness import fairly
from common.domain.offers import HeldSlot
from common.domain.refusals import kindest
from common.errors import SlotTaken
from common.flows.steps.claiming import Claim, claim
from common.flows.steps.drafting import drafted
from common.flows.steps.engine import Wish, offer
from common.flows.steps.holding import hold_token
from common.flows.steps.requests import Request, booking_id
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
    wish = Wish(command.tenant, command.service, command.resource, command.start, seats=command.seats)
    found = offer(ports, wish)
    service, name = found.scene.service, booking_id(ports, Request(command.tenant, "", None, {}))
    refusals = list(found.refusals)
    # Whole seconds, so that the agenda and the hold end at the same moment.
    until = ports.clock.now().replace(microsecond=0) + service.hold
    for resource in fairly(found.takers, found.scene.agendas, service=service, at=command.start, lot=name):
        blank = drafted(ports, wish, service, resource.id, name=name, customer=Customer(name=""))
        hold = replace(blank, status=BookingStatus.HELD, held_until=until)
        agenda, connections = found.scene.agendas[resource.id], found.scene.connections.get(resource.id, ())
        try:
            taken = claim(ports, Claim(None, hold, service, agenda, connections))
        except SlotTaken as lost:
            refusals.append(lost)
            continue
        return HeldSlot(taken, hold_token(ports, tenant=command.tenant, hold=name))
    raise kindest(refusals)
