"""Commits a change of a booking, and finds out what happened where the store did not say."""

from __future__ import annotations

from dataclasses import replace

from common.domain.booking import Booking
from common.errors import StoreUnavailable, UnknownResource
from common.flows.steps.outbox import announce
from common.flows.steps.telling import news_of
from common.ports import BookingChange, Ports


def settle(ports: Ports, change: BookingChange) -> Booking:
    """Commit, then queue what was promised in the same commit: exports, and telling who wants to know.

    Raises:
        SlotTaken: Another booking holds one of the new cells.
        Conflict: The booking was changed by somebody else meanwhile.
        AlreadyExists: The request was made before.
        StoreUnavailable: Nothing is known to be committed.
    """
    told = news_of(change.before, change.after)
    change = replace(change, outbox=(*change.outbox, *told))
    try:
        booking = ports.bookings.commit(change)
    except StoreUnavailable as failed:
        if failed.reason != "commit_unknown":
            raise
        booking = _read_back(ports, change, failed)
    announce(ports, change.outbox)
    return booking


def _read_back(ports: Ports, change: BookingChange, failed: StoreUnavailable) -> Booking:
    """Whether a commit went through whose answer was lost: the booking itself tells."""
    after = change.after
    try:
        found = ports.bookings.get(after.tenant, after.id)
    except UnknownResource:
        raise failed from None
    if (found.revision, found.updated_at, found.interval, found.status) == (
        after.revision,
        after.updated_at,
        after.interval,
        after.status,
    ):
        return found
    raise failed
