"""Delivers notifications to webhooks in batches, with Microsoft's retries and penalties for slow ones."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from local.microsoft.errors import Json
from local.simulation import http_post
from local.simulation.http_post import WebhookReply
from local.simulation.push_queue import PushQueue

# https://learn.microsoft.com/graph/change-notifications-delivery-webhooks (fact M138)
FIRST_LIMIT, RETRY_LIMIT = 3.0, 10.0
GIVE_UP = timedelta(hours=4)
PENALTY = timedelta(minutes=10)
SLOW_SHARE, DROP_SHARE = 0.10, 0.15
# How many notifications come together is not documented.
BATCH = 20
# Microsoft documents no minimum of answers for the share of slow ones; this number is our choice.
LEAST_MEASURED = 10


PostFunction = Callable[[str, dict[str, str], bytes], WebhookReply]


@dataclass(frozen=True, slots=True)
class Notification:
    """One notification to one address."""

    subscription: str
    kind: str
    address: str
    body: Json
    due: datetime
    first_due: datetime
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Attempt:
    """The result of one delivery: the status of its POST, and whether it will be repeated."""

    subscription: str
    kind: str
    attempt: int
    status: int
    will_retry: bool
    batch: int


def post(address: str, headers: dict[str, str], body: bytes) -> WebhookReply:
    """Send a POST over the network and wait at most ten seconds."""
    return http_post.post(address, headers, body, timeout=RETRY_LIMIT)


class Delivery(PushQueue[Notification, Attempt]):
    """The queue of notifications on their way to webhooks."""

    def __init__(self, now: Callable[[], datetime], send: PostFunction = post) -> None:
        super().__init__(now, name="microsoft-push")
        self.send = send
        self.batched = True
        self.rules = True
        self._response_times: dict[str, list[tuple[datetime, float]]] = {}
        self._penalties: dict[str, tuple[str, datetime]] = {}

    def put(self, notification: Notification) -> None:
        """Queue a notification; for an endpoint that was too slow it is delayed or dropped."""
        with self._lock:
            kind, until = self._penalties.get(_endpoint(notification.address), ("", self._now()))
            penalty = kind if until > self._now() else ""
        if penalty != "drop":
            late = PENALTY if penalty else timedelta(0)
            super().put(replace(notification, due=notification.due + late))

    def _split_into_batches(self, ready: list[Notification]) -> list[list[Notification]]:
        batches: list[list[Notification]] = []
        open_batches: dict[str, list[Notification]] = {}
        for item in ready:
            found = open_batches.get(item.address)
            if found is None or not self.batched or len(found) >= BATCH:
                found = open_batches[item.address] = []
                batches.append(found)
            found.append(item)
        return batches

    def _send_batch(self, batch: list[Notification]) -> list[tuple[Attempt, Notification | None]]:
        body = json.dumps({"value": [item.body for item in batch]}).encode()
        headers = {"Content-Type": "application/json; charset=utf-8", "Content-Length": str(len(body))}
        reply = self.send(batch[0].address, headers, body)
        with self._lock:
            self._record_response_time(batch[0].address, reply)
        return [self._result(item, reply, len(batch)) for item in batch]

    def _result(
        self, item: Notification, reply: WebhookReply, together: int
    ) -> tuple[Attempt, Notification | None]:
        limit = FIRST_LIMIT if item.attempt == 1 else RETRY_LIMIT
        taken = 200 <= reply.status < 300 and reply.seconds <= limit
        due = self._now() + timedelta(seconds=10 * 2 ** (item.attempt - 1))
        again = not taken and due - item.first_due < GIVE_UP
        attempt = Attempt(item.subscription, item.kind, item.attempt, reply.status, again, together)
        return attempt, replace(item, due=due, attempt=item.attempt + 1) if again else None

    def _record_response_time(self, address: str, reply: WebhookReply) -> None:
        """Record how fast an endpoint answered.

        One that is slow too often gets a penalty, for all subscriptions.
        """
        if not self.rules:
            return
        now, name = self._now(), _endpoint(address)
        recent = [each for each in self._response_times.get(name, []) if now - each[0] < PENALTY]
        recent.append((now, RETRY_LIMIT + 1 if reply.status == 0 else reply.seconds))
        self._response_times[name] = recent
        dead = sum(1 for _, seconds in recent if seconds > RETRY_LIMIT) / len(recent)
        slow = sum(1 for _, seconds in recent if seconds > FIRST_LIMIT) / len(recent)
        if len(recent) >= LEAST_MEASURED and dead > DROP_SHARE:
            self._penalties[name] = ("drop", now + PENALTY)
        elif len(recent) >= LEAST_MEASURED and slow > SLOW_SHARE:
            self._penalties[name] = ("slow", now + PENALTY)


def _endpoint(address: str) -> str:
    return urlsplit(address).netloc
