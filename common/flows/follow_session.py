"""Lets all seats of a session follow it: each customer is told once when it moved or was cancelled."""

from __future__ import annotations

from dataclasses import dataclass, replace

from common.domain.booking import Booking, BookingStatus
from common.errors import Conflict, UnknownResource
from common.flows.steps.leaving import release
from common.flows.steps.settled import settle
from common.ports import BookingChange, Ports

TRIES = 5


@dataclass(frozen=True, slots=True)
class FollowSession:
    """Which session, and which promise."""

    tenant: str
    booking: str
    entry: str


def follow_session(ports: Ports, command: FollowSession) -> int:
    """Bring every seat in line with the session as it is now; how many that changed.

    Raises:
        Conflict: A seat keeps being changed; the promise stays.
    """
    try:
        session = ports.bookings.get(command.tenant, command.booking)
    except UnknownResource:
        ports.ledger.done(command.entry)
        return 0
    changed = sum(_follow(ports, session, name) for name in sorted(session.roster))
    ports.ledger.done(command.entry)
    return changed


def _follow(ports: Ports, session: Booking, name: str) -> bool:
    for _ in range(TRIES):
        try:
            seat = ports.bookings.get(session.tenant, name)
        except UnknownResource:
            return False
        if seat.session != session.id or not seat.takes_time:
            return False
        try:
            return _brought_along(ports, session, seat)
        except Conflict:
            # Its customer changed it meanwhile, perhaps to another session.
            continue
    raise Conflict("a seat of the session keeps changing", code="seat_busy")


def _brought_along(ports: Ports, session: Booking, seat: Booking) -> bool:
    if seat.status is BookingStatus.HELD and not session.active:
        release(ports, seat)
        return True
    after = replace(
        seat,
        interval=session.interval,
        claimed=session.claimed,
        status=seat.status if session.active else BookingStatus.CANCELLED,
    )
    if after == seat:
        return False
    after = replace(
        after,
        revision=seat.revision + 1,
        updated_at=ports.clock.now(),
        source=session.source,
        proposal=None,
    )
    settle(ports, BookingChange(seat, after))
    return True
