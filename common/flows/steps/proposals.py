"""Settles what an owner's change proposed: the booking takes it over, or its event is put right."""

from __future__ import annotations

from dataclasses import replace

from common.domain.booking import Booking, BookingStatus, ExportLink, Proposal, Source
from common.domain.cells import LONGEST_CLAIM
from common.domain.manage import Authority
from common.errors import InvalidRequest, UnknownResource
from common.flows.steps.changing import changeable
from common.flows.steps.lapsing import lapse_id
from common.flows.steps.leaving import settle_clear
from common.flows.steps.outbox import promises
from common.flows.steps.overruled import put_right
from common.flows.steps.owner_edits import claim
from common.flows.steps.vacant import demand_vacant
from common.ports import BookingChange, Ports


def in_question(
    ports: Ports, *, tenant: str, booking: str, by: Authority, revision: int | None
) -> tuple[Booking, Proposal]:
    """A booking and what is proposed for it, if ``by`` may decide.

    Raises:
        UnknownResource: There is no such booking for this caller, or nothing is proposed (any more).
        StaleVersion: The booking is not at the ``revision`` that the caller saw.
    """
    found = changeable(ports, tenant=tenant, booking=booking, by=by, revision=revision)
    proposal = found.proposal
    if proposal is None or not found.active or proposal.expires_at <= ports.clock.now():
        raise UnknownResource("nothing is proposed for this booking", code="no_proposal")
    return found, proposal


def accept(ports: Ports, booking: Booking, proposal: Proposal) -> Booking:
    """The booking as its owner wants it; every calendar that shows it follows.

    A proposed time is asked for like any new time: the owner's calendars may be busy there by now.

    Raises:
        SlotTaken: Somebody else has that time; the proposal stays.
        AvailabilityUnknown: A calendar could not be asked; the proposal stays.
        InvalidRequest: No booking can take that much time.
        Conflict: The booking was changed meanwhile.
    """
    now = ports.clock.now()
    after = replace(
        booking, revision=booking.revision + 1, updated_at=now, source=Source.STAFF, proposal=None
    )
    if proposal.deletion:
        after = replace(after, status=BookingStatus.CANCELLED)
    else:
        after = _changed(ports, after, proposal)
    return _settled(ports, booking, after)


def decline(ports: Ports, booking: Booking, proposal: Proposal, *, source: Source) -> Booking:
    """The booking as it was; the event in the owner's calendar becomes what it was, or is made anew.

    Raises:
        Conflict: The booking was changed meanwhile.
    """
    now = ports.clock.now()
    after = replace(booking, revision=booking.revision + 1, updated_at=now, source=source, proposal=None)
    return _settled(ports, booking, after, *put_right(ports, booking, proposal))


def _changed(ports: Ports, booking: Booking, proposal: Proposal) -> Booking:
    words = replace(
        booking,
        title=booking.title if proposal.title is None else proposal.title,
        description=booking.description if proposal.description is None else proposal.description,
    )
    if proposal.interval is None:
        return words
    claimed = claim(ports, booking, proposal.interval)
    if claimed.length > LONGEST_CLAIM:
        raise InvalidRequest("no booking can take that much time", code="longer_than_a_booking")
    if proposal.interval != booking.interval:
        demand_vacant(ports, booking, proposal.interval)
    return replace(words, interval=proposal.interval, claimed=claimed, conflict=None)


def _settled(ports: Ports, before: Booking, after: Booking, *links: ExportLink) -> Booking:
    connections = ports.connections.of_resource(after.tenant, after.resource)
    outbox = promises(after, connections, now=after.updated_at)
    settled = settle_clear(ports, BookingChange(before, after, outbox=outbox, links=links))
    ports.ledger.done(lapse_id(before))
    return settled
