"""The control of pending pushes and scripted faults that both simulators have, as plain JSON."""

from dataclasses import asdict
from typing import Any

from local.simulation.faults import FaultScript
from local.simulation.push_queue import PushQueue


class SimulatorInspection:
    """Delivers, drops, doubles and reorders pending pushes, and shows or clears scripted faults."""

    def __init__(self, push_queue: PushQueue[Any, Any], fault_script: FaultScript[Any]) -> None:
        self._push_queue = push_queue
        self._fault_script = fault_script

    def deliver_pushes(self, *, count: int | None = None, force: bool = False) -> list[dict[str, Any]]:
        """Deliver the pending notifications now: all, or `count`.

        `force` includes those that wait for a retry.
        """
        return [asdict(attempt) for attempt in self._push_queue.deliver(count, force=force)]

    def drop_pushes(self, *, count: int | None = None) -> int:
        """Lose pending notifications: all, or the first `count`; returns how many."""
        return self._push_queue.drop(count)

    def duplicate_push(self, *, index: int = 0) -> None:
        """Deliver a pending notification twice."""
        self._push_queue.duplicate(index)

    def reorder_pushes(self, order: list[int]) -> None:
        """Put the pending notifications in another order, given as their present positions."""
        self._push_queue.reorder(order)

    def hold_pushes(self) -> None:
        """Stop automatic delivery until `release_pushes`."""
        self._push_queue.hold()

    def release_pushes(self) -> None:
        """Continue automatic delivery."""
        self._push_queue.release()

    def push_attempts(self) -> list[dict[str, Any]]:
        """Return every delivery so far with its status."""
        return [asdict(attempt) for attempt in self._push_queue.attempts()]

    def faults(self) -> list[dict[str, Any]]:
        """Return the faults that are still to come."""
        return self._fault_script.listed()

    def clear_faults(self) -> None:
        """Remove every scripted fault."""
        self._fault_script.clear()
