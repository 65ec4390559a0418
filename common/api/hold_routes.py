"""The routes of holds: a time is kept for a customer who is still deciding, or given back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from common.api.bookings import HoldBody, tenant, time_wanted
from common.api.http import Call, Json, Reply
from common.api.models import moment, name, read
from common.api.routes import Route, customer_or_staff, public
from common.domain.manage import HoldKey
from common.errors import UntrustedCaller

if TYPE_CHECKING:
    from common.domain.offers import HeldSlot
    from common.ports import Ports

Command = Callable[..., Any]
ALL = "/holds"
ONE = f"{ALL}/<hold>"


def hold_routes(
    ports: Callable[[], Ports],
    hold: tuple[Command, Callable[[Ports, Any], HeldSlot]],
    release: tuple[Command, Callable[[Ports, Any], None]],
) -> tuple[Route, ...]:
    """Everybody may hold a time; whoever has the hold's token may release it."""

    def post(call: Call) -> Reply:
        command, flow = hold
        return Reply(
            _view(flow(ports(), command(**time_wanted(call, read(HoldBody, call.body))))), status=201
        )

    def delete(call: Call) -> Reply:
        command, flow = release
        flow(ports(), command(tenant(call), _key(call)))
        return Reply(status=204)

    return (customer_or_staff("POST", ALL, post, body=True), public("DELETE", ONE, delete))


def _key(call: Call) -> HoldKey:
    """The hold of the path with the token that was sent."""
    if call.bearer is None:
        raise UntrustedCaller("the token of the hold is needed here")
    return HoldKey(name(call.path["hold"]), call.bearer)


def _view(held: HeldSlot) -> Json:
    hold = held.hold
    return {
        "id": hold.id,
        "token": held.token,
        "service": hold.service,
        "resource": hold.resource,
        "start": moment(hold.interval.start),
        "end": moment(hold.interval.end),
        "seats": hold.seats,
        "expires_at": moment(hold.held_until) if hold.held_until else None,
    }
