"""CPU and memory of an import from the provider's bytes to the database, beside the baseline's CPU.

Both write to Google's Firestore emulator, a process of its own; what is compared is the CPU of the importer.
Slotbridge does all that an import does: it requests pages, maps events, applies the blocking rules, finds its
own events, observes the limits, and stores weeks, agenda, index and cursor.
"""

from __future__ import annotations

import os
import tracemalloc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from importlib import import_module
from typing import Any, cast
from uuid import uuid4

import requests
from requests.adapters import BaseAdapter

from bench.imports.baseline import import_pages
from bench.imports.provider_pages import google_pages, graph_pages
from bench.measure import ratio, side_by_side
from bench.report import Row, at_least, at_most
from common.domain.calendar.connection import ProviderKind
from common.domain.shared.tasks import Lane
from common.flows.shared.calendar_access import open_calendar
from common.flows.sync.page import start_listing, sync_page
from common.providers.google.list_events import PAGE_SIZE as GOOGLE_PAGE
from common.providers.microsoft.list_events import PAGE_SIZE as GRAPH_PAGE
from common.store.firestore.client import FirestoreDocuments, connect
from local.firestore_emulator import start

EVENTS, FEW_EVENTS = 2_500, 1_000
MANY_TIMES = 4
AT_LEAST = {ProviderKind.GOOGLE: 10.0, ProviderKind.MICROSOFT: 10.0}
MEMORY_AT_MOST = 2.0
SETUPS = {
    ProviderKind.GOOGLE: ("tests.flows.setups.sync_setup", "Synced"),
    ProviderKind.MICROSOFT: ("tests.flows.setups.graph_setup", "Outlook"),
}
"""The classes of the tests that connect an account, by provider."""
PLENTY = 10**7
MOST_IMPORTS = 40


class CannedAnswers:
    """Answers the HTTP library of either provider's client with given bodies, in turn and over again."""

    headers: dict[str, str]

    def __init__(self, bodies: Sequence[bytes]) -> None:
        """``bodies`` are the answers."""
        self._bodies = bodies
        self._next = 0

    def body(self) -> bytes:
        """The next answer."""
        found = self._bodies[self._next % len(self._bodies)]
        self._next += 1
        return found

    def request(self, *_: Any, **__: Any) -> tuple[Any, bytes]:
        """Answer like ``httplib2``, which Google's client uses."""
        import httplib2

        return httplib2.Response({"status": "200", "content-type": "application/json"}), self.body()

    def session(self) -> requests.Session:
        """A session of ``requests``, which the Graph client uses, with the same answers."""
        session = requests.Session()
        session.mount("https://", _Adapter(self))
        return session

    def close(self) -> None:
        """Nothing is open."""


class _Body:
    """The body of an answer, already complete."""

    def __init__(self, content: bytes) -> None:
        self._left = content

    def read1(self, *_: Any, **__: Any) -> bytes:
        """The whole body at first, then nothing."""
        piece, self._left = self._left, b""
        return piece

    def close(self) -> None:
        """Nothing is open."""

    release_conn = close


class _Adapter(BaseAdapter):
    """Answers requests without a server, so that no server is measured."""

    def __init__(self, canned: CannedAnswers) -> None:
        super().__init__()
        self._canned = canned

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """The next answer."""
        answer = requests.Response()
        answer.status_code, answer.request, answer.url = 200, request, request.url or ""
        answer.raw = _Body(self._canned.body())
        return answer

    def close(self) -> None:
        """Nothing is open."""


def run(quick: bool) -> list[Row]:  # noqa: FBT001 - the interface of all topics
    """Measure CPU and memory for both providers."""
    events = FEW_EVENTS if quick else EVENTS
    with _emulator() as host:
        rows = [_speed(kind, host, events, rounds=3 if quick else 9) for kind in ProviderKind]
        return [*rows, *(_memory(kind, host, events) for kind in ProviderKind)]


def _speed(kind: ProviderKind, host: str, events: int, *, rounds: int) -> Row:
    from google.cloud import firestore

    google = kind is ProviderKind.GOOGLE
    whole = google_pages(events, size=events, masked=False) if google else graph_pages(events, size=events)
    client = firestore.Client(project="baseline")
    with _importer(kind, host, _pages(kind, events)) as import_all:
        ways = {"baseline": lambda: import_pages(client, whole), "slotbridge": import_all}
        for way in ways.values():
            if way() != events:
                raise AssertionError("an import lost events")
        found = side_by_side(ways, rounds=rounds)
    return at_least(
        "import",
        f"{kind.value}: {events:,} events from bytes to stored, times the baseline's events per CPU s",
        ratio(found["baseline"], found["slotbridge"]),
        AT_LEAST[kind],
        baseline_ms=found["baseline"].ms,
        ours_ms=found["slotbridge"].ms,
        ours_events_per_cpu_s=events / found["slotbridge"].ms * 1_000,
    )


def _pages(kind: ProviderKind, events: int) -> list[bytes]:
    """The pages as Slotbridge requests them."""
    if kind is ProviderKind.GOOGLE:
        return google_pages(events, size=GOOGLE_PAGE, masked=True)
    return graph_pages(events, size=GRAPH_PAGE)


def _memory(kind: ProviderKind, host: str, events: int) -> Row:
    peaks = []
    for count in (events, MANY_TIMES * events):
        with _importer(kind, host, _pages(kind, count)) as work:
            tracemalloc.start()
            work()
            peaks.append(tracemalloc.get_traced_memory()[1])
            tracemalloc.stop()
    return at_most(
        "import",
        f"{kind.value}: peak memory of listing {MANY_TIMES * events:,} events, times that of {events:,}",
        peaks[1] / peaks[0],
        MEMORY_AT_MOST,
        peak_mb=peaks[1] / 1e6,
    )


@contextmanager
def _importer(kind: ProviderKind, host: str, bodies: Sequence[bytes]) -> Iterator[Callable[[], int]]:
    """A function that imports all pages, each time for another connection, so that everything is written."""
    documents = FirestoreDocuments(connect(project=f"import-{uuid4().hex}", emulator=host))
    account = _connected_account(kind, documents)
    ports = _with_answers(account.ports, kind, CannedAnswers(bodies))
    left = iter([_connect(account, f"c{number}") for number in range(MOST_IMPORTS)])

    def import_all() -> int:
        place = account.tenant, next(left), account.key
        reading = open_calendar(ports, tenant=place[0], connection=place[1], key=place[2], lane=Lane.BACKFILL)
        if reading is None:
            raise AssertionError("the calendar is not read")
        until = ports.clock.now() + timedelta(seconds=ports.tuning.task_seconds)
        feed = start_listing(ports, reading, ports.sync_states.get(*place))
        last, units = False, 0
        while not last:
            turned = sync_page(ports, reading, feed, until=until)
            feed, last, units = turned.state, turned.last, units + turned.units
        return units

    try:
        yield import_all
    finally:
        documents.close()


def _connect(account: Any, name: str) -> str:
    """Create another connection with the same calendar; returns its id."""
    ports, known = account.ports, account.connection
    sealed, _ = ports.connections.sealed(known.tenant, known.id)
    grant = ports.vault.open(sealed, tenant=known.tenant, connection=known.id)
    again = ports.vault.seal(grant, tenant=known.tenant, connection=name)
    ports.connections.create(replace(known, id=name, account=f"{name}@example.com", version=None), again)
    return name


def _connected_account(kind: ProviderKind, documents: FirestoreDocuments) -> Any:
    """A connected account from the set-up of the tests, which is not typed."""
    module, name = SETUPS[kind]
    return getattr(import_module(module), name)(sync=False, documents=documents)


def _with_answers(ports: Any, kind: ProviderKind, canned: CannedAnswers) -> Any:
    from common.providers.google.calendar import GoogleCalendar
    from common.providers.google.client import GoogleClient
    from common.providers.microsoft.calendar import MicrosoftCalendar
    from common.providers.microsoft.client import GraphClient

    calendar: Any = (
        GoogleCalendar(GoogleClient(http_factory=lambda _: cast("Any", canned)))
        if kind is ProviderKind.GOOGLE
        else MicrosoftCalendar(GraphClient(session_factory=canned.session))
    )
    provider = replace(ports.providers[kind], calendar=calendar)
    tuning = replace(
        ports.tuning, user_per_minute=PLENTY, project_per_minute=PLENTY, mailbox_per_minute=PLENTY
    )
    return replace(ports, providers={kind: provider}, tuning=tuning)


@contextmanager
def _emulator() -> Iterator[str]:
    before = os.environ.get("FIRESTORE_EMULATOR_HOST")
    with start() as emulator:
        # Google's own client reads the address from the environment.
        os.environ["FIRESTORE_EMULATOR_HOST"] = emulator.host
        try:
            yield emulator.host
        finally:
            os.environ.pop("FIRESTORE_EMULATOR_HOST")
            os.environ.update({"FIRESTORE_EMULATOR_HOST": before} if before else {})
