"""Exports a booking, from its outbox entry to the event in one connection's calendar, top to bottom.

`export_booking` works off the entry, `write_event` takes the calendar's lock, `_take_next_step` compares the
booking with its event, and `event_writer.py` makes, changes, moves or removes the event.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from common.domain.booking.booking import Booking
from common.domain.calendar.connection import Connection
from common.domain.export.exported_event import (
    ExportLink,
    ExportOutcome,
    ExportResult,
    ExportStep,
    next_step,
)
from common.domain.export.write_refusals import Operation, operation_of
from common.domain.notify import LONGEST_SILENCE
from common.domain.shared.outbox import RELAYED_AFTER, OutboxEntry, export_entry, export_entry_id
from common.domain.shared.task_records import ExportBooking
from common.domain.shared.tasks import DeadLetter, Lane, letter_id, task_for
from common.domain.sync.followed_calendars import export_target
from common.errors import (
    GivenUp,
    GrantRevoked,
    ProviderUnavailable,
    Retry,
    Stop,
    UnexpectedReply,
    UnknownResource,
    UsageExhausted,
)
from common.flows.export.event_writer import (
    COST_OF_PATCH,
    BookingExport,
    create_event,
    end_quota_wait,
    move_event,
    read_unanswered_write,
    remove_event,
    remove_if_outdated,
    search_event,
    update_event,
    wait_after_refusal,
    with_guests_who_are_mailed,
)
from common.flows.export.target import export_calendar
from common.flows.notify.delivery import mail_instead, provider_notifies
from common.flows.shared.lease import lock
from common.flows.shared.outbox import enqueue_again
from common.ports import Ports

# The queue tries the task again sooner; the outbox relay is for a task that was lost.
RELAYED_AGAIN_AFTER = timedelta(minutes=15)
TRIED_AGAIN_AFTER = timedelta(hours=1)


def export_booking(ports: Ports, command: ExportBooking) -> ExportOutcome:
    """Bring the event in line with the booking as it is now, then delete the outbox entry or put it off.

    A task that was made for an older revision finds nothing left to do.

    Raises:
        Retry: It does not work now; the entry stays, with the time of the next try.
        GivenUp: It was refused for too long; a dead letter keeps it.
    """
    try:
        connection = ports.connections.get(command.tenant, command.connection)
        booking = ports.bookings.get(command.tenant, command.booking)
    except UnknownResource:
        return _done(ports, command, None, ExportOutcome(ExportResult.UNCHANGED))
    if connection.ended:
        mail_instead(ports, connection, booking)
        return _done(ports, command, booking, ExportOutcome(ExportResult.UNCHANGED))
    if not connection.usable:
        mail_instead(ports, connection, booking)
        return _waiting(ports, command, booking, _until_reconnected(ports, connection))
    try:
        notify = provider_notifies(ports, connection, booking)
        outcome = write_event(ports, connection, booking, notify=notify, lane=Lane.LIVE)
    except GrantRevoked:
        mail_instead(ports, connection, booking)
        return _waiting(ports, command, booking, _until_reconnected(ports, connection))
    except (Retry, Stop, UnexpectedReply) as failed:
        asked = failed.retry_after if isinstance(failed, Retry) else None
        again = ports.clock.now() + timedelta(seconds=asked or 0)
        if isinstance(failed, Retry):
            _mail_if_late(ports, connection, booking, again)
        else:
            mail_instead(ports, connection, booking)
        _put_off(ports, command, booking, due_at=again + RELAYED_AGAIN_AFTER, waiting_until=again)
        raise
    if outcome.until is None:
        if connection.settings.exports.attendee:
            mail_instead(ports, connection, booking)
        return _done(ports, command, booking, outcome)
    _mail_if_late(ports, connection, booking, outcome.until)
    if outcome.given_up:
        raise _given_up(ports, command, booking, outcome)
    return _waiting(ports, command, booking, outcome)


def write_event(
    ports: Ports, connection: Connection, booking: Booking, *, notify: bool, lane: Lane
) -> ExportOutcome:
    """Make, change, move or remove the event of ``booking``; one write at a time per calendar.

    Args:
        ports: The outside.
        connection: Whose calendar shows the booking.
        booking: The booking as it is now.
        notify: Whether the customer may be mailed, where the settings want it; never for a back-fill.
        lane: Whose share of the limits is used.

    Raises:
        Retry: It does not work now; trying again does nothing twice.
        GrantRevoked: The account must be connected again.
    """
    service = ports.catalogue.service(booking.tenant, booking.service)
    resource = ports.catalogue.resource(booking.tenant, booking.resource)
    job = BookingExport(ports, connection, booking, service, resource, notify=notify, lane=lane)
    known = export_target(connection)
    with lock(ports, "export", connection.provider, known.provider_id if known else connection.id):
        link = ports.bookings.link(booking.tenant, connection.id, booking.id)
        operation = operation_of(next_step(booking, link, target=None), link)
        paused = connection.waiting_until if connection.error == UsageExhausted.code else None
        if operation is Operation.INSERT and paused and paused > ports.clock.now():
            return ExportOutcome(ExportResult.PARKED, paused, connection.error)
        try:
            outcome = _take_next_step(job, link)
        except (Stop, UnexpectedReply, ProviderUnavailable) as refused:
            return wait_after_refusal(job, operation, refused)
    if operation is Operation.INSERT and paused:
        end_quota_wait(ports, connection.tenant, connection.id)
    return outcome


# What a step costs of the rate limits, in requests: reading what became of a write, then writing again.
_COSTS = {ExportStep.READ: 1 + COST_OF_PATCH, ExportStep.MOVE: 2}


def _take_next_step(job: BookingExport, link: ExportLink | None) -> ExportOutcome:
    """Compare the booking with what is known of its event, and do what `next_step` says has to be done."""
    if not job.connection.settings.exports.on:
        return remove_if_outdated(job, link)
    step = next_step(job.booking, link, target=None)
    if step is ExportStep.NOTHING:
        return ExportOutcome(ExportResult.UNCHANGED)
    if link and step is ExportStep.REMOVE:
        return remove_event(job, link)
    if link and step is ExportStep.SEARCH:
        return search_event(job, link)
    connection, target = export_calendar(job.ports, job.connection, lane=job.lane)
    job = replace(job, connection=connection)
    # Moving it means deleting it, and the provider would mail its guest that the appointment is cancelled.
    place = link.calendar if link and job.bound(link) else target.key
    step = next_step(job.booking, link, target=place)
    if link and step is ExportStep.UPDATE:
        return update_event(job, link)
    job = job.booking_units(_COSTS.get(step, 1))
    if link is None:
        return create_event(job, target, job.blank(target, epoch=0))
    if step is ExportStep.READ:
        return read_unanswered_write(job, target, link)
    if step is ExportStep.MOVE:
        staying = with_guests_who_are_mailed(job, link)
        return update_event(job, staying) if staying else move_event(job, target, link)
    anew = 1 if step is ExportStep.CREATE_ANEW else 0
    return create_event(job, target, job.blank(target, epoch=link.epoch + anew, before=link))


def _mail_if_late(ports: Ports, connection: Connection, booking: Booking, until: datetime) -> None:
    """Mail the customer ourselves where the event has to wait too long for the provider to do it."""
    if until - booking.updated_at > LONGEST_SILENCE:
        mail_instead(ports, connection, booking)


def _until_reconnected(ports: Ports, connection: Connection) -> ExportOutcome:
    """Nothing is written until the account is connected again, which queues the waiting exports itself."""
    return ExportOutcome(
        ExportResult.PARKED, ports.clock.now() + TRIED_AGAIN_AFTER, connection.error or "reauth_required"
    )


def _done(
    ports: Ports, command: ExportBooking, booking: Booking | None, outcome: ExportOutcome
) -> ExportOutcome:
    """Delete the entry of this task, and the one of the revision that is exported now."""
    done = {command.entry} if command.entry else set()
    if booking:
        done.add(export_entry_id(booking, command.connection))
    for entry in sorted(done):
        ports.ledger.done(entry)
    return outcome


def _given_up(ports: Ports, command: ExportBooking, booking: Booking, outcome: ExportOutcome) -> GivenUp:
    """Keep an export that is refused all the time as a dead letter, which a person can have tried again."""
    now, reason = ports.clock.now(), outcome.reason or "refused"
    _put_off(ports, command, booking, due_at=now, waiting_until=None, error=reason)
    entry = export_entry_id(booking, command.connection)
    present = replace(command, revision=booking.revision, entry=entry)
    letter = DeadLetter(
        id=letter_id(command.tenant, entry),
        tenant=command.tenant,
        work=command.work,
        lane=command.lane,
        payload=task_for(present, name=None).payload,
        code=reason,
        attempts=outcome.attempts,
        died_at=now,
    )
    ports.ledger.put_dead_letter(letter, entry=entry, rest=True)
    ports.log.warning("export_given_up", tenant=command.tenant, booking=booking.id, code=reason)
    return GivenUp("the event was not written", code=reason)


def _waiting(ports: Ports, command: ExportBooking, booking: Booking, outcome: ExportOutcome) -> ExportOutcome:
    now = ports.clock.now()
    until = outcome.until or now
    refused = outcome.reason if outcome.result is ExportResult.PARKED else None
    # The outbox relay looks once a minute, and a first pause is shorter: it is there for a lost task alone.
    soon = outcome.alone and until - now < RELAYED_AGAIN_AFTER
    due_at = until + RELAYED_AFTER if soon else until
    entry = _put_off(ports, command, booking, due_at=due_at, waiting_until=until, error=refused)
    if soon:
        enqueue_again(ports, entry, not_before=until)
    return outcome


def _put_off(
    ports: Ports,
    command: ExportBooking,
    booking: Booking,
    *,
    due_at: datetime,
    waiting_until: datetime | None,
    error: str | None = None,
) -> OutboxEntry:
    """Keep the entry of the present revision for later; this task's entry, if older, is part of it."""
    present = export_entry(
        booking,
        command.connection,
        created_at=booking.updated_at,
        due_at=due_at,
        waiting_until=waiting_until,
        error=error,
    )
    ports.ledger.put_outbox(present)
    if command.entry and command.entry != present.id:
        ports.ledger.done(command.entry)
    return present
