"""Counts and logs what every simulated provider does: changes, numbers given, mails sent."""

import threading
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Mail:
    """One message that the provider would have sent to somebody."""

    to: str
    kind: str
    calendar: str
    event: str
    by: str
    at: str


class SimulatorState:
    """The lock of a simulated world, its counters and its mails."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self.mails: list[Mail] = []
        self._change = 0
        self._serial = 0

    def serial(self) -> int:
        """A number never given before."""
        self._serial += 1
        return self._serial

    def next_change(self) -> int:
        """The change counter after one more change."""
        self._change += 1
        return self._change

    @property
    def change(self) -> int:
        """The number of the latest change."""
        return self._change
