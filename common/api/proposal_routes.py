"""The routes by which staff list bookings, and decide about what owners did to their events."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from common.api.bookings import authority, staff_booking_view
from common.api.http import Call, Reply
from common.api.models import Model, name, read
from common.api.paging import listed, listing
from common.api.routes import Route, staff
from common.domain.booking import Booking
from common.ports import Ports

if TYPE_CHECKING:
    from common.domain.listing import Page, Window

Command = Callable[..., Any]
Flow = Callable[[Ports, Any], Booking]
PROPOSAL = "/<booking>/proposal"


class DecisionBody(Model):
    """POST /bookings/{id}/proposal/accept and decline; ``revision`` is that of the booking as it was seen."""

    revision: Annotated[int, Field(ge=1)] | None = None


def staff_routes(
    ports: Callable[[], Ports], accept: tuple[Command, Flow], decline: tuple[Command, Flow]
) -> tuple[Route, ...]:
    """Bookings of the caller's resources, those with something to be decided, and the two decisions."""

    def proposals(call: Call) -> Reply:
        now = ports().clock.now()

        def find(window: Window) -> Page[Booking]:
            return ports().lists.proposals(call.staff.tenant, window, now=now)

        return listed(call, "proposals", find, staff_booking_view)

    bookings = listing(ports, "bookings", lambda outside: outside.lists.bookings, staff_booking_view)
    return (
        staff("GET", "/", bookings),
        staff("GET", "/proposals", proposals),
        _decision(ports, "accept", *accept),
        _decision(ports, "decline", *decline),
    )


def _decision(ports: Callable[[], Ports], word: str, command: Command, flow: Flow) -> Route:
    """Staff accept or decline what is proposed for a booking of theirs."""

    def run(call: Call) -> Reply:
        seen = read(DecisionBody, call.body).revision
        wish = command(
            tenant=call.staff.tenant, booking=name(call.path["booking"]), by=authority(call), revision=seen
        )
        return Reply(staff_booking_view(flow(ports(), wish)))

    return staff("POST", f"{PROPOSAL}/{word}", run, body=True)
