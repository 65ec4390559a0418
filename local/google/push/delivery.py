"""Delivers push notifications one by one, and repeats those that Google would repeat."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from local.simulation import http_post
from local.simulation.push_queue import PushQueue

# https://developers.google.com/workspace/calendar/api/guides/push (G150); how often is not documented.
RETRIED = frozenset({500, 502, 503, 504})
ACCEPTED = frozenset({200, 201, 202, 204, 102})
MAX_ATTEMPTS = 8
PostFunction = Callable[[str, dict[str, str]], int]


@dataclass(frozen=True, slots=True)
class Notification:
    """One message to the address of one channel."""

    channel: str
    state: str
    address: str
    headers: dict[str, str]
    due: datetime
    attempt: int = 1


@dataclass(frozen=True, slots=True)
class Attempt:
    """The result of one delivery: the status, and whether it will be repeated."""

    channel: str
    state: str
    number: int
    attempt: int
    status: int
    will_retry: bool


def post(address: str, headers: dict[str, str]) -> int:
    """Send an empty POST and return its status; no answer, or one that is not HTTP, counts as 504."""
    return http_post.post(address, headers | {"Content-Length": "0"}, b"", timeout=10).status or 504


class Delivery(PushQueue[Notification, Attempt]):
    """The queue of notifications on their way to the channels' addresses."""

    def __init__(self, now: Callable[[], datetime], send: PostFunction = post) -> None:
        super().__init__(now, name="google-push")
        self.send = send

    def _send_batch(self, batch: list[Notification]) -> list[tuple[Attempt, Notification | None]]:
        return [self._send_one(item) for item in batch]

    def _send_one(self, item: Notification) -> tuple[Attempt, Notification | None]:
        status = self.send(item.address, item.headers)
        again = status in RETRIED and item.attempt < MAX_ATTEMPTS
        number = int(item.headers["X-Goog-Message-Number"])
        attempt = Attempt(item.channel, item.state, number, item.attempt, status, again)
        if not again:
            return attempt, None
        due = self._now() + timedelta(seconds=2 ** (item.attempt - 1))
        return attempt, replace(item, due=due, attempt=item.attempt + 1)
