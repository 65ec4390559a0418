"""Starts a first synchronisation, or another one over everything."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from common.domain.booking.booking import Booking
from common.domain.calendar.connection import Connection, Phase, Status, SyncRun
from common.domain.export.exported_event import ExportOutcome, ExportResult
from common.domain.shared.outbox import export_entries
from common.domain.shared.task_records import AdvanceSync
from common.domain.shared.tasks import Lane
from common.domain.sync.followed_calendars import followed_calendars
from common.domain.sync.initial_sync import position_of
from common.errors import (
    CalendarGone,
    Conflict,
    Forbidden,
    RateLimited,
    Rejected,
    Retry,
    Stop,
    UnexpectedReply,
    UnknownResource,
)
from common.flows.export.export_booking import write_event
from common.flows.shared.calendar_access import CalendarAccess, open_calendar
from common.flows.shared.connection_update import update_connection
from common.flows.shared.enqueue import enqueue_run_chunk, enqueue_sync_for_request, request_sync
from common.flows.shared.lease import take_lease
from common.flows.shared.outbox import store_and_enqueue
from common.flows.sync.page import poll_at
from common.flows.sync.preview import all_bookings, events_in, invitations, next_bookings, unlinked
from common.flows.sync.sync_calendar import SyncPass, run_pass
from common.ports import Ports

SECOND_LOOK = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class StartSync:
    """For which connection; ``acknowledged_invitations`` is the preview's number, said back by the person.

    Without it nobody is mailed.
    """

    tenant: str
    connection: str
    acknowledged_invitations: int | None = None


def start_sync(ports: Ports, command: StartSync) -> SyncRun:
    """Create the run and queue its first chunk.

    Raises:
        Rejected: A run is under way already (``sync_running``), the connection cannot be used now, or the
            number of invitations is not the acknowledged one any more (``invitations_changed``).
    """
    found = ports.connections.get(command.tenant, command.connection)
    _startable(found)
    notify = _acknowledged(ports, found, command.acknowledged_invitations)
    now = ports.clock.now()
    run = SyncRun(
        id=ports.keys.token()[:22],
        phase=Phase.COUNTING,
        seq=0,
        calendars=followed_calendars(found),
        started_at=now,
        notify=notify,
    )
    # Queued before the run exists as well: should this instance die after the commit, it starts all the same.
    enqueue_run_chunk(ports, found, run, not_before=now + SECOND_LOOK, cause="later")

    def started(current: Connection) -> Connection:
        _startable(current)
        changed = replace(run, calendars=followed_calendars(current))
        return replace(current, status=Status.ACTIVE, run=changed, error=None, waiting_until=None)

    saved = update_connection(ports, command.tenant, command.connection, started)
    enqueue_run_chunk(ports, saved, run)
    return saved.run or run


def _startable(connection: Connection) -> None:
    if not connection.usable:
        raise Rejected("this connection cannot be used now", code=connection.status.value)
    if connection.run is not None and connection.run.running:
        raise Rejected("a synchronisation is under way", code="sync_running")


def _acknowledged(ports: Ports, connection: Connection, acknowledged: int | None) -> bool:
    if acknowledged is None:
        return False
    bookings = all_bookings(ports, connection, since=ports.clock.now())
    number = invitations(ports, connection, unlinked(ports, connection, bookings))
    if acknowledged != number:
        raise Rejected("the number of invitations is another one by now", code="invitations_changed")
    return number > 0


@dataclass(frozen=True, slots=True)
class CancelSync:
    """Of which connection."""

    tenant: str
    connection: str


def cancel_sync(ports: Ports, command: CancelSync) -> SyncRun:
    """End the run: what is synchronised stays and is kept in step, the rest is left.

    A chunk that is being worked off notices when it wants to commit. Cancelling twice is fine.

    Raises:
        Rejected: Nothing was ever started (``no_sync``), or it is done (``sync_done``).
    """
    now = ports.clock.now()

    def cancelled(current: Connection) -> Connection:
        run = current.run
        if run is None or run.phase is Phase.CANCELLED:
            return current
        if not run.running:
            raise Rejected("there is nothing left to cancel", code="sync_done")
        return replace(
            current,
            run=replace(
                run, phase=Phase.CANCELLED, seq=run.seq + 1, finished_at=now, waiting_until=None, error=None
            ),
        )

    saved = update_connection(ports, command.tenant, command.connection, cancelled)
    if saved.run is None:
        raise Rejected("no synchronisation was started", code="no_sync")
    return saved.run


MOST_COUNTED = 1_000


@dataclass(frozen=True, slots=True)
class ReadProgress:
    """Of which connection."""

    tenant: str
    connection: str


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run is; ``phase`` None means that none was ever started.

    ``waiting_exports`` bookings have not reached the calendar yet (counted up to 1,000); the next of them is
    tried at ``next_try``.
    """

    phase: Phase | None
    done: int
    total: int
    failed: int
    percentage: int
    waiting_until: datetime | None
    waiting_exports: int
    next_try: datetime | None
    error: str | None


def read_progress(ports: Ports, command: ReadProgress) -> Progress:
    """Read the run and the outbox of a connection."""
    connection = ports.connections.get(command.tenant, command.connection)
    waiting = ports.ledger.outbox_of(command.tenant, command.connection, MOST_COUNTED)
    now = ports.clock.now()
    tries = [max(entry.waiting_until or entry.due_at, now) for entry in waiting]
    run = connection.run
    return Progress(
        phase=run.phase if run else None,
        done=run.done if run else 0,
        total=run.total if run else 0,
        failed=run.exports_failed if run else 0,
        percentage=run.percentage if run else 0,
        waiting_until=_until(connection, run, now),
        waiting_exports=len(waiting),
        next_try=min(tries, default=None),
        error=(run.error if run and run.error else connection.error),
    )


def _until(connection: Connection, run: SyncRun | None, now: datetime) -> datetime | None:
    moments = [connection.waiting_until, run.waiting_until if run and run.running else None]
    return max((moment for moment in moments if moment and moment > now), default=None)


class Advance(StrEnum):
    """How a calendar stands after a chunk."""

    DONE = "done"
    MORE = "more"
    BUSY = "busy"


def advance_feed(ports: Ports, connection: Connection, key: str, *, cause: str) -> Advance:
    """Open the channel, then list, page by page; a calendar that somebody else works on is left to them.

    Raises:
        Retry: The provider or the store asks to come back later; the stored cursor is where to go on.
        Stop: Only a person can help.
    """
    feed = ports.sync_states.get(connection.tenant, connection.id, key)
    if feed.cursor is not None and not feed.unfinished:
        return Advance.DONE
    if feed.generation > 1:
        # A listing that was begun anew has its own chain of tasks, which also looks for lost exports.
        request_sync(
            ports,
            tenant=connection.tenant,
            connection=connection.id,
            calendar=key,
            cause=f"{cause}/{feed.generation}",
        )
        return Advance.BUSY
    if feed.leased(now=ports.clock.now()):
        return Advance.BUSY
    holder = ports.keys.token()
    # Polled from now on: should everything else fail, the poll comes back to it.
    floor = feed.poll_at or poll_at(ports, feed, ports.clock.now())
    mine = take_lease(ports, replace(feed, poll_at=floor), holder=holder)
    if mine is None:
        return Advance.BUSY
    return _listed(ports, connection, SyncPass(mine), key=key, holder=holder)


def _listed(ports: Ports, connection: Connection, current: SyncPass, *, key: str, holder: str) -> Advance:
    def open_now(_: Lane) -> CalendarAccess | None:
        return open_calendar(
            ports, tenant=connection.tenant, connection=connection.id, key=key, lane=Lane.BACKFILL
        )

    try:
        wanted = run_pass(ports, current, open_now, holder=holder)
    except Conflict:
        return Advance.BUSY
    feed = current.state
    # Whoever wanted to look meanwhile found the lease taken, and counts on us.
    requested = ports.sync_states.requested(feed.tenant, feed.connection, feed.key)
    if requested > feed.done_request and current.finished:
        enqueue_sync_for_request(ports, feed, requested)
    return Advance.MORE if wanted and feed.unfinished else Advance.DONE


BUSY_FOR = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Chunk:
    """The run after a chunk; ``failed`` is why it came to an early end and is to be tried again."""

    run: SyncRun
    not_before: datetime | None = None
    failed: Retry | None = None


def count(ports: Ports, connection: Connection, run: SyncRun) -> Chunk:
    """Count one calendar; after the last one the bookings, and begin."""
    if run.position < len(run.calendars):
        reading = open_calendar(
            ports,
            tenant=connection.tenant,
            connection=connection.id,
            key=run.calendars[run.position],
            lane=Lane.BACKFILL,
        )
        try:
            found = events_in(ports, reading) if reading and reading.purpose.imports else 0
        except (CalendarGone, Forbidden):
            # The other calendars do not wait for one that nobody can read.
            found = 0
        return Chunk(replace(run, position=run.position + 1, imports_total=run.imports_total + found))
    exporting = connection.settings.exports.on
    bookings = all_bookings(ports, connection, since=run.started_at) if exporting else ()
    return Chunk(replace(run, phase=Phase.IMPORTING, position=0, exports_total=len(bookings)))


def bring_in(ports: Ports, connection: Connection, run: SyncRun) -> Chunk:
    """List one calendar as far as a chunk goes; after the last one the exports begin."""
    if run.position >= len(run.calendars):
        return Chunk(replace(run, phase=Phase.EXPORTING, position=0, export_after=None))
    key = run.calendars[run.position]
    try:
        advance = advance_feed(ports, connection, key, cause=f"run/{run.id}")
    except (CalendarGone, Forbidden) as refused:
        return Chunk(replace(run, position=run.position + 1, error=refused.reason))
    feeds = ports.sync_states.of_connection(connection.tenant, connection.id)
    listed = sum(feed.listed for feed in feeds if feed.key in run.calendars)
    after = replace(run, imports_done=max(run.imports_done, listed))
    if advance is Advance.DONE:
        return Chunk(replace(after, position=run.position + 1))
    busy = advance is Advance.BUSY
    return Chunk(after, not_before=ports.clock.now() + BUSY_FOR if busy else None)


def send_out(ports: Ports, connection: Connection, run: SyncRun) -> Chunk:
    """Write some bookings to the calendar; the position moves past what succeeded or failed for good."""
    if not connection.settings.exports.on:
        return Chunk(ended(ports, run))
    limit = ports.tuning.backfill_chunk
    bookings = next_bookings(ports, connection, since=run.started_at, after=run.export_after, limit=limit)
    for booking in bookings:
        # Read anew: a calendar of our own that the last booking had made is known from then on.
        now = ports.connections.get(connection.tenant, connection.id)
        if now.run is None or now.run.seq != run.seq or not now.usable:
            return Chunk(run)
        try:
            outcome = _write(ports, now, booking, mailing=run.notify)
        except Retry as failed:
            return Chunk(run, failed=failed)
        except (UnexpectedReply, UnknownResource) as failed:
            ports.log.warning("export_failed", tenant=booking.tenant, booking=booking.id, code=failed.reason)
            run = replace(run, exports_failed=run.exports_failed + 1, export_after=position_of(booking))
            continue
        if outcome.result is ExportResult.PARKED:
            waiting = replace(run, waiting_until=outcome.until, error=outcome.reason)
            return Chunk(waiting, not_before=outcome.until)
        run = replace(run, exports_done=run.exports_done + 1, export_after=position_of(booking))
    return Chunk(run if len(bookings) == limit else ended(ports, run))


def _write(ports: Ports, connection: Connection, booking: Booking, *, mailing: bool) -> ExportOutcome:
    """Write one booking as it is now; one that changes meanwhile is written again on its own."""
    current = ports.bookings.get(booking.tenant, booking.id)
    if not current.active:
        return ExportOutcome(ExportResult.UNCHANGED)
    now = ports.clock.now()
    # Customers of past appointments are never mailed, whatever was acknowledged.
    notify = mailing and current.interval.start > now
    outcome = write_event(ports, connection, current, notify=notify, lane=Lane.BACKFILL)
    later = ports.bookings.get(booking.tenant, booking.id)
    if later.revision != current.revision:
        store_and_enqueue(ports, export_entries(later, (connection,), now=now))
    return outcome


def ended(ports: Ports, run: SyncRun) -> SyncRun:
    """The run at its end."""
    return replace(run, phase=Phase.DONE, finished_at=ports.clock.now(), waiting_until=None)


LIMITED = 60.0
_CHUNKS = {Phase.COUNTING: count, Phase.IMPORTING: bring_in, Phase.EXPORTING: send_out}


def advance_sync(ports: Ports, command: AdvanceSync) -> SyncRun | None:
    """Do one chunk; the run as it is then, or None where there is nothing (left) to do.

    Repeating a chunk is harmless, because pages and exports are; a chunk that was done already only makes
    sure that the next one is queued. A chunk that was overtaken, by a cancel, by other settings or by its own
    repetition, leaves the run alone.

    Raises:
        Retry: The provider or the store asks to come back later; until when can be read on the run.
        Stop: Only a person can help; the run goes on once the account is connected again.
    """
    try:
        connection = ports.connections.get(command.tenant, command.connection)
    except UnknownResource:
        return None
    run = connection.run
    if run is None or run.id != command.run or not run.running or not connection.usable:
        return None
    if run.seq != command.seq:
        enqueue_run_chunk(ports, connection, run)
        return run
    begun = replace(run, waiting_until=None, error=None)
    try:
        chunk = _CHUNKS[run.phase](ports, connection, begun)
    except RateLimited as limited:
        chunk = Chunk(begun, failed=limited)
    except Stop as stopped:
        _commit(ports, command, run, replace(run, error=stopped.reason))
        raise
    if chunk.failed is not None:
        _put_off(ports, command, run, chunk)
        raise chunk.failed
    saved = _commit(ports, command, run, replace(chunk.run, seq=run.seq + 1))
    if saved.run is not None and saved.run.running:
        enqueue_run_chunk(ports, saved, saved.run, not_before=chunk.not_before)
    return saved.run


def _put_off(ports: Ports, command: AdvanceSync, run: SyncRun, chunk: Chunk) -> None:
    """Keep what the chunk has done, and say until when it waits; the same chunk then goes on from there."""
    failed = chunk.failed
    until = None
    if isinstance(failed, RateLimited):
        until = ports.clock.now() + timedelta(seconds=failed.retry_after or LIMITED)
    error = failed.reason if failed else None
    _commit(ports, command, run, replace(chunk.run, waiting_until=until, error=error))


def _commit(ports: Ports, command: AdvanceSync, before: SyncRun, after: SyncRun) -> Connection:
    """Store the run, unless it is not any more what the chunk began with."""

    def moved(current: Connection) -> Connection:
        return replace(current, run=after) if current.run == before else current

    return update_connection(ports, command.tenant, command.connection, moved)
