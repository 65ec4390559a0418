"""Holds the levers on pushes and faults that every back door has, as plain JSON."""

from dataclasses import asdict
from typing import Any

from local.simulation.faults import FaultScript
from local.simulation.push_queue import PushQueue


class SimulatorInspection:
    """What a test or the demo does to the pushes on their way and to the script of faults."""

    def __init__(self, push_queue: PushQueue[Any, Any], fault_script: FaultScript[Any]) -> None:
        self._push_queue = push_queue
        self._fault_script = fault_script

    def deliver_pushes(self, *, count: int | None = None, force: bool = False) -> list[dict[str, Any]]:
        """Deliver waiting notifications now."""
        return [asdict(attempt) for attempt in self._push_queue.deliver(count, force=force)]

    def drop_pushes(self, *, count: int | None = None) -> int:
        """Lose waiting notifications."""
        return self._push_queue.drop(count)

    def duplicate_push(self, *, index: int = 0) -> None:
        """Deliver a waiting notification twice."""
        self._push_queue.duplicate(index)

    def reorder_pushes(self, order: list[int]) -> None:
        """Put the waiting notifications in another order."""
        self._push_queue.reorder(order)

    def hold_pushes(self) -> None:
        """Hold automatic delivery."""
        self._push_queue.hold()

    def release_pushes(self) -> None:
        """Continue automatic delivery."""
        self._push_queue.release()

    def push_attempts(self) -> list[dict[str, Any]]:
        """Every delivery so far with its status."""
        return [asdict(attempt) for attempt in self._push_queue.attempts()]

    def faults(self) -> list[dict[str, Any]]:
        """The faults that are still to come."""
        return self._fault_script.listed()

    def clear_faults(self) -> None:
        """Drop every scripted fault."""
        self._fault_script.clear()
