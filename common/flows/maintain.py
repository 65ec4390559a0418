"""What the clock brings about: channels are renewed, calendars polled, forgotten exports tried again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from common.domain.account import Connection
from common.domain.feed import Feed
from common.domain.upkeep import bucket, leased, next_poll
from common.domain.work import OutboxKind
from common.errors import Conflict, UnknownResource
from common.flows.steps.duties import look_after
from common.flows.steps.outbox import task_of
from common.flows.steps.wakeups import wake_feed
from common.ports import Ports

MOST = 500
MINUTE, TEN_MINUTES, HOUR, DAY = 60, 600, 3_600, 86_400
AGAIN = timedelta(minutes=5)
UNUSABLE = timedelta(hours=6)


class Job(StrEnum):
    """What the scheduler asks for; ``sweep`` is all of it."""

    CHANNELS = "channels"
    POLL = "poll"
    OUTBOX = "outbox"
    SWEEP = "sweep"


@dataclass(frozen=True, slots=True)
class Maintain:
    """Which job."""

    job: Job = Job.SWEEP


@dataclass(frozen=True, slots=True)
class Maintained:
    """How much was found due."""

    channels: int = 0
    polls: int = 0
    exports: int = 0
    told: int = 0


def maintain(ports: Ports, command: Maintain) -> Maintained:
    """Find what is due and queue a task for each; firing twice queues nothing twice."""
    every = command.job is Job.SWEEP
    now = ports.clock.now()
    exports, told = _outbox(ports, now) if every or command.job is Job.OUTBOX else (0, 0)
    found = Maintained(
        channels=_channels(ports, now) if every or command.job is Job.CHANNELS else 0,
        polls=_poll(ports, now) if every or command.job is Job.POLL else 0,
        exports=exports,
        told=told,
    )
    ports.log.info(
        "maintained",
        job=command.job.value,
        channels=found.channels,
        polls=found.polls,
        exports=found.exports,
        told=found.told,
    )
    return found


def _channels(ports: Ports, now: datetime) -> int:
    """A look at the calendar renews its channel, and reads what happened between the two channels."""
    due = ports.feeds.due_for_renewal(now, MOST)
    for feed in due:
        if _usable(ports, feed):
            wake_feed(ports, feed, cause=f"renew/{bucket(now, seconds=TEN_MINUTES)}")
        else:
            _put(ports, replace(feed, renew_at=now + UNUSABLE))
    return len(due)


def _poll(ports: Ports, now: datetime) -> int:
    """Every calendar is looked at now and then, however healthy its channel seems."""
    due = [feed for feed in ports.feeds.due_for_poll(now, MOST) if not leased(feed, now=now)]
    for feed in due:
        again = next_poll(now, minutes=ports.tuning.poll_minutes, seed=f"{feed.connection}/{feed.key}")
        _put(ports, replace(feed, poll_at=again))
        ids = {"tenant": feed.tenant, "connection": feed.connection}
        look_after(ports, **ids, job="reconcile", cause=f"hour/{bucket(now, seconds=HOUR)}")
        if _usable(ports, feed):
            wake_feed(ports, feed, cause=f"poll/{bucket(now, seconds=MINUTE)}")
            look_after(
                ports, **ids, job="refresh", cause=f"day/{bucket(now, seconds=DAY, seed=feed.connection)}"
            )
    return len(due)


def _outbox(ports: Ports, now: datetime) -> tuple[int, int]:
    """How many exports, and how many mails and webhooks, were still promised."""
    due = ports.ledger.outbox_due(now, MOST)
    for entry in due:
        ports.queue.enqueue(task_of(entry, bucket=f"sweep/{bucket(now, seconds=MINUTE)}"))
        # Behind the others: what keeps waiting must not keep the rest from its turn.
        ports.ledger.put_outbox(replace(entry, due_at=now + AGAIN))
    exports = sum(entry.kind is OutboxKind.EXPORT for entry in due)
    return exports, len(due) - exports


def _usable(ports: Ports, feed: Feed) -> bool:
    found = _connection(ports, feed)
    return found is not None and found.usable


def _connection(ports: Ports, feed: Feed) -> Connection | None:
    try:
        return ports.connections.get(feed.tenant, feed.connection)
    except UnknownResource:
        return None


def _put(ports: Ports, feed: Feed) -> None:
    try:
        ports.feeds.save(feed)
    except Conflict:
        # Somebody is working on this calendar at the moment, which is better than a poll.
        return
