"""Takes over what an owner did to a booking's event: another time, other words, or that it is off."""

from __future__ import annotations

from dataclasses import dataclass

from common.domain.booking import Booking
from common.domain.manage import Authority
from common.flows.steps.proposals import accept, in_question
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class AcceptProposal:
    """For which booking, and by whom; ``revision`` refuses to accept another proposal than was seen."""

    tenant: str
    booking: str
    by: Authority
    revision: int | None = None


def accept_proposal(ports: Ports, command: AcceptProposal) -> Booking:
    """The booking as its owner wants it; the customer is told as of any other change.

    Raises:
        UnknownResource: There is no such booking for this caller, or nothing is proposed.
        StaleVersion: The booking is not at the revision that the caller saw.
        SlotTaken: Another booking has that time, or a calendar is busy then; the proposal stays.
        AvailabilityUnknown: A calendar could not be asked; the proposal stays.
        InvalidRequest: No booking can take that much time.
        Conflict: Somebody else changed the booking at the same moment.
    """
    named = {"tenant": command.tenant, "booking": command.booking}
    return accept(ports, *in_question(ports, **named, by=command.by, revision=command.revision))
