"""Lets identical live questions of one process share one provider call, for five seconds at most."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

from common.domain.calendar.connection import CalendarEntry, CalendarRef, Connection
from common.domain.calendar.event import Detail, ExternalEvent
from common.domain.calendar.interval import Interval
from common.domain.slots.engine import UnknownCalendar
from common.errors import Degraded, GrantRevoked, SyncError
from common.flows.shared.tokens import authorized, forget_token, live_token
from common.ports import Ports

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor
from common.ports.provider import BusyPage, BusyRequest

REUSE = timedelta(seconds=5)
MOST_IN_FLIGHT = 4
MOST_KEPT = 256


@dataclass(frozen=True, slots=True)
class LiveAnswer:
    """The events of one calendar, times and flags only, as they were when the question was asked."""

    events: tuple[ExternalEvent, ...]
    as_of: datetime


CalendarAnswers = Mapping[str, LiveAnswer | UnknownCalendar]


@dataclass(frozen=True, slots=True)
class LiveQuestion:
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
            isinstance(other, LiveQuestion)
            and self.provider is other.provider
            and (self.connection, self.calendars, self.window, self.known)
            == (other.connection, other.calendars, other.window, other.known)
        )


class SingleFlight:
    """The questions that are in flight, and answers that are at most five seconds old.

    Older ones are dropped with the next question, and the oldest where there are too many; nothing is
    written anywhere. What is kept are times and flags: no title, no address.
    """

    def __init__(self) -> None:
        """Start with nothing."""
        self._lock = threading.Lock()
        self._flights: dict[LiveQuestion, tuple[datetime, Future[CalendarAnswers]]] = {}
        self._accounts: WeakValueDictionary[str, threading.BoundedSemaphore] = WeakValueDictionary()

    def join(
        self, question: LiveQuestion, *, now: datetime, start: Callable[[], Future[CalendarAnswers]]
    ) -> Future[CalendarAnswers]:
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


def _usable(since: datetime, future: Future[CalendarAnswers], *, now: datetime) -> bool:
    if not since <= now <= since + REUSE:
        return False
    if not future.done():
        return True
    # A failure is not an answer: the next question asks again.
    return future.exception() is None and all(
        isinstance(item, LiveAnswer) for item in future.result().values()
    )


MOST_THREADS = 100
MOST_PAGES = 40
_Replies = tuple[BusyPage | SyncError, ...]
# One process, one set of flights: an instance of the function serves many customers at the same moment.
_FLIGHTS = SingleFlight()


@dataclass(frozen=True, slots=True)
class CalendarsToAsk:
    """One connection and the calendars of it that are asked; ``zone`` places all-day events without one.

    ``known`` names what the agenda knew: whoever knows more asks anew. What is asked in full is for one view
    alone: such a question is never shared.
    """

    connection: Connection
    calendars: tuple[CalendarEntry, ...]
    zone: str
    detail: Detail = Detail.TIMES
    known: str = ""


def calendar_id(connection: str, key: str) -> str:
    """The name of one connection's calendar among all of a resource's, the same as in its agenda."""
    return f"{connection}/{key}"


def ask_calendars(
    ports: Ports, asked: Iterable[CalendarsToAsk], window: Interval, *, afresh: bool
) -> CalendarAnswers:
    """What every calendar says, by ``calendar_id``.

    All are asked in parallel under one deadline; a connection that cannot be used, an error, an unfinished
    page chain and silence are all ``Unknown`` for exactly the calendars that they concern.

    Args:
        ports: The outside.
        asked: The connections and calendars.
        window: The range of interest.
        afresh: Never share a flight: a booking must not rest on what somebody else asked before.
    """
    found: dict[str, LiveAnswer | UnknownCalendar] = {}
    batches: list[_Batch] = []
    for item in asked:
        if item.connection.usable:
            batches += _batches(ports, item, window)
        else:
            found.update(_all_unknown(item.connection, item.calendars, str(item.connection.status)))
    for batch, future in _flown(ports, batches, afresh=afresh):
        answered = future.result() if future.done() else {}
        unanswered = _all_unknown(batch.connection, batch.calendars, "deadline")
        found.update({**unanswered, **answered})
    return found


def _all_unknown(connection: Connection, calendars: Iterable[CalendarEntry], reason: str) -> CalendarAnswers:
    return {calendar_id(connection.id, entry.key): UnknownCalendar(reason) for entry in calendars}


class _Access:
    """One connection's token, read once for all its batches: they would wait for each other's refresh."""

    def __init__(self, ports: Ports, connection: Connection) -> None:
        self._ports, self._connection = ports, connection
        self._lock = threading.Lock()
        self._token: str | None = None

    def call(self, question: Callable[[str], _Replies]) -> _Replies:
        with self._lock:
            self._token = token = self._token or live_token(self._ports, self._connection)
        try:
            return question(token)
        except GrantRevoked:
            with self._lock:
                self._token = None
                forget_token(self._ports, self._connection)
                return authorized(self._ports, self._connection, question)


@dataclass(frozen=True, slots=True)
class _Batch:
    """What one request can ask: some calendars of one connection."""

    connection: Connection
    calendars: tuple[CalendarEntry, ...]
    window: Interval
    zone: str
    detail: Detail
    known: str
    access: _Access


def _batches(ports: Ports, item: CalendarsToAsk, window: Interval) -> Iterator[_Batch]:
    size = ports.providers[item.connection.provider].calendar.busy_batch
    access = _Access(ports, item.connection)
    for at in range(0, len(item.calendars), size):
        calendars = item.calendars[at : at + size]
        yield _Batch(item.connection, calendars, window, item.zone, item.detail, item.known, access)


def _flown(
    ports: Ports, batches: Sequence[_Batch], *, afresh: bool
) -> tuple[tuple[_Batch, Future[CalendarAnswers]], ...]:
    # Many functions import this module and ask no calendar.
    from concurrent.futures import ThreadPoolExecutor, wait  # noqa: PLC0415

    if not batches:
        return ()
    late = threading.Event()
    pool = ThreadPoolExecutor(max_workers=min(len(batches), MOST_THREADS), thread_name_prefix="live-busy")
    try:
        flights = tuple((batch, _start(ports, batch, pool, late, afresh=afresh)) for batch in batches)
        wait([future for _, future in flights], timeout=ports.tuning.live_deadline)
        late.set()
    finally:
        # Whoever hangs ends at its client's own time-out; nobody waits for it here.
        pool.shutdown(wait=False)
    return flights


def _start(
    ports: Ports, batch: _Batch, pool: ThreadPoolExecutor, late: threading.Event, *, afresh: bool
) -> Future[CalendarAnswers]:
    def start() -> Future[CalendarAnswers]:
        return pool.submit(_answers, ports, batch, late)

    if afresh or batch.detail is not Detail.TIMES:
        return start()
    question = LiveQuestion(
        provider=ports.providers[batch.connection.provider].calendar,
        connection=(batch.connection.tenant, batch.connection.id),
        calendars=tuple(entry.provider_id for entry in batch.calendars),
        window=(batch.window.start, batch.window.end),
        known=batch.known,
    )
    return _FLIGHTS.join(question, now=ports.clock.now(), start=start)


def _answers(ports: Ports, batch: _Batch, late: threading.Event) -> CalendarAnswers:
    connection = batch.connection
    gate = _FLIGHTS.gate(f"{connection.provider}:{connection.account}")
    if not gate.acquire(timeout=ports.tuning.live_deadline):
        return _all_unknown(connection, batch.calendars, "deadline")
    try:
        return _chains(ports, batch, late)
    except Degraded:
        # This installation lacks a setting: that is no calendar's fault, and must be seen.
        raise
    except SyncError as failed:
        return _all_unknown(connection, batch.calendars, failed.reason)
    finally:
        gate.release()


def _chains(ports: Ports, batch: _Batch, late: threading.Event) -> CalendarAnswers:
    """Follow every calendar's pages to the end; a chain that breaks off says nothing at all."""
    as_of = ports.clock.now()
    found: dict[str, LiveAnswer | UnknownCalendar] = {}
    events: dict[str, list[ExternalEvent]] = {entry.key: [] for entry in batch.calendars}
    pages: dict[str, str | None] = dict.fromkeys(events)
    for _ in range(MOST_PAGES):
        if not pages or late.is_set():
            break
        following: dict[str, str | None] = {}
        for key, answer in _round(ports, batch, pages):
            name = calendar_id(batch.connection.id, key)
            if not isinstance(answer, BusyPage):
                found[name] = UnknownCalendar(answer.reason)
                continue
            events[key] += answer.events
            if answer.page:
                following[key] = answer.page
            else:
                found[name] = LiveAnswer(tuple(events[key]), as_of)
        pages = following
    left = [entry for entry in batch.calendars if entry.key in pages]
    return {**_all_unknown(batch.connection, left, "deadline" if late.is_set() else "unfinished"), **found}


def _round(
    ports: Ports, batch: _Batch, pages: dict[str, str | None]
) -> Iterator[tuple[str, BusyPage | SyncError]]:
    """One request for the next page of every calendar that has one."""
    entries = [entry for entry in batch.calendars if entry.key in pages]
    requests = [
        BusyRequest(CalendarRef(entry.provider_id, entry.zone or batch.zone, entry.role), pages[entry.key])
        for entry in entries
    ]
    answers = batch.access.call(_question(ports, batch, requests))
    return zip((entry.key for entry in entries), answers, strict=True)


def _question(ports: Ports, batch: _Batch, requests: Sequence[BusyRequest]) -> Callable[[str], _Replies]:
    provider = ports.providers[batch.connection.provider].calendar

    def call(token: str) -> _Replies:
        answers = provider.busy(token, requests, batch.window, detail=batch.detail)
        for answer in answers:
            # A refused token concerns the whole connection: raised, it is refreshed once.
            if isinstance(answer, GrantRevoked):
                raise answer
        return answers

    return call
