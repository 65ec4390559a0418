"""Turns down what an owner did to a booking's event: the calendar shows the booking again as it is."""

from __future__ import annotations

from dataclasses import dataclass

from common.domain.booking import Booking
from common.domain.manage import Authority
from common.flows.steps.entrusted import changed_by
from common.flows.steps.proposals import decline, in_question
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class DeclineProposal:
    """For which booking, and by whom; ``revision`` refuses to decline another proposal than was seen."""

    tenant: str
    booking: str
    by: Authority
    revision: int | None = None


def decline_proposal(ports: Ports, command: DeclineProposal) -> Booking:
    """The booking as it was; its event is put right in seconds.

    Raises:
        UnknownResource: There is no such booking for this caller, or nothing is proposed.
        StaleVersion: The booking is not at the revision that the caller saw.
        Conflict: Somebody else changed the booking at the same moment.
    """
    named = {"tenant": command.tenant, "booking": command.booking}
    booking, proposal = in_question(ports, **named, by=command.by, revision=command.revision)
    return decline(ports, booking, proposal, source=changed_by(command.by))
