"""Tells staff why a time is not offered: the rule, absence, booking or calendar that is in the way."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from common.domain.agenda import Agenda
from common.domain.cells import outward
from common.domain.interval import Interval
from common.domain.offers import Explanation
from common.domain.slots import Code, Question, Reason, reasons
from common.errors import InvalidRequest
from common.flows.steps.picture import look, scene_for
from common.ports import Ports

_SECOND = timedelta(seconds=1)
_BOOKED = frozenset({Code.BOOKING, Code.BUFFER})


@dataclass(frozen=True, slots=True)
class ExplainSlot:
    """Why is the service not offered with this resource at this time?"""

    tenant: str
    service: str
    resource: str
    at: datetime


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
    scene = scene_for(
        ports, tenant=command.tenant, service=command.service, resource=command.resource, window=window
    )
    resource = scene.resources[command.resource]
    view = look(ports, scene, (resource,), window, afresh=True)
    question = Question(scene.service, resource, window, view.asked_at)
    found = reasons(question, view.pictures[resource.id], window.start)
    agenda = scene.agendas[resource.id]
    named = tuple(_named(reason, agenda) for reason in found)
    return Explanation(window.start, named, view.calendars, view.degraded)


def _named(reason: Reason, agenda: Agenda) -> Reason:
    """A booking's range with the booking's id."""
    if reason.code not in _BOOKED:
        return reason
    matching = (name for name, span in agenda.bookings.items() if outward(span) == reason.interval)
    return replace(reason, source=next(matching, None))
