"""Carries notifications to webhooks: in batches, with Microsoft's retries, and by script lost or doubled."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from local.microsoft.errors import Json
from local.simulation.http_post import Reply, post_to
from local.simulation.push_queue import Outbox

# https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
FIRST_LIMIT, RETRY_LIMIT = 3.0, 10.0
GIVE_UP = timedelta(hours=4)
PENALTY = timedelta(minutes=10)
SLOW_SHARE, DROP_SHARE = 0.10, 0.15
BATCH = 20
# Fewer answers say nothing about an endpoint's share of slow ones; the number is ours.
MEASURED = 10


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
    return post_to(address, headers, body, patience=RETRY_LIMIT)


class Delivery(Outbox[Notification, Attempt]):
    """The queue between changes and webhooks."""

    def __init__(self, now: Callable[[], datetime], send: Post = post) -> None:
        super().__init__(now, name="microsoft-push")
        self.send = send
        self.batched = True
        self.rules = True
        self._speeds: dict[str, list[tuple[datetime, float]]] = {}
        self._penalties: dict[str, tuple[str, datetime]] = {}

    def put(self, notification: Notification) -> None:
        """Queue an item; an endpoint that was too slow gets it later, or not at all."""
        with self._lock:
            kind, until = self._penalties.get(_endpoint(notification.address), ("", self._now()))
            punished = kind if until > self._now() else ""
        if punished != "drop":
            late = PENALTY if punished else timedelta(0)
            super().put(replace(notification, due=notification.due + late))

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

    def _carry(self, batch: list[Notification]) -> list[tuple[Attempt, Notification | None]]:
        body = json.dumps({"value": [item.body for item in batch]}).encode()
        headers = {"Content-Type": "application/json; charset=utf-8", "Content-Length": str(len(body))}
        reply = self.send(batch[0].address, headers, body)
        with self._lock:
            self._measure(batch[0].address, reply)
        return [self._fate(item, reply, len(batch)) for item in batch]

    def _fate(self, item: Notification, reply: Reply, together: int) -> tuple[Attempt, Notification | None]:
        limit = FIRST_LIMIT if item.attempt == 1 else RETRY_LIMIT
        taken = 200 <= reply.status < 300 and reply.seconds <= limit
        due = self._now() + timedelta(seconds=10 * 2 ** (item.attempt - 1))
        again = not taken and due - item.born < GIVE_UP
        attempt = Attempt(item.subscription, item.kind, item.attempt, reply.status, again, together)
        return attempt, replace(item, due=due, attempt=item.attempt + 1) if again else None

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


def _endpoint(address: str) -> str:
    return urlsplit(address).netloc
