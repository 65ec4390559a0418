"""The slot endpoint over Firestore's emulator against one document an appointment; its live calendars."""

from __future__ import annotations

import json
import os
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any, cast

from bench.measure import ratio, side_by_side
from bench.report import Row, at_least, at_most, shown
from bench.slots import RESOURCE, SERVICE, WrongAnswerError
from bench.workload import FOUR_WEEKS, Case, case
from common.domain.account import ProviderKind
from common.domain.agenda import weeks
from common.domain.interval import Interval
from common.ports import BusyPage, Clock, Ports, Provider
from common.store import paths
from common.store.documents import Documents, Put, Query, Snapshot, Write, Written

TOPIC = "endpoint"
SIZES = (50, 200, 500)
ROOT = Path(__file__).resolve().parents[1]
BEFORE = datetime(2027, 3, 14, 12, tzinfo=UTC)
# How slow two providers are, in seconds; the slower one is what nobody can be faster than.
PROVIDERS = (0.1, 0.3)


@dataclass(slots=True)
class Counted:
    """Documents that count what Firestore bills: each one asked for, each one that a query finds."""

    inner: Documents
    reads: int = 0

    def get(self, paths: Sequence[str]) -> tuple[Snapshot, ...]:
        """Read, and count."""
        self.reads += len(set(paths))
        return self.inner.get(paths)

    def query(self, query: Query) -> tuple[Snapshot, ...]:
        """Ask, and count."""
        found = self.inner.query(query)
        self.reads += max(1, len(found))
        return found

    def commit(self, writes: Sequence[Write]) -> tuple[Written, ...]:
        """Write."""
        return self.inner.commit(writes)


@dataclass(frozen=True, slots=True)
class Stopped:
    """A clock that stands before the first day of the question."""

    def now(self) -> datetime:
        """Always the same moment."""
        return BEFORE

    def wait(self, seconds: float) -> None:
        """Nobody waits in a bench."""


@dataclass(slots=True)
class Server:
    """The functions over one fresh database of the emulator."""

    documents: Counted
    ports: Ports
    apps: dict[str, Any] = field(default_factory=dict)

    def ask(self, function: str, one: Case) -> set[datetime]:
        """The starts of a case, as a customer's page gets them."""
        told = json.loads(self.call(function, one)())
        return {datetime.fromisoformat(slot["start"]).astimezone(UTC) for slot in told["slots"]}

    def call(self, function: str, one: Case) -> Callable[[], bytes]:
        """One request, from the server's door to the last byte."""
        from werkzeug.test import EnvironBuilder

        query = {"resource": "anna", "from": one.start.isoformat(), "to": one.end.isoformat()}
        if function == "slots":
            query |= {"tenant": "t", "service": "service"}
        environ = EnvironBuilder(path="/", query_string=query).get_environ()
        app = self.apps[function]
        return lambda: b"".join(app(dict(environ), _started))


def _started(_status: str, _headers: object, _error: object = None) -> None:
    """What a server is told before the first byte."""


def run(quick: bool) -> list[Row]:  # noqa: FBT001 - the interface of every topic
    """Measure with more and more appointments, then with calendars that answer slowly."""
    sizes = SIZES[:1] if quick else SIZES
    with _server() as server:
        rows, fewest, most = [], None, None
        for size in sizes:
            one = case(f"w4_{size}", FOUR_WEEKS, size)
            _store(server, one)
            timings = _timed(server, one, quick=quick)
            times = ratio(timings["ordinary"], timings["slots"])
            told = {f"{name}_ms": timing.ms for name, timing in timings.items()}
            name = f"{size} appointments: less CPU than one document an appointment"
            rows.append(
                at_least(TOPIC, name, times, 25, **told)
                if size == SIZES[-1]
                else shown(TOPIC, name, times, **told)
            )
            fewest, most = fewest or timings["slots"], timings["slots"]
        if fewest and most:
            name = f"growth of CPU from {sizes[0]} to {sizes[-1]} appointments"
            rows.append(at_most(TOPIC, name, most.ms / fewest.ms, 1.4))
        rows.append(_reads(server, case(f"w4_{sizes[-1]}", FOUR_WEEKS, sizes[-1])))
        rows.append(_live(server, quick=quick))
    return rows


def _timed(server: Server, one: Case, *, quick: bool) -> dict[str, Any]:
    for function in ("slots", "ordinary"):
        if server.ask(function, one) != one.answer:
            raise WrongAnswerError(f"{function} answers {one.name} wrongly")
    calls = {"slots": server.call("slots", one), "ordinary": server.call("ordinary", one)}
    return side_by_side(calls, rounds=2 if quick else 15, calls={"slots": 5, "ordinary": 1})


def _reads(server: Server, one: Case) -> Row:
    """What is read besides a document a week."""
    span = Interval(one.start - timedelta(hours=6), one.end + timedelta(hours=30))
    server.ask("slots", one)
    server.documents.reads = 0
    server.ask("slots", one)
    read, of_weeks = server.documents.reads, len(weeks(span))
    name = "document reads besides one a week"
    return at_most(TOPIC, name, read - of_weeks, 2, reads=read, weeks=of_weeks, appointments=len(one.busy))


@dataclass(slots=True)
class _Slow:
    """A provider whose calendars are empty and whose answers take their time."""

    seconds: float
    busy_batch: int = 1

    def busy(self, token: str, requests: Sequence[Any], window: Interval, **_: Any) -> tuple[BusyPage, ...]:
        """An empty page for each calendar, after a while."""
        del token, window
        threading.Event().wait(self.seconds)
        return tuple(BusyPage(events=(), page=None) for _ in requests)


def _live(server: Server, *, quick: bool) -> Row:
    """Two accounts of one person at two slow providers: what is added to the slower one."""
    from bench.accounts import connected
    from common.flows.list_slots import ListSlots, list_slots

    slow = dict(zip(ProviderKind, PROVIDERS, strict=False))
    # Their grants are good, so nobody authorizes anything.
    providers = {
        kind: Provider(cast("Any", _Slow(seconds)), cast("Any", None)) for kind, seconds in slow.items()
    }
    ports = replace(server.ports, providers=providers)
    connected(ports, slow)
    one = case(f"w4_{SIZES[0]}", FOUR_WEEKS, SIZES[0])
    added = []
    for number in range(3 if quick else 15):
        # Another window each time: answers are shared for some seconds.
        start = one.start + timedelta(hours=number)
        question = ListSlots("t", "service", "anna", start, one.end)
        listed = partial(list_slots, ports, question)
        timing = side_by_side({"listed": listed}, rounds=1)["listed"]
        added.append(timing.wall_ms - max(PROVIDERS) * 1_000)
    middle = sorted(added)[len(added) // 2]
    allowed = 20 + 0.05 * max(PROVIDERS) * 1_000
    name = "time added to the slowest provider, as a share of 20 ms and 5 %"
    return at_most(TOPIC, name, middle / allowed, 1, added_ms=middle, worst_ms=max(added), allowed_ms=allowed)


def _store(server: Server, one: Case) -> None:
    """The case's times as bookings of the agenda, and as one document each."""
    from bench import ordinary

    spans = [Interval(datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in one.busy]
    by_week: dict[str, dict[str, list[int]]] = defaultdict(dict)
    for number, span in enumerate(spans):
        for week in weeks(span):
            by_week[week][f"booking-{number:05}"] = list(span.seconds_around())
    server.documents.commit(
        [Put(paths.agenda("t", "anna", week), {"bookings": found}) for week, found in by_week.items()]
    )
    ordinary.store(spans)


@contextmanager
def _server() -> Iterator[Server]:
    import functions_framework

    from bench.accounts import Measured
    from common import wiring
    from common.domain.catalogue import Tenant
    from common.store import stores
    from common.store.firestore import FirestoreDocuments, connect
    from local.firestore_emulator import start

    with start() as emulator:
        os.environ["FIRESTORE_EMULATOR_HOST"] = emulator.host
        documents = FirestoreDocuments(connect(project="slotbridge", emulator=emulator.host))
        counted = Counted(documents)
        installation = Measured(stores(counted), cast("Clock", Stopped()))
        wiring.use(installation)
        try:
            catalogue = installation.ports.catalogue
            catalogue.save_tenant(Tenant(id="t", name="Tenant", zone="Europe/Zurich"))
            catalogue.save_resource("t", RESOURCE)
            catalogue.save_service("t", SERVICE)
            server = Server(counted, installation.ports)
            for name, source in (("slots", "functions/slots/main.py"), ("ordinary", "bench/ordinary.py")):
                app = functions_framework.create_app(target=name, source=str(ROOT / source))  # type: ignore[no-untyped-call]
                server.apps[name] = app
            yield server
        finally:
            wiring.use(None)
            documents.close()
            del os.environ["FIRESTORE_EMULATOR_HOST"]
