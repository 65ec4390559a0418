"""The promise that a proposal which nobody decides about comes to an end."""

from __future__ import annotations

from common.domain.booking import Booking
from common.domain.work import OutboxEntry, OutboxKind


def lapse_id(booking: Booking) -> str:
    """The name of the promise; a newer proposal has its own."""
    lapses = int(booking.proposal.expires_at.timestamp()) if booking.proposal else 0
    return f"{booking.tenant}.{booking.id}.proposal.{lapses}"


def lapse_of(before: Booking, after: Booking) -> tuple[OutboxEntry, ...]:
    """The promise for a proposal that is new."""
    if after.proposal is None or after.proposal == before.proposal:
        return ()
    return (
        OutboxEntry(
            id=lapse_id(after),
            tenant=after.tenant,
            kind=OutboxKind.PROPOSAL,
            booking=after.id,
            connection="",
            revision=after.revision,
            created_at=after.updated_at,
            due_at=after.proposal.expires_at,
        ),
    )
