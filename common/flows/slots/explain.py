"""Says to staff why a time is not offered: the rule, absence, booking or calendar that is in the way."""

from __future__ import annotations

from datetime import datetime, timedelta

from common.domain.booking.sessions import refusal_reasons
from common.domain.calendar.interval import Interval
from common.domain.slots.engine import SlotQuestion
from common.domain.slots.slot_answers import Explanation
from common.errors import InvalidRequest
from common.flows.slots.availability import live_availability, read_slot_snapshot
from common.ports import Ports

_SECOND = timedelta(seconds=1)


def explain_slot(
    ports: Ports, *, tenant: str, service: str, resource: str, at: datetime, seats: int = 1
) -> Explanation:
    """Why the service is not offered with this resource at this time, by the same engine that books.

    Raises:
        InvalidRequest: The time has no offset.
        UnknownResource: There is no such service, or the resource does not offer it.
    """
    try:
        window = Interval(at, at + _SECOND)
    except (ValueError, OverflowError) as wrong:
        raise InvalidRequest("the time has no offset", code="naive_time") from wrong
    snapshot = read_slot_snapshot(ports, tenant=tenant, service=service, resource=resource, window=window)
    asked = snapshot.resources[resource]
    live = live_availability(ports, snapshot, (asked,), window, afresh=True)
    question = SlotQuestion(snapshot.service, asked, window, live.asked_at)
    found = refusal_reasons(
        question, live.by_resource[resource], snapshot.agendas[resource], window.start, seats=seats
    )
    return Explanation(window.start, found, live.calendars, live.degraded)
