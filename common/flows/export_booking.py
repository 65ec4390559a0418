"""Keeps one promise of the outbox: a booking's event in one connection's calendar."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from common.domain.account import Connection, Status
from common.domain.booking import Booking
from common.domain.mirroring import Outcome, Result
from common.domain.work import Lane, OutboxEntry, OutboxKind
from common.errors import GrantRevoked, Retry, Stop, UnexpectedReply, UnknownResource
from common.flows.steps.export_write import write
from common.flows.steps.outbox import entry_id
from common.flows.steps.telling import provider_tells
from common.ports import Ports

# The task itself comes back sooner; the sweep is for the one that never does.
SWEPT_AFTER = timedelta(minutes=15)
RECONNECTED_AFTER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class ExportBooking:
    """Which booking, where, and which promise; ``revision`` is that of the booking when it was given."""

    tenant: str
    booking: str
    connection: str
    revision: int | None = None
    entry: str | None = None


def export_booking(ports: Ports, command: ExportBooking) -> Outcome:
    """Bring the event in line with the booking; the promise is kept, or waits until a known time.

    A task of an older revision finds nothing left to do.

    Raises:
        Retry: It does not work now; the promise stays, with the time of the next try.
    """
    try:
        connection = ports.connections.get(command.tenant, command.connection)
        booking = ports.bookings.get(command.tenant, command.booking)
    except UnknownResource:
        return _kept(ports, command, None, Outcome(Result.UNCHANGED))
    if connection.status in _ENDED:
        return _kept(ports, command, booking, Outcome(Result.UNCHANGED))
    if not connection.usable:
        return _waiting(ports, command, booking, _until_reconnected(ports, connection))
    try:
        notify = provider_tells(ports, connection, booking)
        outcome = write(ports, connection, booking, notify=notify, lane=Lane.LIVE)
    except GrantRevoked:
        return _waiting(ports, command, booking, _until_reconnected(ports, connection))
    except (Retry, Stop, UnexpectedReply) as failed:
        asked = failed.retry_after if isinstance(failed, Retry) else None
        again = ports.clock.now() + timedelta(seconds=asked or 0)
        _put_off(ports, command, booking, due_at=again + SWEPT_AFTER, waiting_until=again)
        raise
    if outcome.until is None:
        return _kept(ports, command, booking, outcome)
    return _waiting(ports, command, booking, outcome)


_ENDED = frozenset({Status.DISCONNECTING, Status.DISCONNECTED})


def _until_reconnected(ports: Ports, connection: Connection) -> Outcome:
    return Outcome(
        Result.PARKED, ports.clock.now() + RECONNECTED_AFTER, connection.error or "reauth_required"
    )


def _kept(ports: Ports, command: ExportBooking, booking: Booking | None, outcome: Outcome) -> Outcome:
    """Forget the promise that brought us here, and the one for the revision that is written now."""
    kept = {command.entry} if command.entry else set()
    if booking:
        kept.add(entry_id(booking, command.connection))
    for entry in sorted(kept):
        ports.ledger.done(entry)
    return outcome


def _waiting(ports: Ports, command: ExportBooking, booking: Booking, outcome: Outcome) -> Outcome:
    until = outcome.until or ports.clock.now()
    _put_off(ports, command, booking, due_at=until, waiting_until=until)
    return outcome


def _put_off(
    ports: Ports, command: ExportBooking, booking: Booking, *, due_at: datetime, waiting_until: datetime
) -> None:
    """The promise for the present revision stays; older ones of the same booking are part of it."""
    present = entry_id(booking, command.connection)
    ports.ledger.put_outbox(
        OutboxEntry(
            id=present,
            tenant=booking.tenant,
            kind=OutboxKind.EXPORT,
            booking=booking.id,
            connection=command.connection,
            revision=booking.revision,
            created_at=booking.updated_at,
            due_at=due_at,
            waiting_until=waiting_until,
        )
    )
    if command.entry and command.entry != present:
        ports.ledger.done(command.entry)
