"""Requests and views of bookings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, StringConstraints

from common.api.etags import condition
from common.api.http import Call, Json, Reply
from common.api.models import Email, Id, Instant, Line, Model, Text, Zone, moment, path_id, read
from common.api.paging import list_reply, listing
from common.api.routes import Route, customer_or_staff, public, staff
from common.domain.booking import sessions
from common.domain.booking.access import Authority, HoldKey, LinkHolder, Staff
from common.domain.booking.booking import Booking, Customer
from common.domain.catalogue.records import LARGEST_GROUP
from common.domain.issuers import Role
from common.errors import InvalidRequest, NotAllowed, UntrustedCaller
from common.ports import Ports

if TYPE_CHECKING:
    from common.domain.shared.paging import Page, PageRequest
    from common.domain.slots.slot_answers import HeldSlot


Phone = Annotated[str, Field(max_length=40, pattern=r"^[+0-9 ()./-]{3,40}$")]
Seats = Annotated[int, Field(ge=1, le=LARGEST_GROUP)]
Token = Annotated[str, StringConstraints(max_length=100, pattern=r"^[A-Za-z0-9_-]+$")]
IdempotencyKey = Annotated[str, StringConstraints(min_length=8, max_length=255, pattern=r"^[\x21-\x7e]+$")]


class CustomerBody(Model):
    """Who comes."""

    name: Line
    email: Email | None = None
    phone: Phone | None = None
    time_zone: Zone | None = None


class HoldBody(Model):
    """POST /bookings/holds; without ``resource`` (or with ``any``) any resource of the service will do."""

    service: Id
    resource: Id | None = None
    start: Instant
    seats: Seats = 1


class HoldKeyBody(Model):
    """A hold, as POST /bookings/holds answered it."""

    id: Id
    token: Token


class BookingBody(HoldBody):
    """POST /bookings; a ``hold`` of the same time becomes the booking."""

    customer: CustomerBody
    note: Text | None = None
    hold: HoldKeyBody | None = None


class RescheduleBody(Model):
    """PATCH /bookings/{id}."""

    start: Instant
    revision: Annotated[int, Field(ge=1)] | None = None


class TenantQuery(Model):
    """The query of public booking calls."""

    tenant: Id


def tenant(call: Call) -> str:
    """The tenant: of the verified token where there is one, else of the query (public calls)."""
    if call.caller is not None:
        return call.caller.tenant
    return read(TenantQuery, {key: value for key, value in call.query.items() if key == "tenant"}).tenant


class _Key(Model):
    key: IdempotencyKey


def idempotency_key(headers: Mapping[str, str]) -> str | None:
    """The Idempotency-Key header, if one was sent.

    Raises:
        InvalidRequest: it is too short, too long or not printable ASCII.
    """
    value = headers.get("Idempotency-Key")
    if value is None:
        return None
    try:
        return read(_Key, {"key": value}).key
    except InvalidRequest:
        raise InvalidRequest(
            "an Idempotency-Key has 8 to 255 printable ASCII characters", code="invalid_idempotency_key"
        ) from None


def booking_view(booking: Booking, *, zone: str | None = None) -> Json:
    """A booking as its customer and its staff see it."""
    shown = zone or booking.customer.zone or "UTC"
    return {
        "id": booking.id,
        "service": booking.service,
        "resource": booking.resource,
        "start": moment(booking.interval.start, shown),
        "end": moment(booking.interval.end, shown),
        "status": booking.status.value,
        "revision": booking.revision,
        "changed_by": booking.source.value,
        "customer": {
            "name": booking.customer.name,
            "email": booking.customer.email,
            "phone": booking.customer.phone,
            "time_zone": booking.customer.zone,
        },
        "note": booking.note,
        "seats": booking.seats,
        "proposal": _proposed_start(booking, shown),
    }


def _proposed_start(booking: Booking, zone: str) -> str | None:
    """The time that the owner's calendar shows while nobody has decided about it."""
    wanted = booking.proposal.interval if booking.proposal else None
    return moment(wanted.start, zone) if wanted else None


def staff_booking_view(booking: Booking, *, zone: str | None = None) -> Json:
    """The same with what only staff may see; a session has as many ``seats`` as are booked."""
    view = booking_view(booking, zone=zone)
    if booking.is_session:
        view["seats"] = sessions.booked_seats(booking)
    return {
        **view,
        "session": booking.session,
        "is_session": booking.is_session,
        "conflict": booking.conflict is not None,
        "proposed": _proposal_view(booking, zone or booking.customer.zone or "UTC"),
    }


def _proposal_view(booking: Booking, zone: str) -> Json:
    """What the owner did to the event, and nobody has decided about."""
    proposal = booking.proposal
    if proposal is None:
        return None
    span = proposal.interval
    return {
        "start": moment(span.start, zone) if span else None,
        "end": moment(span.end, zone) if span else None,
        "title": proposal.title,
        "description": proposal.description,
        "deletion": proposal.deletion,
        "connection": proposal.connection,
        "proposed_at": moment(proposal.proposed_at),
        "expires_at": moment(proposal.expires_at),
    }


def contact(call: Call) -> str | None:
    """By which mailbox or number a customer is known, before anything else of the request is judged."""
    customer = call.body.get("customer") if isinstance(call.body, Mapping) else None
    said = customer if isinstance(customer, Mapping) else {}
    return next((value for value in (said.get("email"), said.get("phone")) if isinstance(value, str)), None)


def authority(call: Call) -> Authority:
    """Who asks for a booking: verified staff, or whoever holds its management token.

    Raises:
        UntrustedCaller: neither was sent.
    """
    if call.caller is not None:
        return Staff(None if call.staff.role is Role.OWNER else frozenset(call.staff.resources))
    if call.bearer is None:
        raise UntrustedCaller("a management token or an ID token is needed here")
    return LinkHolder(call.bearer)


def wish(call: Call) -> dict[str, Any]:
    """What shall be booked, for whom; staff book for their own resources.

    Raises:
        NotAllowed: a member of staff names a resource that is not theirs.
    """
    body = read(BookingBody, call.body)
    return {
        **time_wanted(call, body),
        "hold": HoldKey(body.hold.id, body.hold.token) if body.hold else None,
        "customer": Customer(
            name=body.customer.name,
            email=body.customer.email,
            phone=body.customer.phone,
            zone=body.customer.time_zone,
        ),
        "note": body.note,
        "idempotency_key": idempotency_key(call.headers),
        "subject": call.caller.subject if call.caller else None,
    }


def named(call: Call) -> tuple[str, str, Authority]:
    """The tenant, the booking of the path, and who asks for it."""
    return tenant(call), path_id(call.path["booking"]), authority(call)


def move(call: Call) -> dict[str, Any]:
    """Which booking shall be moved to when, and by whom."""
    body = read(RescheduleBody, call.body)
    booked_in, booking, by = named(call)
    return {
        "tenant": booked_in,
        "booking": booking,
        "by": by,
        "start": body.start,
        "revision": body.revision,
        "condition": condition(call),
    }


def time_wanted(call: Call, body: HoldBody) -> dict[str, Any]:
    """Which time of which service; staff take time of their own resources.

    Raises:
        NotAllowed: a member of staff names a resource that is not theirs.
    """
    resource = None if body.resource == "any" else body.resource
    if (
        call.caller is not None
        and call.staff.role is not Role.OWNER
        and (resource is None or not call.staff.may(resource))
    ):
        raise NotAllowed("staff book for their own resources", code="not_your_resource")
    return {
        "tenant": tenant(call),
        "service": body.service,
        "resource": resource,
        "start": body.start,
        "seats": body.seats,
    }


def tagged(call: Call, booking: Booking) -> tuple[Json, str | None]:
    """The view for this caller, and the version that it shows."""
    view = staff_booking_view(booking) if call.caller is not None else booking_view(booking)
    return view, booking.version


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
    return HoldKey(path_id(call.path["hold"]), call.bearer)


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

        def find(window: PageRequest) -> Page[Booking]:
            return ports().lists.proposals(call.staff.tenant, window, now=now)

        return list_reply(call, "proposals", find, staff_booking_view)

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
            tenant=call.staff.tenant, booking=path_id(call.path["booking"]), by=authority(call), revision=seen
        )
        return Reply(staff_booking_view(flow(ports(), wish)))

    return staff("POST", f"{PROPOSAL}/{word}", run, body=True)
