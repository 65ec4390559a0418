"""Limits how fast a queue dispatches: a token bucket that slows down while the worker is overloaded."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

from local.cloud_tasks.model import RateLimits

_EPSILON = 1e-6
"""Slack for rounding: a datetime is no finer than a microsecond."""
_MOST_LEVELS = 8


class TokenBucket:
    """A token bucket; a worker's 429 or 503 halves its rate, a success doubles it again."""

    def __init__(self, limits: RateLimits, now: datetime) -> None:
        self.limits = limits
        self._level = 0
        self._tokens = float(limits.burst)
        self._at = now

    @property
    def per_second(self) -> float:
        """The effective rate: the configured one, halved once for each level of congestion."""
        return max(self.limits.max_dispatches_per_second / 2.0**self._level, _EPSILON)

    def ready_at(self, now: datetime) -> datetime:
        """The earliest time at which a token is available."""
        self._refill(now)
        if self._tokens >= 1 - _EPSILON:
            return now
        missing = (1 - self._tokens) / self.per_second
        return now + timedelta(microseconds=math.ceil(missing * 1_000_000))

    def spend(self, now: datetime) -> None:
        """Take one token for a dispatch."""
        self._refill(now)
        self._tokens -= 1

    def slow_down(self) -> None:
        """Halve the rate, because the worker answered 429 or 503."""
        self._level = min(self._level + 1, _MOST_LEVELS)
        self._tokens = min(self._tokens, 1.0)

    def speed_up(self) -> None:
        """Undo one halving, because the worker succeeded."""
        self._level = max(self._level - 1, 0)

    def configure(self, limits: RateLimits) -> None:
        """Replace the configured limits."""
        self.limits = limits
        self._tokens = min(self._tokens, float(limits.burst))

    def _refill(self, now: datetime) -> None:
        elapsed = max((now - self._at).total_seconds(), 0.0)
        most = float(self.limits.burst) if self._level == 0 else 1.0
        self._tokens = min(max(most, self._tokens), self._tokens + elapsed * self.per_second)
        self._at = max(self._at, now)
