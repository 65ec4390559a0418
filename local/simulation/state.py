"""The base of a simulator's state: its lock, its counters, and the log of mails."""

import threading
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mail:
    """A mail that the provider would have sent to somebody."""

    to: str
    kind: str
    calendar: str
    event: str
    by: str
    at: str


class SimulatorState:
    """The lock of a simulator's state, its counters and its log of mails."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.mails: list[Mail] = []
        self._change = 0
        self._serial = 0

    def serial(self) -> int:
        """Return a number that was never returned before."""
        self._serial += 1
        return self._serial

    def next_change(self) -> int:
        """Count one more change, and return its number."""
        self._change += 1
        return self._change

    @property
    def change(self) -> int:
        """The number of the latest change."""
        return self._change
