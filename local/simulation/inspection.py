"""Holds the levers on pushes and faults that every back door has, as plain JSON."""

from dataclasses import asdict
from typing import Any

from local.simulation.faults import Script
from local.simulation.push_queue import Outbox


class Levers:
    """What a test or the demo does to the pushes on their way and to the script of faults."""

    def __init__(self, outbox: Outbox[Any, Any], script: Script[Any]) -> None:
        self._outbox = outbox
        self._script = script

    def deliver_pushes(self, *, count: int | None = None, force: bool = False) -> list[dict[str, Any]]:
        """Deliver waiting notifications now."""
        return [asdict(attempt) for attempt in self._outbox.deliver(count, force=force)]

    def drop_pushes(self, *, count: int | None = None) -> int:
        """Lose waiting notifications."""
        return self._outbox.drop(count)

    def duplicate_push(self, *, index: int = 0) -> None:
        """Deliver a waiting notification twice."""
        self._outbox.duplicate(index)

    def reorder_pushes(self, order: list[int]) -> None:
        """Put the waiting notifications in another order."""
        self._outbox.reorder(order)

    def hold_pushes(self) -> None:
        """Hold automatic delivery."""
        self._outbox.hold()

    def release_pushes(self) -> None:
        """Continue automatic delivery."""
        self._outbox.release()

    def push_attempts(self) -> list[dict[str, Any]]:
        """Every delivery so far with its status."""
        return [asdict(attempt) for attempt in self._outbox.attempts()]

    def faults(self) -> list[dict[str, Any]]:
        """The faults that are still to come."""
        return self._script.listed()

    def clear_faults(self) -> None:
        """Drop every scripted fault."""
        self._script.clear()
