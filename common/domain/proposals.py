"""Decides what an owner's change proposes, until when it can be decided, and when nothing of it is left."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from common.domain.booking import Booking, Proposal

# A week is enough for holidays' deputies; the appointment itself ends the question earlier.
KEPT = timedelta(days=7)


def expiry(booking: Booking, now: datetime) -> datetime:
    """When a proposal lapses: after a week, at the latest when the appointment begins."""
    start = booking.interval.start
    return min(now + KEPT, start) if start > now else now + KEPT


def renewed(before: Proposal | None, wanted: Proposal | None) -> Proposal | None:
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
