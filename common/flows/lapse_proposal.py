"""Ends a proposal that nobody decided about in time, as if it had been declined."""

from __future__ import annotations

from dataclasses import dataclass

from common.domain.booking import Source
from common.errors import UnknownResource
from common.flows.steps.proposals import decline
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class LapseProposal:
    """Which booking, and the promise to look at it now."""

    tenant: str
    booking: str
    entry: str


def lapse_proposal(ports: Ports, command: LapseProposal) -> None:
    """Put the event right if its proposal is over; one that was decided or renewed is left alone.

    Raises:
        Conflict: Somebody else changed the booking at the same moment; the promise stays.
    """
    try:
        booking = ports.bookings.get(command.tenant, command.booking)
    except UnknownResource:
        ports.ledger.done(command.entry)
        return
    proposal = booking.proposal
    if proposal is not None and booking.active and proposal.expires_at <= ports.clock.now():
        decline(ports, booking, proposal, source=Source.SYSTEM)
    ports.ledger.done(command.entry)
