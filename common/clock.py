"""The machine's clock."""

from __future__ import annotations

import threading
from datetime import UTC, datetime


class SystemClock:
    """The real time."""

    def __init__(self) -> None:
        self._never = threading.Event()

    def now(self) -> datetime:
        """The current instant, in UTC."""
        return datetime.now(UTC)

    def wait(self, seconds: float) -> None:
        """A short, bounded pause."""
        self._never.wait(seconds)
