"""Takes over what an owner did to a booking's event: another time, other words, or that it is off."""

from __future__ import annotations

from dataclasses import dataclass, replace

from common.domain.booking.access import Authority
from common.domain.booking.booking import Booking, BookingStatus, Source
from common.domain.booking.booking_change import BookingChange
from common.domain.booking.cells import LONGEST_CLAIM
from common.domain.booking.proposal import Proposal
from common.domain.export.exported_event import ExportLink
from common.domain.shared.outbox import export_entries, proposal_entry_id
from common.domain.shared.task_records import LapseProposal
from common.errors import InvalidRequest, UnknownResource
from common.flows.booking.commit import commit_past_expired_holds
from common.flows.export.owner_edits import links_to_restore, time_to_claim
from common.flows.shared.booking_access import author_of, changeable_booking
from common.flows.slots.check_slot import require_free_calendars
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class AcceptProposal:
    """For which booking, and by whom; ``revision`` refuses to accept another proposal than was seen."""

    tenant: str
    booking: str
    by: Authority
    revision: int | None = None


def accept_proposal(ports: Ports, command: AcceptProposal) -> Booking:
    """The booking as its owner wants it; the customer is told as of any other change.

    Raises:
        UnknownResource: There is no such booking for this caller, or nothing is proposed.
        StaleVersion: The booking is not at the revision that the caller saw.
        SlotTaken: Another booking has that time, or a calendar is busy then; the proposal stays.
        AvailabilityUnknown: A calendar could not be asked; the proposal stays.
        InvalidRequest: No booking can take that much time.
        Conflict: Somebody else changed the booking at the same moment.
    """
    named = {"tenant": command.tenant, "booking": command.booking}
    return apply_proposal(ports, *open_proposal(ports, **named, by=command.by, revision=command.revision))


@dataclass(frozen=True, slots=True)
class DeclineProposal:
    """For which booking, and by whom; ``revision`` refuses to decline another proposal than was seen."""

    tenant: str
    booking: str
    by: Authority
    revision: int | None = None


def decline_proposal(ports: Ports, command: DeclineProposal) -> Booking:
    """The booking as it was; its event is put right in seconds.

    Raises:
        UnknownResource: There is no such booking for this caller, or nothing is proposed.
        StaleVersion: The booking is not at the revision that the caller saw.
        Conflict: Somebody else changed the booking at the same moment.
    """
    named = {"tenant": command.tenant, "booking": command.booking}
    booking, proposal = open_proposal(ports, **named, by=command.by, revision=command.revision)
    return reject_proposal(ports, booking, proposal, source=author_of(command.by))


def lapse_proposal(ports: Ports, command: LapseProposal) -> None:
    """Put the event right if its proposal is over; one that was decided or renewed is left alone.

    Raises:
        Conflict: Somebody else changed the booking at the same moment; the promise stays.
    """
    try:
        booking = ports.bookings.get(command.tenant, command.booking)
    except UnknownResource:
        ports.ledger.done(command.entry)
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


def apply_proposal(ports: Ports, booking: Booking, proposal: Proposal) -> Booking:
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
        after = _with_proposed_change(ports, after, proposal)
    return _commit_decision(ports, booking, after)


def reject_proposal(ports: Ports, booking: Booking, proposal: Proposal, *, source: Source) -> Booking:
    """The booking as it was; the event in the owner's calendar becomes what it was, or is made anew.

    Raises:
        Conflict: The booking was changed meanwhile.
    """
    now = ports.clock.now()
    after = replace(booking, revision=booking.revision + 1, updated_at=now, source=source, proposal=None)
    return _commit_decision(ports, booking, after, *links_to_restore(ports, booking, proposal))


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
