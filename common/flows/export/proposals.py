"""Accepts or declines what an owner did to a booking's event: another time, other words, or a deletion."""

from __future__ import annotations

from dataclasses import replace

from common.domain.booking.access import Authority
from common.domain.booking.booking import Booking, BookingStatus, Proposal, Source
from common.domain.booking.booking_change import BookingChange
from common.domain.booking.cells import LONGEST_CLAIM
from common.domain.export.exported_event import ExportLink
from common.domain.shared.outbox import export_entries, proposal_entry_id
from common.domain.shared.task_records import LapseProposal
from common.errors import InvalidRequest, UnknownResource
from common.flows.booking.commit import commit_past_expired_holds
from common.flows.export.owner_edits import links_to_restore, time_to_claim
from common.flows.shared.booking_access import author_of, changeable_booking
from common.flows.shared.outbox import nothing_to_do
from common.flows.slots.check_slot import require_free_calendars
from common.ports import Ports


def accept_proposal(
    ports: Ports, *, tenant: str, booking: str, by: Authority, revision: int | None = None
) -> Booking:
    """Change the booking to what its owner did to its event; every calendar that shows it follows.

    A proposed time is checked like any new time: the owner's calendars may be busy then by now. The customer
    is notified as of any other change.

    Args:
        ports: The outside.
        tenant: Whose booking it is.
        booking: The booking's id.
        by: Who accepts.
        revision: The booking's revision that the caller saw, so that no other proposal is accepted.

    Raises:
        UnknownResource: There is no such booking for this caller, or nothing is proposed.
        StaleVersion: The booking is not at the revision that the caller saw.
        SlotTaken: Another booking has that time, or a calendar is busy then; the proposal stays.
        AvailabilityUnknown: A calendar could not be asked; the proposal stays.
        InvalidRequest: No booking can take that much time.
        Conflict: Somebody else changed the booking at the same moment.
    """
    before, proposal = open_proposal(ports, tenant=tenant, booking=booking, by=by, revision=revision)
    after = _next_revision(ports, before, source=Source.STAFF)
    if proposal.deletion:
        after = replace(after, status=BookingStatus.CANCELLED)
    else:
        after = _with_proposed_change(ports, after, proposal)
    return _commit_decision(ports, before, after)


def decline_proposal(
    ports: Ports, *, tenant: str, booking: str, by: Authority, revision: int | None = None
) -> Booking:
    """Leave the booking as it is; its event is put back, or made anew where its owner deleted it.

    Args:
        ports: The outside.
        tenant: Whose booking it is.
        booking: The booking's id.
        by: Who declines.
        revision: The booking's revision that the caller saw, so that no other proposal is declined.

    Raises:
        UnknownResource: There is no such booking for this caller, or nothing is proposed.
        StaleVersion: The booking is not at the revision that the caller saw.
        Conflict: Somebody else changed the booking at the same moment.
    """
    found, proposal = open_proposal(ports, tenant=tenant, booking=booking, by=by, revision=revision)
    return reject_proposal(ports, found, proposal, source=author_of(by))


def lapse_proposal(ports: Ports, command: LapseProposal) -> None:
    """Decline a proposal that has expired undecided; one that was decided or renewed is left alone.

    Raises:
        Conflict: Somebody else changed the booking at the same moment; the outbox entry stays.
    """
    try:
        booking = ports.bookings.get(command.tenant, command.booking)
    except UnknownResource:
        nothing_to_do(ports, command, why="erased")
        return
    proposal = booking.proposal
    if proposal is not None and booking.active and proposal.expires_at <= ports.clock.now():
        reject_proposal(ports, booking, proposal, source=Source.SYSTEM)
    ports.ledger.done(command.entry)


def open_proposal(
    ports: Ports, *, tenant: str, booking: str, by: Authority, revision: int | None
) -> tuple[Booking, Proposal]:
    """A booking and what is proposed for it, if ``by`` may decide.

    Raises:
        UnknownResource: There is no such booking for this caller, or nothing is proposed (any more).
        StaleVersion: The booking is not at the ``revision`` that the caller saw.
    """
    found = changeable_booking(ports, tenant=tenant, booking=booking, by=by, revision=revision)
    proposal = found.proposal
    if proposal is None or not found.active or proposal.expires_at <= ports.clock.now():
        raise UnknownResource("nothing is proposed for this booking", code="no_proposal")
    return found, proposal


def reject_proposal(ports: Ports, booking: Booking, proposal: Proposal, *, source: Source) -> Booking:
    """Store the booking without its proposal; the event in the owner's calendar is put back or made anew.

    Raises:
        Conflict: The booking was changed meanwhile.
    """
    after = _next_revision(ports, booking, source=source)
    return _commit_decision(ports, booking, after, *links_to_restore(ports, booking, proposal))


def _next_revision(ports: Ports, booking: Booking, *, source: Source) -> Booking:
    now = ports.clock.now()
    return replace(booking, revision=booking.revision + 1, updated_at=now, source=source, proposal=None)


def _with_proposed_change(ports: Ports, booking: Booking, proposal: Proposal) -> Booking:
    words = replace(
        booking,
        title=booking.title if proposal.title is None else proposal.title,
        description=booking.description if proposal.description is None else proposal.description,
    )
    if proposal.interval is None:
        return words
    claimed = time_to_claim(ports, booking, proposal.interval)
    if claimed.length > LONGEST_CLAIM:
        raise InvalidRequest("no booking can take that much time", code="longer_than_a_booking")
    if proposal.interval != booking.interval:
        require_free_calendars(ports, booking, proposal.interval)
    return replace(words, interval=proposal.interval, claimed=claimed, conflict=None)


def _commit_decision(ports: Ports, before: Booking, after: Booking, *links: ExportLink) -> Booking:
    connections = ports.connections.of_resource(after.tenant, after.resource)
    outbox = export_entries(after, connections, now=after.updated_at)
    settled = commit_past_expired_holds(ports, BookingChange(before, after, outbox=outbox, links=links))
    ports.ledger.done(proposal_entry_id(before))
    return settled
