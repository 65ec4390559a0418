"""The chunks of a synchronisation run: each says where the run stands after it, and when to go on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from common.domain.account import Connection, Phase, SyncRun
from common.domain.backfill import position_of
from common.domain.booking import Booking
from common.domain.mirroring import Outcome, Result
from common.domain.work import Lane
from common.errors import CalendarGone, Forbidden, Retry, UnexpectedReply, UnknownResource
from common.flows.steps.backfill import all_bookings, next_bookings
from common.flows.steps.export_write import write
from common.flows.steps.first_listing import Advance, advance_feed
from common.flows.steps.outbox import announce, promises
from common.flows.steps.reading import open_reading
from common.flows.steps.volume import events_in
from common.ports import Ports

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
        reading = open_reading(
            ports,
            tenant=connection.tenant,
            connection=connection.id,
            key=run.calendars[run.position],
            lane=Lane.BACKFILL,
        )
        try:
            found = events_in(ports, reading) if reading and reading.wanted.imports else 0
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
    feeds = ports.feeds.of_connection(connection.tenant, connection.id)
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
        if outcome.result is Result.PARKED:
            waiting = replace(run, waiting_until=outcome.until, error=outcome.reason)
            return Chunk(waiting, not_before=outcome.until)
        run = replace(run, exports_done=run.exports_done + 1, export_after=position_of(booking))
    return Chunk(run if len(bookings) == limit else ended(ports, run))


def _write(ports: Ports, connection: Connection, booking: Booking, *, mailing: bool) -> Outcome:
    """Write one booking as it is now; one that changes meanwhile is written again on its own."""
    current = ports.bookings.get(booking.tenant, booking.id)
    if not current.active:
        return Outcome(Result.UNCHANGED)
    now = ports.clock.now()
    # Customers of past appointments are never mailed, whatever was acknowledged.
    notify = mailing and current.interval.start > now
    outcome = write(ports, connection, current, notify=notify, lane=Lane.BACKFILL)
    later = ports.bookings.get(booking.tenant, booking.id)
    if later.revision != current.revision:
        entries = promises(later, (connection,), now=now)
        for entry in entries:
            ports.ledger.put_outbox(entry)
        announce(ports, entries)
    return outcome


def ended(ports: Ports, run: SyncRun) -> SyncRun:
    """The run at its end."""
    return replace(run, phase=Phase.DONE, finished_at=ports.clock.now(), waiting_until=None)
