"""The last steps of every new or changed booking: draft it, claim its time, commit it, queue what follows.

Bookings and holds share these steps. Holds whose time is over are ended here too, because they are removed as
soon as they stand in somebody's way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from common.domain.booking import sessions
from common.domain.booking.booking import Booking, BookingStatus, Customer
from common.domain.booking.booking_change import BookingChange, IdempotencyRecord
from common.domain.booking.cells import claimed_time
from common.domain.booking.fair_choice import in_fair_order
from common.domain.calendar.connection import Connection
from common.domain.calendar.interval import Interval, aware
from common.domain.catalogue.records import Service
from common.domain.notify import booking_words
from common.domain.shared.outbox import export_entries
from common.domain.slots.agenda import Agenda
from common.domain.slots.slot_answers import kindest_refusal
from common.errors import Conflict, SlotTaken, StoreUnavailable, UnknownResource
from common.flows.booking.seats import change_with_session, leave_session
from common.flows.notify.delivery import booking_news
from common.flows.shared.outbox import enqueue_entries
from common.flows.slots.check_slot import CheckedSlot
from common.ports import Ports

# Each try that fails is one that somebody else's change of the same session won.
MOST_TRIES = 100


def draft_booking(ports: Ports, checked: CheckedSlot, *, new_id: str, customer: Customer) -> Booking:
    """A new booking of the checked slot; its resource is still open, and nothing is stored yet."""
    slot, service, now = checked.slot, checked.snapshot.service, ports.clock.now()
    return Booking(
        id=new_id,
        tenant=slot.tenant,
        resource="",
        service=service.id,
        interval=Interval(slot.start, slot.start + service.duration),
        claimed=claimed_time(aware(slot.start), service),
        status=BookingStatus.CONFIRMED,
        customer=customer,
        created_at=now,
        updated_at=now,
        seats=slot.seats,
    )


def claim_for_first_free(
    ports: Ports, checked: CheckedSlot, draft: Booking, *, idempotency: IdempotencyRecord | None = None
) -> Booking:
    """Commit the draft for the first free resource, in fair order, that does not lose the time to others.

    Raises:
        SyncError: The kindest reason why none of the resources can have it.
        AlreadyExists: The request was made before.
    """
    refusals, snapshot = list(checked.refusals), checked.snapshot
    for resource in in_fair_order(
        checked.free, snapshot.agendas, service=snapshot.service, at=draft.interval.start, seed=draft.id
    ):
        booking = replace(draft, resource=resource.id)
        try:
            return claim_time(ports, checked, before=None, after=booking, idempotency=idempotency)
        except SlotTaken as lost:
            refusals.append(lost)
    raise kindest_refusal(refusals)


@dataclass(frozen=True, slots=True)
class TimeClaim:
    """A booking or hold that is about to take its time, and what is committed and shown together with it.

    Attributes:
        before: The booking as it was read; None for a new one.
        after: The booking as it shall be.
        service: The service that is booked.
        connections: The calendars' connections of the resource, in which the booking will be shown.
        idempotency: The record of the request that is committed with a new booking.
        words: The names of service and resource for the customer's mail.
    """

    before: Booking | None
    after: Booking
    service: Service
    connections: Sequence[Connection]
    idempotency: IdempotencyRecord | None = None
    words: Mapping[str, str] | None = None


def claim_time(
    ports: Ports,
    checked: CheckedSlot,
    *,
    before: Booking | None,
    after: Booking,
    idempotency: IdempotencyRecord | None = None,
) -> Booking:
    """Take the checked slot for a booking in one commit, or lose it to whoever was faster.

    Expired holds in its way are ended first. A session that somebody else changed at the same moment is no
    reason to give up: its agenda is read again and the seats are claimed anew.

    Raises:
        SlotTaken: Somebody else has that time, or there are not so many seats.
        Conflict: The booking was changed by somebody else meanwhile.
        AlreadyExists: The request was made before.
    """
    service, agenda = checked.snapshot.service, checked.snapshot.agendas[after.resource]
    claim = TimeClaim(
        before=before,
        after=after,
        service=service,
        connections=checked.snapshot.connections.get(after.resource, ()),
        idempotency=idempotency,
        words=booking_words(service, checked.snapshot.resources.get(after.resource)),
    )
    # A booking keeps the form in which it was made, whatever capacity its service has now.
    in_session = before.is_seat if before is not None else service.capacity > 1
    for _ in range(MOST_TRIES):
        expired = [name for name, span in agenda.expired.items() if span.overlaps(after.claimed)]
        end_expired_holds(ports, after.tenant, expired)
        change = change_with_session(ports, claim, agenda) if in_session else _plain_change(ports, claim)
        try:
            if change is not None:
                return commit_change(ports, change)
        except SlotTaken:
            if not in_session and not _agenda_around(ports, after).expired:
                raise
        except Conflict:
            if not in_session or (before is not None and _has_changed(ports, before)):
                raise
        agenda = _agenda_around(ports, after)
    raise Conflict("others keep interfering; try again")


def _plain_change(ports: Ports, claim: TimeClaim) -> BookingChange:
    """The change of a booking that has its time for itself."""
    after = claim.after
    return BookingChange(
        before=claim.before,
        after=after,
        outbox=export_entries(after, claim.connections, now=ports.clock.now()) if after.active else (),
        idempotency=claim.idempotency,
        words=claim.words,
    )


def _agenda_around(ports: Ports, booking: Booking) -> Agenda:
    """The agenda of the booking's resource as it is now, without the holds that have expired."""
    found = ports.catalogue.agenda(booking.tenant, booking.resource, booking.claimed)
    return sessions.without_expired_holds(found, ports.clock.now())


def _has_changed(ports: Ports, booking: Booking) -> bool:
    """Whether the stored booking is another version than the one that was read, or gone."""
    try:
        return ports.bookings.get(booking.tenant, booking.id).version != booking.version
    except UnknownResource:
        return True


def commit_change(ports: Ports, change: BookingChange) -> Booking:
    """Commit a change with its outbox entries, then queue their work: exports and notifications.

    Raises:
        SlotTaken: Another booking holds one of the new cells.
        Conflict: The booking was changed by somebody else meanwhile.
        AlreadyExists: The request was made before.
        StoreUnavailable: Nothing is known to be committed.
    """
    change = replace(change, outbox=(*change.outbox, *booking_news(ports, change)))
    try:
        booking = ports.bookings.commit(change)
    except StoreUnavailable as failed:
        if failed.reason != "commit_unknown":
            raise
        booking = _committed_after_all(ports, change, failed)
    enqueue_entries(ports, change.outbox)
    return booking


def _committed_after_all(ports: Ports, change: BookingChange, failed: StoreUnavailable) -> Booking:
    """The stored booking, if it shows that a commit went through whose answer was lost."""
    after = change.after
    try:
        found = ports.bookings.get(after.tenant, after.id)
    except UnknownResource:
        raise failed from None
    if (found.revision, found.updated_at, found.interval, found.status) == (
        after.revision,
        after.updated_at,
        after.interval,
        after.status,
    ):
        return found
    raise failed


def commit_past_expired_holds(ports: Ports, change: BookingChange) -> Booking:
    """Commit a change; where only expired holds are in its way, they are ended first.

    Raises:
        SlotTaken: Another booking holds one of the new cells.
        Conflict: The booking was changed by somebody else meanwhile.
    """
    try:
        return commit_change(ports, change)
    except SlotTaken:
        after = change.after
        if not end_expired_holds(ports, after.tenant, _agenda_around(ports, after).expired):
            raise
        return commit_change(ports, change)


def has_expired(ports: Ports, booking: Booking) -> bool:
    """Whether a booking is a hold whose time is over; the clock decides, not its removal from the store."""
    return (
        booking.status is BookingStatus.HELD
        and booking.held_until is not None
        and booking.held_until <= ports.clock.now()
    )


def end_hold(ports: Ports, hold: Booking) -> None:
    """Remove a hold, so that its time is free again.

    Raises:
        Conflict: It was booked, or ended, at the same moment.
    """
    for _ in range(MOST_TRIES):
        left = leave_session(ports, hold)
        after = replace(
            hold,
            status=BookingStatus.RELEASED,
            revision=hold.revision + 1,
            updated_at=ports.clock.now(),
        )
        try:
            commit_change(ports, BookingChange(hold, after, outbox=left.outbox, sessions=left.sessions))
        except Conflict:
            if _has_changed(ports, hold):
                raise
            continue
        return
    raise Conflict("the session is being changed at the moment")


def end_expired_holds(ports: Ports, tenant: str, holds: Iterable[str]) -> int:
    """Remove those of the named holds whose time is over; how many that were."""
    ended = 0
    for name in holds:
        try:
            hold = ports.bookings.get(tenant, name)
            if has_expired(ports, hold):
                end_hold(ports, hold)
                ended += 1
        except (UnknownResource, Conflict):
            # Somebody else ended it, or its customer booked it in time.
            continue
    return ended
