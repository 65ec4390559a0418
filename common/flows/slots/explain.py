"""Tells staff why a time is not offered: the rule, absence, booking or calendar that is in the way."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from common.domain.booking.sessions import refusal_reasons
from common.domain.calendar.interval import Interval
from common.domain.slots.engine import SlotQuestion
from common.domain.slots.slot_answers import Explanation
from common.errors import InvalidRequest
from common.flows.slots.availability import live_availability, read_slot_snapshot
from common.ports import Ports

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class ExplainSlot:
    """Why is the service not offered with this resource at this time?"""

    tenant: str
    service: str
    resource: str
    at: datetime
    seats: int = 1


def explain_slot(ports: Ports, command: ExplainSlot) -> Explanation:
    """The reasons of the same engine that lists and books, with their sources.

    Raises:
        InvalidRequest: The time has no offset.
        UnknownResource: There is no such service, or the resource does not offer it.
    """
    try:
        window = Interval(command.at, command.at + _SECOND)
    except (ValueError, OverflowError) as wrong:
        raise InvalidRequest("the time has no offset", code="naive_time") from wrong
    scene = read_slot_snapshot(
        ports, tenant=command.tenant, service=command.service, resource=command.resource, window=window
    )
    resource = scene.resources[command.resource]
    view = live_availability(ports, scene, (resource,), window, afresh=True)
    question = SlotQuestion(scene.service, resource, window, view.asked_at)
    agenda, picture = scene.agendas[resource.id], view.pictures[resource.id]
    found = refusal_reasons(question, picture, agenda, window.start, seats=command.seats)
    return Explanation(window.start, found, view.calendars, view.degraded)
