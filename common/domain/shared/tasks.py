"""Tasks, and the outbox entries and dead letters that keep their work from being lost or done twice."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import Field, dataclass, fields
from datetime import datetime
from enum import Enum, StrEnum
from typing import Any, ClassVar, Protocol


class Work(StrEnum):
    """The private functions that tasks call; the value is the function's name."""

    INITIAL_SYNC = "initial_sync"
    DELTA_SYNC = "delta_sync"
    EXPORT = "export"
    DISCONNECT = "disconnect"
    MAINTENANCE = "maintenance"
    NOTIFY = "notify"


class Lane(StrEnum):
    """The queues: live work never waits behind an initial sync, and nothing waits for a tenant's webhooks."""

    LIVE = "live"
    SYNC = "sync"
    BACKFILL = "backfill"
    UPKEEP = "upkeep"
    WEBHOOKS = "hooks"

    @property
    def held_back(self) -> bool:
        """Whether its work waits once its share of the limits is used up; nobody waits for live work."""
        return self is not Lane.LIVE


Payload = Mapping[str, str | int | bool | None]


@dataclass(frozen=True, slots=True)
class Task:
    """One call of a private function, made through a queue; it carries ids and numbers, never personal data.

    The queue takes a ``name`` once, so that the same work is not queued twice. A used name stays blocked for
    up to a day, so it has to hold a time bucket or a number that grows; the queue's adapter hashes it.
    ``attempt`` counts how often we queued the task again after a failure. ``letter`` is the dead letter that
    goes once this task has succeeded.
    """

    work: Work
    lane: Lane
    payload: Payload
    name: str | None = None
    not_before: datetime | None = None
    attempt: int = 0
    letter: str | None = None


class TaskRecord(Protocol):
    """What a task carries, as a frozen dataclass; ``task_records.py`` holds them."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]

    work: ClassVar[Work]
    """The private function that takes it."""
    lane: ClassVar[Lane]
    """The queue that it waits in."""


@dataclass(frozen=True, slots=True)
class SyncCalendar:
    """Bring one calendar up to date.

    ``reason`` is one word for the log; "continue" goes on with a sync pass instead of asking for a new one.
    ``request`` is the number of the sync request to be dealt with, None where this is a new one; ``channel``
    is the push channel that reported. ``after`` and ``swept`` say where the sweep of exported events goes on.
    ``pushed_at`` is when the push message came that is behind it, in seconds since 1970.
    """

    # Not in task_records.py: a webhook sends this one, and its cold start does not load the others.

    work: ClassVar = Work.DELTA_SYNC
    lane: ClassVar = Lane.SYNC

    tenant: str
    connection: str
    calendar: str
    reason: str = "request"
    request: int | None = None
    channel: str | None = None
    after: str | None = None
    swept: bool = False
    pushed_at: int | None = None


def task_for(record: TaskRecord, *, name: str | None, not_before: datetime | None = None) -> Task:
    """The task that carries a record to its private function; fields that are None are not sent."""
    values = ((field.name, getattr(record, field.name)) for field in fields(record))
    payload = {name: _plain(value) for name, value in values if value is not None}
    return Task(work=record.work, lane=record.lane, payload=payload, name=name, not_before=not_before)


def _plain(value: str | int | datetime) -> str | int:
    if isinstance(value, datetime):
        return value.isoformat()
    return value.value if isinstance(value, Enum) else value


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A task that was given up after many tries; a person can read it and have it tried again.

    ``replayed_at`` is when somebody last had it tried again. The letter goes when that succeeds; when it
    fails, it says why, and ``replayed_at`` is None again.
    """

    id: str
    tenant: str
    work: Work
    lane: Lane
    payload: Payload
    code: str
    attempts: int
    died_at: datetime
    replayed_at: datetime | None = None


def letter_id(*cause: str) -> str:
    """The id of the dead letter of one piece of work, the same however often it is given up."""
    return hashlib.sha256("\n".join(cause).encode()).hexdigest()[:32]


FIRST_DELAY_SECONDS = 1.0
MAX_DELAY_SECONDS = 600.0


def backoff_seconds(attempt: int, *, dice: float, asked: float | None = None) -> float:
    """Seconds until try ``attempt + 1``: exponential with full jitter, never less than what was asked.

    Args:
        attempt: How many tries have failed before this one, from 0.
        dice: A random number in [0, 1).
        asked: The other side's Retry-After in seconds, if it sent one.

    See https://developers.google.com/workspace/calendar/api/guides/quota (truncated exponential backoff)
    and https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/ (full jitter).
    """
    ceiling = min(MAX_DELAY_SECONDS, FIRST_DELAY_SECONDS * float(1 << min(attempt, 20)))
    jittered = ceiling * dice
    # Everybody got the same Retry-After: the jitter comes on top, or all would come back at once.
    return jittered if asked is None else asked + min(jittered, max(1.0, asked * 0.25))
