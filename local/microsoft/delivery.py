"""Carries notifications to webhooks: in batches, with Microsoft's retries, and by script lost or doubled."""

import http.client
import json
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from local.microsoft.errors import Json

# https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
FIRST_LIMIT, RETRY_LIMIT = 3.0, 10.0
GIVE_UP = timedelta(hours=4)
PENALTY = timedelta(minutes=10)
SLOW_SHARE, DROP_SHARE = 0.10, 0.15
BATCH = 20
# Fewer answers say nothing about an endpoint's share of slow ones; the number is ours.
MEASURED = 10


@dataclass(frozen=True, slots=True)
class Reply:
    """What a webhook answered, and after how many seconds; status 0 is no answer."""

    status: int
    text: str = ""
    content_type: str = "text/plain"
    seconds: float = 0.0


Post = Callable[[str, dict[str, str], bytes], Reply]


@dataclass(frozen=True, slots=True)
class Notification:
    """One item on its way to one address."""

    subscription: str
    kind: str
    address: str
    body: Json
    due: datetime
    born: datetime
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Attempt:
    """What became of one item: the status of its POST, and whether it will be repeated."""

    subscription: str
    kind: str
    attempt: int
    status: int
    will_retry: bool
    batch: int


def post(address: str, headers: dict[str, str], body: bytes) -> Reply:
    """Send a POST over the network, waiting at most ten seconds."""
    parts = urlsplit(address)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=RETRY_LIMIT)
    began = time.monotonic()
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", target, body=body, headers=headers)
        response = connection.getresponse()
        text = response.read().decode("utf-8", "replace")
        kind_of = response.headers.get("Content-Type", "")
        return Reply(response.status, text, kind_of, time.monotonic() - began)
    except (OSError, http.client.HTTPException):
        return Reply(0, seconds=time.monotonic() - began)
    finally:
        connection.close()


class Delivery:
    """The queue between changes and webhooks."""

    def __init__(self, now: Callable[[], datetime], send: Post = post) -> None:
        self.send = send
        self.batched = True
        self.rules = True
        self._now = now
        self._lock = threading.Lock()
        self._tried = threading.Condition(self._lock)
        self._queue: list[Notification] = []
        self._attempts: list[Attempt] = []
        self._speeds: dict[str, list[tuple[datetime, float]]] = {}
        self._penalties: dict[str, tuple[str, datetime]] = {}
        self._wake = threading.Event()
        self._held = False
        self._thread: threading.Thread | None = None
        self._stopping = False

    def put(self, notification: Notification) -> None:
        """Queue an item; an endpoint that was too slow gets it later, or not at all."""
        with self._lock:
            kind, until = self._penalties.get(_endpoint(notification.address), ("", self._now()))
            if kind and until > self._now():
                if kind == "drop":
                    return
                notification = replace(notification, due=notification.due + PENALTY)
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
        """Wait until so many items were delivered or tried."""
        with self._tried:
            return self._tried.wait_for(lambda: len(self._attempts) >= count, seconds)

    def drop(self, count: int | None = None) -> int:
        """Lose the first waiting items, or all; returns how many."""
        with self._lock:
            lost = len(self._queue) if count is None else min(count, len(self._queue))
            del self._queue[:lost]
        return lost

    def duplicate(self, index: int = 0) -> None:
        """Deliver a waiting item twice."""
        with self._lock:
            self._queue.insert(index, self._queue[index])

    def reorder(self, order: list[int]) -> None:
        """Put the waiting items in another order, given as their present positions."""
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
        """Deliver the items that are due, at most `count`; `force` also those that wait for their retry."""
        with self._lock:
            ready = [item for item in self._queue if force or item.due <= self._now()][:count]
            for item in ready:
                self._queue.remove(item)
        return [attempt for batch in self._batches(ready) for attempt in self._deliver(batch)]

    def _batches(self, ready: list[Notification]) -> list[list[Notification]]:
        batches: list[list[Notification]] = []
        open_ones: dict[str, list[Notification]] = {}
        for item in ready:
            found = open_ones.get(item.address)
            if found is None or not self.batched or len(found) >= BATCH:
                found = open_ones[item.address] = []
                batches.append(found)
            found.append(item)
        return batches

    def _deliver(self, batch: list[Notification]) -> list[Attempt]:
        body = json.dumps({"value": [item.body for item in batch]}).encode()
        headers = {"Content-Type": "application/json; charset=utf-8", "Content-Length": str(len(body))}
        reply = self.send(batch[0].address, headers, body)
        made = []
        with self._lock:
            self._measure(batch[0].address, reply)
            for item in batch:
                limit = FIRST_LIMIT if item.attempt == 1 else RETRY_LIMIT
                taken = 200 <= reply.status < 300 and reply.seconds <= limit
                due = self._now() + timedelta(seconds=10 * 2 ** (item.attempt - 1))
                again = not taken and due - item.born < GIVE_UP
                made.append(
                    Attempt(item.subscription, item.kind, item.attempt, reply.status, again, len(batch))
                )
                if again:
                    self._queue.append(replace(item, due=due, attempt=item.attempt + 1))
            self._attempts += made
            self._tried.notify_all()
        return made

    def _measure(self, address: str, reply: Reply) -> None:
        """Endpoints that are slow too often are punished as a whole, whoever subscribed."""
        if not self.rules:
            return
        now, name = self._now(), _endpoint(address)
        recent = [each for each in self._speeds.get(name, []) if now - each[0] < PENALTY]
        recent.append((now, RETRY_LIMIT + 1 if reply.status == 0 else reply.seconds))
        self._speeds[name] = recent
        dead = sum(1 for _, seconds in recent if seconds > RETRY_LIMIT) / len(recent)
        slow = sum(1 for _, seconds in recent if seconds > FIRST_LIMIT) / len(recent)
        if len(recent) >= MEASURED and dead > DROP_SHARE:
            self._penalties[name] = ("drop", now + PENALTY)
        elif len(recent) >= MEASURED and slow > SLOW_SHARE:
            self._penalties[name] = ("slow", now + PENALTY)

    def start(self) -> None:
        """Deliver from a thread of its own, as soon as something is due."""
        if self._thread is None:
            self._stopping = False
            self._thread = threading.Thread(target=self._run, name="microsoft-push", daemon=True)
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


def _endpoint(address: str) -> str:
    return urlsplit(address).netloc
