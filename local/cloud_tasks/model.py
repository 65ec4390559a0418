"""The records of Cloud Tasks (queue settings, tasks, attempts, counters), without any wire format."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

NO_ANSWER = 0
"""The status of an attempt that got no HTTP answer: connection refused, or the deadline passed."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How a failed task is tried again; the defaults are those of a new queue."""

    max_attempts: int = 100
    max_retry_duration: timedelta = timedelta(0)
    min_backoff: timedelta = timedelta(milliseconds=100)
    max_backoff: timedelta = timedelta(hours=1)
    max_doublings: int = 16

    def backoff(self, *, failures: int) -> timedelta:
        """The pause after the n-th failure: doubles ``max_doublings`` times, then grows linearly, then stays.

        https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues#RetryConfig
        """
        doubled = min(failures - 1, self.max_doublings, 60)
        steps = max(1, failures - self.max_doublings)
        seconds = self.min_backoff.total_seconds() * 2**doubled * steps
        return timedelta(seconds=min(seconds, self.max_backoff.total_seconds()))

    def exhausted(self, *, attempts: int, since_first: timedelta) -> bool:
        """Whether no further attempt is made: every limit that is set has been reached."""
        limits = []
        if self.max_attempts > 0:
            limits.append(attempts >= self.max_attempts)
        if self.max_retry_duration > timedelta(0):
            limits.append(since_first >= self.max_retry_duration)
        return bool(limits) and all(limits)


@dataclass(frozen=True, slots=True)
class RateLimits:
    """How fast a queue dispatches; the defaults are those of a new queue."""

    max_dispatches_per_second: float = 500.0
    max_concurrent_dispatches: int = 1000
    max_burst_size: int = 0

    @property
    def burst(self) -> int:
        """How many tasks may go at once: chosen by the service, like here, unless a size is given."""
        return self.max_burst_size or min(100, math.ceil(self.max_dispatches_per_second))


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """Everything that can be configured of a queue."""

    rate: RateLimits = RateLimits()
    retry: RetryPolicy = RetryPolicy()

    @staticmethod
    def from_mapping(given: Mapping[str, object]) -> QueueSettings:
        """Read settings from flat JSON: the API's snake_case words, durations in seconds (``2`` or ``"2s"``).

        Raises:
            KeyError: On a name that is no setting of a queue.
        """
        unknown = set(given) - _RATE_WORDS - _RETRY_WORDS
        if unknown:
            raise KeyError(", ".join(sorted(unknown)))
        numbers = {word: float(str(value).removesuffix("s")) for word, value in given.items()}
        counts = {word: int(number) for word, number in numbers.items()}
        spans = {word: timedelta(seconds=number) for word, number in numbers.items()}
        rate, retry = RateLimits(), RetryPolicy()
        return QueueSettings(
            RateLimits(
                numbers.get("max_dispatches_per_second", rate.max_dispatches_per_second),
                counts.get("max_concurrent_dispatches", rate.max_concurrent_dispatches),
                counts.get("max_burst_size", rate.max_burst_size),
            ),
            RetryPolicy(
                counts.get("max_attempts", retry.max_attempts),
                spans.get("max_retry_duration", retry.max_retry_duration),
                spans.get("min_backoff", retry.min_backoff),
                spans.get("max_backoff", retry.max_backoff),
                counts.get("max_doublings", retry.max_doublings),
            ),
        )


_RATE_WORDS = {entry.name for entry in dataclasses.fields(RateLimits)}
_RETRY_WORDS = {entry.name for entry in dataclasses.fields(RetryPolicy)}


@dataclass(frozen=True, slots=True)
class ServiceLimits:
    """The limits of the service itself (https://cloud.google.com/tasks/docs/quotas)."""

    task_bytes: int = 100 * 1024
    url_length: int = 2083
    schedule_ahead: timedelta = timedelta(days=30)
    retention: timedelta = timedelta(days=31)
    task_tombstone: timedelta = timedelta(hours=24)
    queue_tombstone: timedelta = timedelta(days=3)
    min_deadline: timedelta = timedelta(seconds=15)
    max_deadline: timedelta = timedelta(minutes=30)
    default_deadline: timedelta = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class OidcToken:
    """Whose ID token a dispatch carries; an empty audience means the target's URL."""

    service_account_email: str
    audience: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    """The HTTP request that a task stands for."""

    url: str
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    oidc: OidcToken | None = None


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """The HTTP request of one dispatch, exactly as it is sent to the worker."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    deadline: timedelta


@dataclass(frozen=True, slots=True)
class Answer:
    """A worker's answer: the HTTP status, and the pause that its Retry-After header asks for."""

    status: int
    retry_after: timedelta | None = None


Dispatcher = Callable[[HttpRequest], Answer | int]
"""Sends one request to the worker and returns its answer; ``NO_ANSWER`` if there was none."""


class TokenSource(Protocol):
    """Signs the ID token of a service account, as Google does for a dispatch."""

    def __call__(self, *, email: str, audience: str, now: datetime) -> str:
        """Return a compact RS256 JWT for this account and audience."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """One dispatch of a task, as GetTask reports it."""

    schedule_time: datetime
    dispatch_time: datetime
    response_time: datetime | None = None
    status: int | None = None


@dataclass(slots=True)
class Task:
    """A pending task; only the engine changes it."""

    name: str
    target: Target
    schedule_time: datetime
    due: datetime
    create_time: datetime
    dispatch_deadline: timedelta
    retry: RetryPolicy | None = None
    dispatch_count: int = 0
    response_count: int = 0
    execution_count: int = 0
    first_attempt: Attempt | None = None
    last_attempt: Attempt | None = None
    running: int = 0
    copies: int = 0


@dataclass(frozen=True, slots=True)
class DeadTask:
    """A task that was given up, and why: its attempts or its retention time were used up."""

    task: Task
    reason: str
    at: datetime
    last_status: int


@dataclass(frozen=True, slots=True)
class Dispatched:
    """A line of the dispatch log: ids and outcome, never the payload."""

    task: str
    at: datetime
    attempt: int
    status: int


@dataclass(slots=True)
class Counters:
    """What happened in one queue since it was created."""

    created: int = 0
    duplicates_refused: int = 0
    dispatched: int = 0
    succeeded: int = 0
    failed: int = 0
    throttled: int = 0
    deleted: int = 0
    dead: int = 0
