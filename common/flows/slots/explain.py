"""Says to staff why a time is not offered: the rule, absence, booking or calendar that is in the way."""

from __future__ import annotations

from datetime import datetime, timedelta

from common.domain.booking.sessions import MoveRequest, refusal_reasons
from common.domain.calendar.interval import Interval
from common.domain.slots.engine import SlotQuestion
from common.domain.slots.slot_answers import Explanation
from common.errors import InvalidRequest
from common.flows.shared.booking_move import requested_move
from common.flows.slots.availability import live_availability, read_slot_snapshot
from common.ports import Ports

_SECOND = timedelta(seconds=1)


def explain_slot(
    ports: Ports,
    *,
    tenant: str,
    service: str,
    resource: str,
    at: datetime,
    seats: int = 1,
    moving: MoveRequest | None = None,
) -> Explanation:
    """Why the service is not offered with this resource at this time, by the same engine that books.

    Args:
        ports: Everything outside.
        tenant: Whose service it is.
        service: The service.
        resource: The resource.
        at: The start, with an offset.
        seats: How many seats must be left.
        moving: A booking that would move there: its own time is not in its way, and its own seats count.

    Raises:
        InvalidRequest: The time has no offset, or the booking cannot move or is of something else.
        UnknownResource: There is no such service or booking, or the resource does not offer it.
    """
    try:
        window = Interval(at, at + _SECOND)
    except (ValueError, OverflowError) as wrong:
        raise InvalidRequest("the time has no offset", code="naive_time") from wrong
    move = None
    if moving is not None:
        move = requested_move(ports, moving, tenant=tenant, service=service, resource=resource)
        seats = move.seats
    snapshot = read_slot_snapshot(
        ports, tenant=tenant, service=service, resource=resource, window=window, kept=move is not None
    )
    snapshot = move.seen_by(snapshot) if move else snapshot
    asked = snapshot.resources[resource]
    own = move.gives_up if move else None
    live = live_availability(ports, snapshot, (asked,), window, afresh=True, without=own)
    question = SlotQuestion(snapshot.service, asked, window, live.asked_at)
    found = refusal_reasons(
        question, live.by_resource[resource], snapshot.agendas[resource], window.start, seats=seats
    )
    return Explanation(window.start, found, live.calendars, live.degraded)
