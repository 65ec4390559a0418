"""The clocks of the local Cloud Tasks: real time, or virtual time that a test moves."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Protocol, runtime_checkable


class Clock(Protocol):
    """Returns the current time; real or virtual."""

    def now(self) -> datetime:
        """The current aware time."""


@runtime_checkable
class MovableClock(Protocol):
    """A clock that can be moved forward to the time of the next task."""

    def now(self) -> datetime:
        """The current aware time."""

    def advance_to(self, moment: datetime) -> None:
        """Move forward to ``moment``."""


class SystemClock:
    """The real time of this machine."""

    def now(self) -> datetime:
        """The current time in UTC."""
        return datetime.now(UTC)


class VirtualClock:
    """A clock that stands still until it is moved; it never goes back."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        """The time it was last moved to."""
        return self._now

    def advance_to(self, moment: datetime) -> None:
        """Move forward to ``moment``; an earlier one changes nothing."""
        self._now = max(self._now, moment)
