"""What an owner changed in an exported event, kept with the booking until somebody accepts or declines it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from common.domain.calendar.interval import Interval


@dataclass(frozen=True, slots=True)
class Proposal:
    """What an owner did to an exported event, and nobody has decided about yet; kept with its booking.

    Only what was changed is set. ``connection`` names the calendar account in which the event looks like
    this; ``deletion`` says that the event is gone from there.
    """

    connection: str
    proposed_at: datetime
    expires_at: datetime
    interval: Interval | None = None
    title: str | None = field(default=None, repr=False)
    description: str | None = field(default=None, repr=False)
    deletion: bool = False


# A week is enough for holidays' deputies; the appointment itself ends the question earlier.
PROPOSAL_KEPT = timedelta(days=7)


def proposal_expiry(start: datetime, now: datetime) -> datetime:
    """When a proposal lapses: after a week, at the latest at the ``start`` of the appointment."""
    return min(now + PROPOSAL_KEPT, start) if start > now else now + PROPOSAL_KEPT


def kept_proposal(before: Proposal | None, wanted: Proposal | None) -> Proposal | None:
    """The proposal that is kept: the one that is known, where the same is proposed once more."""
    if before is None or wanted is None:
        return wanted
    same = replace(wanted, proposed_at=before.proposed_at, expires_at=before.expires_at)
    return before if same == before else wanted


def without_time(proposal: Proposal | None) -> Proposal | None:
    """What is left of a proposal once the booking has another time: words stay in question, times do not."""
    if proposal is None or proposal.deletion:
        return None
    left = replace(proposal, interval=None)
    return None if left.title is None and left.description is None else left
