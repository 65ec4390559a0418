"""Brings the seats of a session in line after the session itself was moved or cancelled in a calendar."""

from __future__ import annotations

from dataclasses import replace

from common.domain.booking.booking import Booking, BookingStatus
from common.domain.booking.booking_change import BookingChange
from common.domain.shared.conflicts import retry_conflicts
from common.domain.shared.task_records import FollowSession
from common.errors import UnknownResource
from common.flows.booking.commit import commit_change, end_hold
from common.ports import Ports


def follow_session(ports: Ports, command: FollowSession) -> int:
    """Give every seat the time and the status of its session; how many that changed.

    Raises:
        Conflict: A seat keeps being changed; the outbox entry stays, so the task is repeated.
    """
    try:
        session = ports.bookings.get(command.tenant, command.booking)
    except UnknownResource:
        ports.ledger.done(command.entry)
        return 0
    changed = sum(_follow(ports, session, seat) for seat in sorted(session.roster))
    ports.ledger.done(command.entry)
    return changed


def _follow(ports: Ports, session: Booking, name: str) -> bool:
    """Change one seat, if it still sits in this session and differs; whether it did."""

    def follow() -> bool:
        try:
            seat = ports.bookings.get(session.tenant, name)
        except UnknownResource:
            return False
        if seat.session != session.id or not seat.takes_time:
            return False
        return _change_like(ports, session, seat)

    # Its customer may change the seat meanwhile, perhaps to another session.
    return retry_conflicts(follow, message="a seat of the session keeps changing", code="seat_busy")


def _change_like(ports: Ports, session: Booking, seat: Booking) -> bool:
    if seat.status is BookingStatus.HELD and not session.active:
        end_hold(ports, seat)
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
    commit_change(ports, BookingChange(seat, after))
    return True
