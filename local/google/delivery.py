"""Holds notifications on their way: delivered on demand or by a thread, dropped, doubled, reordered."""

import http.client
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

RETRIED = frozenset({500, 502, 503, 504})
ACCEPTED = frozenset({200, 201, 202, 204, 102})
MAX_ATTEMPTS = 8
Post = Callable[[str, dict[str, str]], int]


@dataclass(frozen=True, slots=True)
class Notification:
    """One message to one channel's address."""

    channel: str
    state: str
    address: str
    headers: dict[str, str]
    due: datetime
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of one delivery: the status, and whether it will be repeated."""

    channel: str
    state: str
    number: int
    attempt: int
    status: int
    will_retry: bool


def post(address: str, headers: dict[str, str]) -> int:
    """Send an empty POST; an address that does not answer, or not in HTTP, counts as 504."""
    parts = urlsplit(address)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=10)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, headers=headers | {"Content-Length": "0"})
        response = connection.getresponse()
        response.read()
    except (OSError, http.client.HTTPException):
        return 504
    else:
        return response.status
    finally:
        connection.close()


class Delivery:
    """The queue between changes and webhooks."""

    def __init__(self, now: Callable[[], datetime], send: Post = post) -> None:
        self.send = send
        self._now = now
        self._lock = threading.Lock()
        self._tried = threading.Condition(self._lock)
        self._queue: list[Notification] = []
        self._attempts: list[Attempt] = []
        self._wake = threading.Event()
        self._held = False
        self._thread: threading.Thread | None = None
        self._stopping = False

    def put(self, notification: Notification) -> None:
        """Queue a notification."""
        with self._lock:
            self._queue.append(notification)
        self._wake.set()

    def pending(self) -> list[Notification]:
        """What waits, in the order of delivery."""
        with self._lock:
            return list(self._queue)

    def attempts(self) -> list[Attempt]:
        """Every delivery so far."""
        with self._lock:
            return list(self._attempts)

    def wait_for(self, count: int, *, seconds: float) -> bool:
        """Wait until there were that many deliveries."""
        with self._tried:
            return self._tried.wait_for(lambda: len(self._attempts) >= count, seconds)

    def drop(self, count: int | None = None) -> int:
        """Lose the first waiting notifications, or all; returns how many."""
        with self._lock:
            lost = len(self._queue) if count is None else min(count, len(self._queue))
            del self._queue[:lost]
        return lost

    def duplicate(self, index: int = 0) -> None:
        """Deliver a waiting notification twice."""
        with self._lock:
            self._queue.insert(index, self._queue[index])

    def reorder(self, order: list[int]) -> None:
        """Put the waiting notifications in another order, given as their present positions."""
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
        self._wake.set()

    def deliver(self, count: int | None = None, *, force: bool = False) -> list[Attempt]:
        """Deliver what waits and is due, at most `count`; `force` also what waits for its retry."""
        with self._lock:
            ready = [item for item in self._queue if force or item.due <= self._now()][:count]
            for item in ready:
                self._queue.remove(item)
        return [self._deliver(item) for item in ready]

    def _deliver(self, item: Notification) -> Attempt:
        status = self.send(item.address, item.headers)
        again = status in RETRIED and item.attempt < MAX_ATTEMPTS
        number = int(item.headers["X-Goog-Message-Number"])
        attempt = Attempt(item.channel, item.state, number, item.attempt, status, again)
        with self._lock:
            self._attempts.append(attempt)
            self._tried.notify_all()
            if again:
                due = self._now() + timedelta(seconds=2 ** (item.attempt - 1))
                self._queue.append(replace(item, due=due, attempt=item.attempt + 1))
        return attempt

    def start(self) -> None:
        """Deliver from a thread of its own, as soon as something is due."""
        if self._thread is None:
            self._stopping = False
            self._thread = threading.Thread(target=self._run, name="google-push", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._stopping = True
            self._wake.set()
            thread.join(timeout=15)

    def _run(self) -> None:
        while not self._stopping:
            self._wake.wait(0.2 if self.pending() and not self._held else None)
            self._wake.clear()
            if not self._held:
                self.deliver()
