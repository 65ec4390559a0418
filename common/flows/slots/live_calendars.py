"""Asks calendars at their providers: now, in parallel, under one deadline, equal questions only once.

Equal questions of one process share one provider call, whose answer is used for five seconds at most.
"""

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
from common.errors import SCOPE_MISSING, Degraded, Forbidden, GrantDoubted, RateLimited, Retry, SyncError
from common.flows.shared.tokens import (
    authorized,
    check_reachable,
    end_doubt,
    forget_token,
    live_token,
    note_limit,
)
from common.ports import Ports
from common.ports.provider import BusyPage, BusyRequest

if TYPE_CHECKING:
    from concurrent.futures import Future, ThreadPoolExecutor

REUSE = timedelta(seconds=5)
MOST_IN_FLIGHT = 4
MOST_KEPT = 256
MOST_THREADS = 100
MOST_PAGES = 40
_SILENT = UnknownCalendar("deadline", unreachable=True)
# It answers, and does not come to an end.
_UNFINISHED = UnknownCalendar("unfinished")
_Replies = tuple[BusyPage | SyncError, ...]


@dataclass(frozen=True, slots=True)
class LiveAnswer:
    """The events of one calendar, times and flags only, as they were when the question was asked."""

    events: tuple[ExternalEvent, ...]
    as_of: datetime


CalendarAnswers = Mapping[str, LiveAnswer | UnknownCalendar]


@dataclass(frozen=True, slots=True)
class CalendarsToAsk:
    """Some calendars of one connection, and how they are asked.

    Attributes:
        connection: The connection.
        calendars: Its calendars.
        zone: The time zone of all-day events in calendars that have none of their own.
        detail: How much of the events is asked for; only questions about times are ever shared.
        known: The version of the agenda that the asker knows: whoever knows a newer one asks anew.
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

    All are asked in parallel under one deadline. A connection that cannot be used, an error, an unfinished
    chain of pages and silence are all ``UnknownCalendar`` for exactly the calendars that they concern.

    Args:
        ports: Everything outside.
        asked: The connections and calendars.
        window: The range of interest.
        afresh: Never share an answer: a booking must not rest on what somebody else asked before.
    """
    found: dict[str, LiveAnswer | UnknownCalendar] = {}
    batches: list[_Batch] = []
    for item in asked:
        if item.connection.usable:
            if kept_waiting := _left_alone(ports, item.connection):
                found.update(_all_unknown(item.connection, item.calendars, kept_waiting))
            else:
                batches += _batches(ports, item, window)
        else:
            # A grant that was refused is an answer; what is stored does not overrule it.
            found.update(
                _all_unknown(item.connection, item.calendars, UnknownCalendar(str(item.connection.status)))
            )
    for batch, future in _ask_in_parallel(ports, batches, afresh=afresh):
        answered = future.result() if future.done() else {}
        unanswered = _all_unknown(batch.connection, batch.calendars, _SILENT)
        found.update({**unanswered, **answered})
    return found


def _all_unknown(
    connection: Connection, calendars: Iterable[CalendarEntry], unknown: UnknownCalendar
) -> CalendarAnswers:
    return {calendar_id(connection.id, entry.key): unknown for entry in calendars}


def _left_alone(ports: Ports, connection: Connection) -> UnknownCalendar | None:
    """Why the account is not asked although it could be: its provider wants us to wait."""
    try:
        check_reachable(connection, now=ports.clock.now())
    except Retry as waiting:
        return UnknownCalendar.because(waiting)
    return None


class _SharedToken:
    """One connection's token, read once for all its batches: they would wait for each other's refresh."""

    def __init__(self, ports: Ports, connection: Connection) -> None:
        self._ports, self._connection = ports, connection
        self._lock = threading.Lock()
        self._token: str | None = None

    def call(self, question: Callable[[str], _Replies]) -> _Replies:
        with self._lock:
            self._token = token = self._token or live_token(self._ports, self._connection)
        try:
            replies = question(token)
        except (GrantDoubted, Forbidden) as refused:
            if isinstance(refused, Forbidden) and refused.reason != SCOPE_MISSING:
                raise
            with self._lock:
                self._token = None
                forget_token(self._ports, self._connection)
                return authorized(self._ports, self._connection, question)
        end_doubt(self._ports, self._connection)
        return replies


@dataclass(frozen=True, slots=True)
class _Batch:
    """What one request can ask: some calendars of one connection."""

    connection: Connection
    calendars: tuple[CalendarEntry, ...]
    window: Interval
    zone: str
    detail: Detail
    known: str
    token: _SharedToken


def _batches(ports: Ports, item: CalendarsToAsk, window: Interval) -> Iterator[_Batch]:
    size = ports.providers[item.connection.provider].calendar.busy_batch
    token = _SharedToken(ports, item.connection)
    for at in range(0, len(item.calendars), size):
        calendars = item.calendars[at : at + size]
        yield _Batch(item.connection, calendars, window, item.zone, item.detail, item.known, token)


def _ask_in_parallel(
    ports: Ports, batches: Sequence[_Batch], *, afresh: bool
) -> tuple[tuple[_Batch, Future[CalendarAnswers]], ...]:
    # Many functions import this module and ask no calendar.
    from concurrent.futures import ThreadPoolExecutor, wait  # noqa: PLC0415

    if not batches:
        return ()
    deadline_passed = threading.Event()
    pool = ThreadPoolExecutor(max_workers=min(len(batches), MOST_THREADS), thread_name_prefix="live-busy")
    try:
        asked = tuple(
            (batch, _ask_batch(ports, batch, pool, deadline_passed, afresh=afresh)) for batch in batches
        )
        wait([future for _, future in asked], timeout=ports.tuning.live_deadline)
        deadline_passed.set()
    finally:
        # Whoever hangs ends at its client's own time-out; nobody waits for it here.
        pool.shutdown(wait=False)
    return asked


def _ask_batch(
    ports: Ports, batch: _Batch, pool: ThreadPoolExecutor, deadline_passed: threading.Event, *, afresh: bool
) -> Future[CalendarAnswers]:
    def start() -> Future[CalendarAnswers]:
        return pool.submit(_answers, ports, batch, deadline_passed)

    if afresh or batch.detail is not Detail.TIMES:
        return start()
    question = LiveQuestion(
        provider=ports.providers[batch.connection.provider].calendar,
        connection=(batch.connection.tenant, batch.connection.id),
        calendars=tuple(entry.provider_id for entry in batch.calendars),
        window=(batch.window.start, batch.window.end),
        known=batch.known,
    )
    return _SINGLE_FLIGHT.share(question, now=ports.clock.now(), start=start)


def _answers(ports: Ports, batch: _Batch, deadline_passed: threading.Event) -> CalendarAnswers:
    connection = batch.connection
    limit = _SINGLE_FLIGHT.account_limit(f"{connection.provider}:{connection.account}")
    # The calendars of one request are read at the same time, as far as there are places.
    places = min(MOST_IN_FLIGHT, len(batch.calendars))
    if not limit.take(places, timeout=ports.tuning.live_deadline):
        return _all_unknown(connection, batch.calendars, _SILENT)
    try:
        return _all_pages(ports, batch, deadline_passed)
    except Degraded:
        # This installation lacks a setting: that is no calendar's fault, and must be seen.
        raise
    except SyncError as failed:
        if isinstance(failed, RateLimited):
            note_limit(ports, connection, failed)
        return _all_unknown(connection, batch.calendars, UnknownCalendar.because(failed))
    finally:
        limit.give_back(places)


def _all_pages(ports: Ports, batch: _Batch, deadline_passed: threading.Event) -> CalendarAnswers:
    """Follow every calendar's pages to the end; a chain that breaks off says nothing at all."""
    as_of = ports.clock.now()
    found: dict[str, LiveAnswer | UnknownCalendar] = {}
    events: dict[str, list[ExternalEvent]] = {entry.key: [] for entry in batch.calendars}
    pages: dict[str, str | None] = dict.fromkeys(events)
    for _ in range(MOST_PAGES):
        if not pages or deadline_passed.is_set():
            break
        following: dict[str, str | None] = {}
        for key, answer in _next_pages(ports, batch, pages):
            name = calendar_id(batch.connection.id, key)
            if isinstance(answer, RateLimited):
                note_limit(ports, batch.connection, answer)
            if not isinstance(answer, BusyPage):
                found[name] = UnknownCalendar.because(answer)
                continue
            events[key] += answer.events
            if answer.page:
                following[key] = answer.page
            else:
                found[name] = LiveAnswer(tuple(events[key]), as_of)
        pages = following
    left = [entry for entry in batch.calendars if entry.key in pages]
    return {
        **_all_unknown(batch.connection, left, _SILENT if deadline_passed.is_set() else _UNFINISHED),
        **found,
    }


def _next_pages(
    ports: Ports, batch: _Batch, pages: dict[str, str | None]
) -> Iterator[tuple[str, BusyPage | SyncError]]:
    """One request for the next page of every calendar that has one."""
    entries = [entry for entry in batch.calendars if entry.key in pages]
    requests = [
        BusyRequest(CalendarRef(entry.provider_id, entry.zone or batch.zone, entry.role), pages[entry.key])
        for entry in entries
    ]
    answers = batch.token.call(_busy_call(ports, batch, requests))
    return zip((entry.key for entry in entries), answers, strict=True)


def _busy_call(ports: Ports, batch: _Batch, requests: Sequence[BusyRequest]) -> Callable[[str], _Replies]:
    provider = ports.providers[batch.connection.provider].calendar

    def call(token: str) -> _Replies:
        answers = provider.busy(token, requests, batch.window, detail=batch.detail)
        refused = [answer for answer in answers if isinstance(answer, GrantDoubted)]
        # A token that no calendar takes is refreshed once; what a single one refuses concerns that one alone.
        if refused and len(refused) == len(answers):
            raise refused[0]
        return answers

    return call


@dataclass(frozen=True, slots=True)
class LiveQuestion:
    """What makes two questions equal.

    Attributes:
        provider: The adapter itself; it lives as long as the question.
        connection: The tenant and the connection.
        calendars: The provider's ids of the calendars.
        window: The start and the end of the range.
        known: The version of the stored agenda: once a synchronisation has stored a change, nobody is shown
            an answer from before it.
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


class AccountPlaces:
    """How many questions of one account may be asked at the same moment; whoever finds no room waits."""

    def __init__(self, most: int) -> None:
        """All are free at first."""
        self._free = most
        self._changed = threading.Condition()

    def take(self, places: int, *, timeout: float) -> bool:
        """Take some places together; False where they were not free within so many seconds."""
        with self._changed:
            free = self._changed.wait_for(lambda: self._free >= places, timeout)
            if free:
                self._free -= places
            return free

    def give_back(self, places: int) -> None:
        """Give them back."""
        with self._changed:
            self._free += places
            self._changed.notify_all()


class SingleFlight:
    """Lets equal questions share one provider call ("single flight") and its answer for five seconds.

    Older answers are dropped with the next question, and the oldest where there are too many; nothing is
    written anywhere. What is kept are times and flags: no title, no address.
    """

    def __init__(self) -> None:
        """Start with nothing."""
        self._lock = threading.Lock()
        self._asked: dict[LiveQuestion, tuple[datetime, Future[CalendarAnswers]]] = {}
        self._account_limits: WeakValueDictionary[str, AccountPlaces] = WeakValueDictionary()

    def share(
        self, question: LiveQuestion, *, now: datetime, start: Callable[[], Future[CalendarAnswers]]
    ) -> Future[CalendarAnswers]:
        """The future answer of an equal question that was asked a moment ago, or else of a new call."""
        with self._lock:
            self._asked = {key: asked for key, asked in self._asked.items() if _usable(*asked, now=now)}
            known = self._asked.get(question)
            if known:
                return known[1]
            while len(self._asked) >= MOST_KEPT:
                del self._asked[next(iter(self._asked))]
            future = start()
            self._asked[question] = (now, future)
            return future

    def account_limit(self, account: str) -> AccountPlaces:
        """At most four calendars of one account at a time: Microsoft allows no more per mailbox.

        A batch asks for up to four at once, so that there is one at a time of those that ask for so many:
        https://learn.microsoft.com/graph/throttling-limits (Outlook service limits).
        """
        with self._lock:
            limit = self._account_limits.get(account)
            if limit is None:
                limit = self._account_limits[account] = AccountPlaces(MOST_IN_FLIGHT)
            return limit


def _usable(since: datetime, future: Future[CalendarAnswers], *, now: datetime) -> bool:
    if not since <= now <= since + REUSE:
        return False
    if not future.done():
        return True
    # A failure is not an answer: the next question asks again.
    return future.exception() is None and all(
        isinstance(item, LiveAnswer) for item in future.result().values()
    )


# One process shares one: an instance of the function serves many customers at the same moment.
_SINGLE_FLIGHT = SingleFlight()
