"""Asks whether a time that an owner chose is free by now, in the calendars as in the store."""

from __future__ import annotations

from common.domain.booking import Booking
from common.domain.catalogue import LONGEST_BUFFER, LONGEST_DURATION
from common.domain.cells import outward
from common.domain.interval import Interval
from common.domain.slots import Known
from common.errors import AvailabilityUnknown, SlotTaken
from common.flows.steps.picture import look
from common.ports import Ports


def demand_vacant(ports: Ports, booking: Booking, span: Interval) -> None:
    """Ask every calendar of the booking's resource at this moment; the booking's own event is not in its way.

    Hours, notice and interval bind customers, not the owner of the calendar.

    Raises:
        SlotTaken: Something is there.
        AvailabilityUnknown: A calendar could not be asked.
        UnknownResource: The service or the resource is gone.
    """
    around = span.pad(LONGEST_BUFFER, LONGEST_DURATION + LONGEST_BUFFER)
    scene = ports.catalogue.scene(booking.tenant, booking.service, [booking.resource], around)
    service, resource = scene.service, scene.resources[booking.resource]
    view = look(ports, scene, [resource], span, afresh=True, without=booking.id)
    taken = outward(span.pad(service.buffer_before, service.buffer_after))
    states = tuple(view.pictures[resource.id].calendars.values())
    if any(busy.overlaps(taken) for state in states if isinstance(state, Known) for busy in state.busy):
        raise SlotTaken("this time is taken")
    if not all(isinstance(state, Known) for state in states):
        raise AvailabilityUnknown("a calendar cannot be asked at the moment")
