"""Lets identical live questions of one process share one provider call, for five seconds at most."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime, timedelta
from weakref import WeakValueDictionary

from common.domain.event import ExternalEvent
from common.domain.slots import Unknown

REUSE = timedelta(seconds=5)
MOST_IN_FLIGHT = 4
MOST_KEPT = 256


@dataclass(frozen=True, slots=True)
class Heard:
    """The events of one calendar, times and flags only, as they were when the question was asked."""

    events: tuple[ExternalEvent, ...]
    as_of: datetime


Answers = Mapping[str, Heard | Unknown]


@dataclass(frozen=True, slots=True)
class Question:
    """What makes two questions identical; ``provider`` is the adapter itself, alive as long as this is.

    ``connection`` begins with its tenant. ``known`` is what the stored agenda knew: once a synchronisation
    stored a change, nobody is shown what was heard before it.
    """

    provider: object
    connection: tuple[str, str]
    calendars: tuple[str, ...]
    window: tuple[datetime, datetime]
    known: str = ""

    def __hash__(self) -> int:
        return hash((id(self.provider), self.connection, self.calendars, self.window, self.known))

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Question)
            and self.provider is other.provider
            and (self.connection, self.calendars, self.window, self.known)
            == (other.connection, other.calendars, other.window, other.known)
        )


class Flights:
    """The questions that are in flight, and answers that are at most five seconds old.

    Older ones are dropped with the next question, and the oldest where there are too many; nothing is
    written anywhere. What is kept are times and flags: no title, no address.
    """

    def __init__(self) -> None:
        """Start with nothing."""
        self._lock = threading.Lock()
        self._flights: dict[Question, tuple[datetime, Future[Answers]]] = {}
        self._accounts: WeakValueDictionary[str, threading.BoundedSemaphore] = WeakValueDictionary()

    def join(
        self, question: Question, *, now: datetime, start: Callable[[], Future[Answers]]
    ) -> Future[Answers]:
        """The answer of an identical question that was asked a moment ago, or a new flight."""
        with self._lock:
            self._flights = {
                key: flight for key, flight in self._flights.items() if _usable(*flight, now=now)
            }
            known = self._flights.get(question)
            if known:
                return known[1]
            while len(self._flights) >= MOST_KEPT:
                del self._flights[next(iter(self._flights))]
            future = start()
            self._flights[question] = (now, future)
            return future

    def gate(self, account: str) -> threading.BoundedSemaphore:
        """At most four requests of one account at a time: Microsoft allows no more per mailbox.

        See https://learn.microsoft.com/graph/throttling-limits (Outlook service limits).
        """
        with self._lock:
            gate = self._accounts.get(account)
            if gate is None:
                gate = self._accounts[account] = threading.BoundedSemaphore(MOST_IN_FLIGHT)
            return gate


def _usable(since: datetime, future: Future[Answers], *, now: datetime) -> bool:
    if not since <= now <= since + REUSE:
        return False
    if not future.done():
        return True
    # A failure is not an answer: the next question asks again.
    return future.exception() is None and all(isinstance(item, Heard) for item in future.result().values())
