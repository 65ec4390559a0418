"""The queue of pushes that wait for delivery, on demand or by a thread; they can be dropped and reordered."""

import threading
from abc import ABC, abstractmethod
from collections.abc import Callable
from datetime import datetime
from typing import Generic, Protocol, TypeVar


class QueuedPush(Protocol):
    """A push that waits to be delivered."""

    @property
    def due(self) -> datetime:
        """The time from which it may be delivered, or tried again."""


Item = TypeVar("Item", bound=QueuedPush)
Attempt = TypeVar("Attempt")


class PushQueue(ABC, Generic[Item, Attempt]):
    """The queue between changes and webhooks.

    A subclass for each provider decides what a POST carries and which deliveries are repeated.
    """

    def __init__(self, now: Callable[[], datetime], *, name: str) -> None:
        self._now = now
        self._name = name
        self._lock = threading.Lock()
        self._attempted = threading.Condition(self._lock)
        self._queue: list[Item] = []
        self._attempts: list[Attempt] = []
        self._work_arrived = threading.Event()
        self._held = False
        self._thread: threading.Thread | None = None
        self._stopping = False

    @abstractmethod
    def _send_batch(self, batch: list[Item]) -> list[tuple[Attempt, Item | None]]:
        """Send one batch; returns for each push the attempt, and the push to queue again, if any."""

    def _split_into_batches(self, ready: list[Item]) -> list[list[Item]]:
        """Group pushes into those that are sent together; by default each is sent alone."""
        return [[item] for item in ready]

    def put(self, notification: Item) -> None:
        """Add a push to the queue."""
        with self._lock:
            self._queue.append(notification)
        self._work_arrived.set()

    def pending(self) -> list[Item]:
        """Return the waiting pushes in the order of delivery."""
        with self._lock:
            return list(self._queue)

    def attempts(self) -> list[Attempt]:
        """Return every delivery attempt so far."""
        with self._lock:
            return list(self._attempts)

    def wait_for(self, count: int, *, seconds: float) -> bool:
        """Wait until so many deliveries were attempted; returns False if that takes longer than `seconds`."""
        with self._attempted:
            return self._attempted.wait_for(lambda: len(self._attempts) >= count, seconds)

    def drop(self, count: int | None = None) -> int:
        """Lose the first `count` waiting pushes, or all; returns how many."""
        with self._lock:
            lost = len(self._queue) if count is None else min(count, len(self._queue))
            del self._queue[:lost]
        return lost

    def duplicate(self, index: int = 0) -> None:
        """Deliver a waiting push twice."""
        with self._lock:
            self._queue.insert(index, self._queue[index])

    def reorder(self, order: list[int]) -> None:
        """Put the waiting pushes in another order, given as their present positions; else ValueError."""
        with self._lock:
            if sorted(order) != list(range(len(self._queue))):
                raise ValueError(order)
            self._queue = [self._queue[index] for index in order]

    def hold(self) -> None:
        """Let the thread deliver nothing until `release`."""
        self._held = True

    def release(self) -> None:
        """Let the thread deliver again."""
        self._held = False
        self._work_arrived.set()

    def deliver(self, count: int | None = None, *, force: bool = False) -> list[Attempt]:
        """Deliver the pushes that are due, at most `count`; with `force` also those that wait for a retry."""
        with self._lock:
            ready = [item for item in self._queue if force or item.due <= self._now()][:count]
            for item in ready:
                self._queue.remove(item)
        return [attempt for batch in self._split_into_batches(ready) for attempt in self._deliver(batch)]

    def _deliver(self, batch: list[Item]) -> list[Attempt]:
        results = self._send_batch(batch)
        made = [attempt for attempt, _ in results]
        with self._lock:
            self._attempts += made
            self._queue += [again for _, again in results if again is not None]
            self._attempted.notify_all()
        return made

    def start(self) -> None:
        """Start a thread that delivers each push as soon as it is due."""
        if self._thread is None:
            self._stopping = False
            self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Stop the thread."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._stopping = True
            self._work_arrived.set()
            thread.join(timeout=15)

    def _run(self) -> None:
        while not self._stopping:
            self._work_arrived.wait(0.2 if self.pending() and not self._held else None)
            self._work_arrived.clear()
            if not self._held:
                self.deliver()
