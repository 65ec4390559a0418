"""What the clock brings about: channels are renewed, calendars polled, forgotten exports tried again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from common.domain.calendar.connection import Connection
from common.domain.calendar.sync_state import CalendarSync
from common.domain.shared.outbox import OutboxKind
from common.domain.shared.task_records import Maintain, MaintenanceJob
from common.domain.shared.tasks import Lane, Task, Work
from common.domain.sync.schedule import next_poll, overdue, time_bucket
from common.errors import Conflict, UnknownResource
from common.flows.booking.commit import end_expired_holds
from common.flows.shared.enqueue import enqueue_upkeep, request_sync
from common.flows.shared.outbox import outbox_task
from common.ports import Ports

MOST = 500
MINUTE, TEN_MINUTES, HOUR, DAY = 60, 600, 3_600, 86_400
AGAIN = timedelta(minutes=5)
UNUSABLE = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Maintained:
    """How much was found due; ``overdue`` is by how many seconds the calendar read longest ago is late."""

    channels: int = 0
    polls: int = 0
    exports: int = 0
    told: int = 0
    overdue: float = 0.0
    holds: int = 0


def maintain(ports: Ports, command: Maintain) -> Maintained:
    """Find what is due and queue a task for each; firing twice queues nothing twice.

    A run takes a part of what is due. The next part is queued before this one is worked off, so that parts
    run side by side.
    """
    now = ports.clock.now()
    found = Maintained()
    for job, step in _STEPS.items():
        if command.job in {MaintenanceJob.SWEEP, job}:
            found = step(ports, now, command.after, found)
    ports.log.info(
        "maintained",
        job=command.job.value,
        channels=found.channels,
        polls=found.polls,
        exports=found.exports,
        told=found.told,
        overdue=round(found.overdue, 1),
        holds=found.holds,
    )
    return found


def _channels(ports: Ports, now: datetime, after: datetime | None, found: Maintained) -> Maintained:
    """A look at the calendar renews its channel, and reads what happened between the two channels."""
    due = ports.sync_states.due_for_renewal(now, MOST, after=after)
    _next_part(ports, MaintenanceJob.CHANNELS, [feed.renew_at for feed in due], now=now)
    for feed in due:
        if _usable(ports, feed):
            request_sync(
                ports,
                tenant=feed.tenant,
                connection=feed.connection,
                calendar=feed.key,
                cause=f"renew/{time_bucket(now, seconds=TEN_MINUTES)}",
            )
        else:
            _put(ports, replace(feed, renew_at=now + UNUSABLE))
    return replace(found, channels=len(due))


def _poll(ports: Ports, now: datetime, after: datetime | None, found: Maintained) -> Maintained:
    """Every calendar is looked at now and then, however healthy its channel seems."""
    due = ports.sync_states.due_for_poll(now, MOST, after=after)
    _next_part(ports, MaintenanceJob.POLL, [feed.poll_at for feed in due], now=now)
    idle = [feed for feed in due if not feed.leased(now=now)]
    minutes, longest = ports.tuning.poll_minutes, 0.0
    for feed in idle:
        again = next_poll(now, minutes=minutes, seed=f"{feed.connection}/{feed.key}")
        _put(ports, replace(feed, poll_at=again))
        ids = {"tenant": feed.tenant, "connection": feed.connection}
        enqueue_upkeep(ports, **ids, job="reconcile", cause=f"hour/{time_bucket(now, seconds=HOUR)}")
        if _usable(ports, feed):
            longest = max(longest, overdue(feed, now=now, minutes=minutes))
            request_sync(
                ports,
                tenant=feed.tenant,
                connection=feed.connection,
                calendar=feed.key,
                cause=f"poll/{time_bucket(now, seconds=MINUTE)}",
            )
            enqueue_upkeep(
                ports,
                **ids,
                job="refresh",
                cause=f"day/{time_bucket(now, seconds=DAY, seed=feed.connection)}",
            )
    return replace(found, polls=len(idle), overdue=longest)


def _outbox(ports: Ports, now: datetime, after: datetime | None, found: Maintained) -> Maintained:
    """How many exports, and how many mails and webhooks, were still promised."""
    due = ports.ledger.outbox_due(now, MOST, after=after)
    _next_part(ports, MaintenanceJob.OUTBOX, [entry.due_at for entry in due], now=now)
    for entry in due:
        ports.queue.enqueue(outbox_task(entry, bucket=f"sweep/{time_bucket(now, seconds=MINUTE)}"))
        # Behind the others: what keeps waiting must not keep the rest from its turn.
        ports.ledger.put_outbox(replace(entry, due_at=now + AGAIN))
    exports = sum(entry.kind is OutboxKind.EXPORT for entry in due)
    holds = _holds(ports, now) if after is None else 0
    return replace(found, exports=exports, told=len(due) - exports, holds=holds)


_STEPS = {MaintenanceJob.CHANNELS: _channels, MaintenanceJob.POLL: _poll, MaintenanceJob.OUTBOX: _outbox}


def _next_part(
    ports: Ports, job: MaintenanceJob, moments: Sequence[datetime | None], *, now: datetime
) -> None:
    """Have the rest worked off as well; what shares the last moment of this part is next minute's."""
    last = moments[-1] if len(moments) == MOST else None
    if last is not None:
        part = last.isoformat()
        ports.queue.enqueue(
            Task(
                work=Work.MAINTENANCE,
                lane=Lane.UPKEEP,
                payload={"job": job.value, "after": part},
                name=f"maintain/{job.value}/{time_bucket(now, seconds=MINUTE)}/{part}",
            )
        )


def _holds(ports: Ports, now: datetime) -> int:
    """Holds that ended take nothing any more; here they are removed."""
    due = ports.bookings.ended_holds(now, MOST)
    return sum(end_expired_holds(ports, held.tenant, [held.id]) for held in due)


def _usable(ports: Ports, feed: CalendarSync) -> bool:
    found = _connection(ports, feed)
    return found is not None and found.usable


def _connection(ports: Ports, feed: CalendarSync) -> Connection | None:
    try:
        return ports.connections.get(feed.tenant, feed.connection)
    except UnknownResource:
        return None


def _put(ports: Ports, feed: CalendarSync) -> None:
    try:
        ports.sync_states.save(feed)
    except Conflict:
        # Somebody is working on this calendar at the moment, which is better than a poll.
        return
