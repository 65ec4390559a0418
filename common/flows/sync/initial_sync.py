"""The first synchronisation of a connection, in both directions: start, each chunk, cancel, progress.

A run counts what there is to do, lists every calendar that is followed, and writes every booking of the
export window to the calendar. It does so in chunks, each of them one task: a chunk stores how far it came and
queues the next one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from common.domain.booking.booking import Booking
from common.domain.calendar.connection import Connection, Phase, Status, SyncRun
from common.domain.calendar.sync_state import CalendarSync
from common.domain.export.exported_event import ExportOutcome, ExportResult
from common.domain.shared.outbox import export_entries, export_entry, export_entry_id
from common.domain.shared.task_records import AdvanceSync
from common.domain.shared.tasks import Lane
from common.domain.sync.followed_calendars import followed_calendars
from common.domain.sync.initial_sync import encode_position
from common.errors import (
    CalendarGone,
    Conflict,
    Forbidden,
    ProviderUnavailable,
    RateLimited,
    Rejected,
    Retry,
    Stop,
    UnexpectedReply,
    UnknownResource,
)
from common.flows.shared.calendar_access import CalendarAccess, open_calendar
from common.flows.shared.connection_update import update_connection
from common.flows.shared.enqueue import (
    enqueue_run_chunk,
    enqueue_sync_for_request,
    request_sync,
    watch_run,
)
from common.flows.shared.lease import take_lease
from common.flows.shared.outbox import store_and_enqueue
from common.flows.sync.page import poll_at
from common.flows.sync.preview import (
    bookings_without_event,
    count_events,
    count_invitations,
    exportable_bookings,
    next_exportable_bookings,
)
from common.flows.sync.stalled import notify_stalled_run, run_stalled_since
from common.ports import Ports

# The first chunk is queued a second time for then, in case the process dies before it queues the first.
SECOND_START = timedelta(seconds=30)
# Until the next chunk looks again at a calendar that another task is synchronising.
BUSY_PAUSE = timedelta(seconds=5)
# Seconds that a run shows as its wait where a provider's limit names none.
LIMIT_SECONDS = 60.0
MAX_COUNTED_EXPORTS = 1_000
# A provider that does not answer the count of a calendar for longer is not waited for.
COUNTED_WITHIN = timedelta(seconds=30)


def start_sync(
    ports: Ports, *, tenant: str, connection: str, acknowledged_invitations: int | None = None
) -> SyncRun:
    """Begin a first synchronisation, or another one over everything: store the run, queue its first chunk.

    Args:
        ports: The ports.
        tenant: The tenant.
        connection: The connection.
        acknowledged_invitations: How many customers may be mailed invitations, as the preview counted them
            and a person confirmed. Without it nobody is mailed.

    Raises:
        Rejected: A run is under way already (``sync_running``), the connection cannot be used now, or the
            number of invitations is not the acknowledged one any more (``invitations_changed``).
    """
    found = ports.connections.get(tenant, connection)
    _check_startable(found)
    notify = _check_invitations(ports, found, acknowledged_invitations)
    now = ports.clock.now()
    run = SyncRun(
        id=ports.keys.token()[:22],
        phase=Phase.COUNTING,
        seq=0,
        calendars=followed_calendars(found),
        started_at=now,
        notify=notify,
    )
    # Queued before the run is stored as well: should this process die after the commit, it starts anyway.
    enqueue_run_chunk(ports, found, run, not_before=now + SECOND_START, cause="later")

    def start(current: Connection) -> Connection:
        _check_startable(current)
        started = replace(run, calendars=followed_calendars(current))
        return replace(current, status=Status.ACTIVE, run=started, error=None, waiting_until=None)

    saved = update_connection(ports, tenant, connection, start)
    enqueue_run_chunk(ports, saved, run)
    watch_run(ports, saved, run)
    return saved.run or run


def _check_startable(connection: Connection) -> None:
    if not connection.usable:
        raise Rejected("this connection cannot be used now", code=connection.status.value)
    if connection.run is not None and connection.run.running:
        raise Rejected("a synchronisation is under way", code="sync_running")


def _check_invitations(ports: Ports, connection: Connection, acknowledged: int | None) -> bool:
    """Whether customers are mailed in this run."""
    if acknowledged is None:
        return False
    bookings = exportable_bookings(ports, connection, since=ports.clock.now())
    number = count_invitations(ports, connection, bookings_without_event(ports, connection, bookings))
    if acknowledged != number:
        raise Rejected("the number of invitations is another one by now", code="invitations_changed")
    return number > 0


@dataclass(frozen=True, slots=True)
class _Chunk:
    """The run after a chunk; ``failed`` is why it came to an early end and is to be tried again."""

    run: SyncRun
    not_before: datetime | None = None
    failed: Retry | None = None


def advance_sync(ports: Ports, task: AdvanceSync) -> SyncRun | None:
    """Do one chunk; the run as it is then, or None where there is nothing (left) to do.

    Repeating a chunk is harmless, because pages and exports are; a chunk that was done already only makes
    sure that the next one is queued. A chunk that was overtaken, by a cancel, by other settings or by its own
    repetition, leaves the run alone.

    Raises:
        Retry: The provider or the store asks to come back later; until when can be read on the run.
        Stop: Only a person can help; the run goes on once the account is connected again.
    """
    try:
        connection = ports.connections.get(task.tenant, task.connection)
    except UnknownResource:
        return None
    run = connection.run
    if run is None or run.id != task.run or not run.running or not connection.usable:
        return None
    if run.seq != task.seq:
        enqueue_run_chunk(ports, connection, run)
        return run
    notify_stalled_run(ports, connection)
    # What the provider asked for is no standstill: from its end on the run is expected to come on.
    moved_at = max(filter(None, (run.moved_at, run.started_at, run.told_wait)))
    begun = replace(run, waiting_until=None, error=None, moved_at=moved_at)
    try:
        chunk = _do_chunk(ports, connection, begun)
    except RateLimited as limited:
        chunk = _Chunk(begun, failed=limited)
    except Stop as stopped:
        _store_run(ports, task, run, replace(run, error=stopped.reason))
        raise
    if chunk.failed is not None:
        _store_wait(ports, task, run, chunk.run, chunk.failed)
        raise chunk.failed
    saved = _store_run(ports, task, run, replace(chunk.run, seq=run.seq + 1))
    if saved.run is not None and saved.run.running:
        enqueue_run_chunk(ports, saved, saved.run, not_before=chunk.not_before)
    return saved.run


def _do_chunk(ports: Ports, connection: Connection, run: SyncRun) -> _Chunk:
    if run.phase is Phase.COUNTING:
        return _count_chunk(ports, connection, run)
    if run.phase is Phase.IMPORTING:
        return _import_chunk(ports, connection, run)
    return _export_chunk(ports, connection, run)


def _store_wait(ports: Ports, task: AdvanceSync, before: SyncRun, done: SyncRun, failed: Retry) -> None:
    """Store what the chunk has done, and until when it waits; the same chunk then goes on from there."""
    until = None
    if isinstance(failed, RateLimited):
        until = ports.clock.now() + timedelta(seconds=failed.retry_after or LIMIT_SECONDS)
    _store_run(ports, task, before, replace(done, waiting_until=until, error=failed.reason))


def _store_run(ports: Ports, task: AdvanceSync, before: SyncRun, after: SyncRun) -> Connection:
    """Store the run, unless it is not any more what the chunk began with."""
    if after.progress != before.progress:
        after = replace(after, moved_at=ports.clock.now())

    def advance(current: Connection) -> Connection:
        return replace(current, run=after) if current.run == before else current

    return update_connection(ports, task.tenant, task.connection, advance)


def _count_chunk(ports: Ports, connection: Connection, run: SyncRun) -> _Chunk:
    """Count the events of one calendar; after the last one count the bookings, and go on to importing."""
    if run.position < len(run.calendars):
        access = open_calendar(
            ports,
            tenant=connection.tenant,
            connection=connection.id,
            key=run.calendars[run.position],
            lane=Lane.BACKFILL,
        )
        try:
            wanted = access if access and access.purpose.imports else None
            found = count_events(ports, wanted, until=_until(ports)) if wanted else 0
        except (CalendarGone, Forbidden):
            # The other calendars do not wait for one that nobody can read.
            found = 0
        except (ProviderUnavailable, UnexpectedReply):
            # Nor does the listing, which asks for less at a time, for a number that only shows the progress.
            if ports.clock.now() - (run.moved_at or run.started_at) < COUNTED_WITHIN:
                raise
            found = 0
        return _Chunk(replace(run, position=run.position + 1, imports_total=run.imports_total + found))
    exporting = connection.settings.exports.on
    bookings = exportable_bookings(ports, connection, since=run.started_at) if exporting else ()
    return _Chunk(replace(run, phase=Phase.IMPORTING, position=0, exports_total=len(bookings)))


def _import_chunk(ports: Ports, connection: Connection, run: SyncRun) -> _Chunk:
    """List one calendar as far as a chunk goes; after the last calendar go on to exporting."""
    if run.position >= len(run.calendars):
        # What there really was is known now: the estimate counted what is not kept, or less than there is.
        imported = replace(run, imports_total=run.imports_done)
        return _Chunk(replace(imported, phase=Phase.EXPORTING, position=0, export_after=None))
    key = run.calendars[run.position]
    limited: RateLimited | None = None
    try:
        listing = list_calendar(ports, connection, key, cause=f"run/{run.id}")
    except RateLimited as failed:
        # What was stored before the limit counts.
        listing, limited = ListingProgress.MORE, failed
    except (CalendarGone, Forbidden) as refused:
        return _Chunk(replace(run, position=run.position + 1, error=refused.reason))
    states = ports.sync_states.of_connection(connection.tenant, connection.id)
    listed = sum(state.listed for state in states if state.key in run.calendars)
    after = replace(run, imports_done=max(run.imports_done, listed))
    if listing is ListingProgress.DONE:
        return _Chunk(replace(after, position=run.position + 1))
    busy = listing is ListingProgress.BUSY
    return _Chunk(after, not_before=ports.clock.now() + BUSY_PAUSE if busy else None, failed=limited)


def _until(ports: Ports) -> datetime:
    """When a task begins no further calls, so that what it did is stored in time."""
    return ports.clock.now() + timedelta(seconds=ports.tuning.task_seconds)


class ListingProgress(StrEnum):
    """How the listing of a calendar stands after a chunk; BUSY: another task is at it."""

    DONE = "done"
    MORE = "more"
    BUSY = "busy"


def list_calendar(ports: Ports, connection: Connection, key: str, *, cause: str) -> ListingProgress:
    """Open the push channel, then list page by page; a calendar that another task works on is left to it.

    Raises:
        Retry: The provider or the store asks to come back later; the stored cursor is where to go on.
        Stop: Only a person can help.
    """
    state = ports.sync_states.get(connection.tenant, connection.id, key)
    if state.cursor is not None and not state.unfinished:
        return ListingProgress.DONE
    if state.generation > 1:
        # A listing that was begun anew has its own chain of tasks, which also looks for lost exports.
        request_sync(
            ports,
            tenant=connection.tenant,
            connection=connection.id,
            calendar=key,
            cause=f"{cause}/{state.generation}",
        )
        return ListingProgress.BUSY
    if state.leased(now=ports.clock.now()):
        return ListingProgress.BUSY
    holder = ports.keys.token()
    # Polled from now on: should everything else fail, the poll comes back to it.
    first_poll = state.poll_at or poll_at(ports, state, ports.clock.now())
    leased = take_lease(ports, replace(state, poll_at=first_poll), holder=holder)
    if leased is None:
        return ListingProgress.BUSY
    return _list_pages(ports, connection, leased, holder=holder)


def _list_pages(
    ports: Ports, connection: Connection, leased: CalendarSync, *, holder: str
) -> ListingProgress:
    # Whoever only starts or watches a synchronisation reads no calendar.
    from common.flows.sync.sync_calendar import SyncPass, run_pass  # noqa: PLC0415

    key, current = leased.key, SyncPass(leased)

    def open_now(_: Lane) -> CalendarAccess | None:
        return open_calendar(
            ports, tenant=connection.tenant, connection=connection.id, key=key, lane=Lane.BACKFILL
        )

    try:
        wanted = run_pass(ports, current, open_now, holder=holder)
    except Conflict:
        return ListingProgress.BUSY
    state = current.state
    # A task that came meanwhile found the lease taken, counted its request, and left it to this one.
    requested = ports.sync_states.requested(state.tenant, state.connection, state.key)
    if requested > state.done_request and current.finished:
        enqueue_sync_for_request(ports, state, requested)
    return ListingProgress.MORE if wanted and state.unfinished else ListingProgress.DONE


def _export_chunk(ports: Ports, connection: Connection, run: SyncRun) -> _Chunk:
    """Write some bookings to the calendar; the position moves past what succeeded or failed for good."""
    if not connection.settings.exports.on:
        return _Chunk(_finished(ports, run))
    limit = ports.tuning.backfill_chunk
    bookings = next_exportable_bookings(
        ports, connection, since=run.started_at, after=run.export_after, limit=limit
    )
    until = _until(ports)
    for number, booking in enumerate(bookings):
        if number and ports.clock.now() >= until:
            return _Chunk(run)
        # Read anew: a calendar of our own that the last booking had made is known from then on.
        current = ports.connections.get(connection.tenant, connection.id)
        if current.run is None or current.run.seq != run.seq or not current.usable:
            return _Chunk(run)
        try:
            outcome = _export(ports, current, booking, mailing=run.notify)
        except Retry as failed:
            return _Chunk(run, failed=failed)
        except (UnexpectedReply, UnknownResource) as failed:
            ports.log.warning("export_failed", tenant=booking.tenant, booking=booking.id, code=failed.reason)
            run = replace(run, exports_failed=run.exports_failed + 1, export_after=encode_position(booking))
            continue
        if outcome.result is ExportResult.PARKED and not outcome.alone:
            waiting = replace(run, waiting_until=outcome.until, error=outcome.reason)
            return _Chunk(waiting, not_before=outcome.until)
        if outcome.until is not None:
            # It waits by itself: the other bookings do not wait for it.
            _leave_to_outbox(ports, current, booking, outcome)
            run = replace(run, exports_failed=run.exports_failed + 1, export_after=encode_position(booking))
            continue
        run = replace(run, exports_done=run.exports_done + 1, export_after=encode_position(booking))
    return _Chunk(run if len(bookings) == limit else _finished(ports, run))


def _export(ports: Ports, connection: Connection, booking: Booking, *, mailing: bool) -> ExportOutcome:
    """Write one booking as it is now; one that changes meanwhile is written again on its own.

    One whose own export is still to come is left to it: that one tells the customer, and this run does not.
    """
    # Whoever only starts or watches a synchronisation writes no event.
    from common.flows.export.export_booking import write_event  # noqa: PLC0415

    current = ports.bookings.get(booking.tenant, booking.id)
    own_export = export_entry_id(current, connection.id)
    if not current.active or ports.ledger.outbox(own_export) is not None:
        return ExportOutcome(ExportResult.UNCHANGED)
    now = ports.clock.now()
    # Customers of past appointments are never mailed, whatever was acknowledged.
    notify = mailing and current.interval.start > now
    outcome = write_event(ports, connection, current, notify=notify, lane=Lane.BACKFILL)
    later = ports.bookings.get(booking.tenant, booking.id)
    if later.revision != current.revision:
        store_and_enqueue(ports, export_entries(later, (connection,), now=now))
    return outcome


def _leave_to_outbox(ports: Ports, connection: Connection, booking: Booking, outcome: ExportOutcome) -> None:
    """Have an export that waits tried again later, unless that is arranged already."""
    present = ports.bookings.get(booking.tenant, booking.id)
    if ports.ledger.outbox(export_entry_id(present, connection.id)) is not None:
        return
    until = outcome.until or ports.clock.now()
    ports.ledger.put_outbox(
        export_entry(
            present,
            connection.id,
            created_at=present.updated_at,
            due_at=until,
            waiting_until=until,
            error=outcome.reason,
        )
    )


def _finished(ports: Ports, run: SyncRun) -> SyncRun:
    # A booking that was cancelled while the run was under way had nothing left to be done.
    done = run.exports_done + run.exports_failed
    return replace(
        run, phase=Phase.DONE, exports_total=done, finished_at=ports.clock.now(), waiting_until=None
    )


def cancel_sync(ports: Ports, *, tenant: str, connection: str) -> SyncRun:
    """End the run: what is synchronised stays and is kept in step, the rest is left.

    A chunk that is under way finds out when it stores the run. Cancelling twice is fine.

    Raises:
        Rejected: Nothing was ever started (``no_sync``), or it is done (``sync_done``).
    """
    now = ports.clock.now()

    def cancel(current: Connection) -> Connection:
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

    saved = update_connection(ports, tenant, connection, cancel)
    if saved.run is None:
        raise Rejected("no synchronisation was started", code="no_sync")
    return saved.run


@dataclass(frozen=True, slots=True)
class Progress:
    """Where a run is; ``phase`` None means that none was ever started.

    ``waiting_exports`` bookings have not reached the calendar yet (counted up to 1,000); the next of them is
    tried at ``next_try``. ``stalled_since`` is since when it has not come on although the provider did not
    ask it to wait.
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
    stalled_since: datetime | None = None


def read_progress(ports: Ports, *, tenant: str, connection: str) -> Progress:
    """How far the run of a connection is, and how many exports wait in its outbox.

    Raises:
        UnknownResource: There is no such connection.
    """
    found = ports.connections.get(tenant, connection)
    waiting = ports.ledger.outbox_of(tenant, connection, MAX_COUNTED_EXPORTS)
    now = ports.clock.now()
    tries = [max(entry.waiting_until or entry.due_at, now) for entry in waiting]
    run = found.run
    return Progress(
        phase=run.phase if run else None,
        done=run.done if run else 0,
        total=run.total if run else 0,
        failed=run.exports_failed if run else 0,
        percentage=run.percentage if run else 0,
        waiting_until=_waiting_until(found, run, now),
        waiting_exports=len(waiting),
        next_try=min(tries, default=None),
        error=(run.error if run and run.error else found.error),
        stalled_since=run_stalled_since(ports, found) if found.usable else None,
    )


def _waiting_until(connection: Connection, run: SyncRun | None, now: datetime) -> datetime | None:
    moments = [connection.waiting_until, run.waiting_until if run and run.running else None]
    return max((moment for moment in moments if moment and moment > now), default=None)
