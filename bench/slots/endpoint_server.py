"""Serves the slot function and its baseline over one empty database of the emulator."""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from bench.slots.engine import RESOURCE, SERVICE
from bench.slots.workload import Case
from common.domain.calendar.interval import Interval
from common.domain.slots.agenda import weeks_of
from common.ports import Ports
from common.ports.machine import Clock
from common.store import paths
from common.store.firestore.documents import Documents, Put, Query, Snapshot, Write, Written

ROOT = Path(__file__).resolve().parents[2]
BEFORE = datetime(2027, 3, 14, 12, tzinfo=UTC)


@dataclass(slots=True)
class CountingDocuments:
    """Documents that count the reads that Firestore bills: each one read, each one that a query finds."""

    inner: Documents
    reads: int = 0

    def get(self, paths: Sequence[str]) -> tuple[Snapshot, ...]:
        """Read and count."""
        self.reads += len(set(paths))
        return self.inner.get(paths)

    def query(self, query: Query) -> tuple[Snapshot, ...]:
        """Query and count."""
        found = self.inner.query(query)
        self.reads += max(1, len(found))
        return found

    def commit(self, writes: Sequence[Write]) -> tuple[Written, ...]:
        """Write; writes are not counted."""
        return self.inner.commit(writes)


@dataclass(frozen=True, slots=True)
class FixedClock:
    """A clock that always shows a time before the first day of the question."""

    def now(self) -> datetime:
        """Always the same time."""
        return BEFORE

    def wait(self, seconds: float) -> None:
        """Return at once."""


@dataclass(slots=True)
class SlotServer:
    """Both functions over one empty database of the emulator."""

    documents: CountingDocuments
    ports: Ports
    apps: dict[str, Any] = field(default_factory=dict)

    def ask(self, function: str, one: Case) -> set[datetime]:
        """The free starts of a case, as the function answers them."""
        beside = json.loads(self.call(function, one)())
        return {datetime.fromisoformat(slot["start"]).astimezone(UTC) for slot in beside["slots"]}

    def call(self, function: str, one: Case) -> Callable[[], bytes]:
        """A function that sends one request as WSGI and reads the whole answer."""
        from werkzeug.test import EnvironBuilder

        query = {"resource": "anna", "from": one.start.isoformat(), "to": one.end.isoformat()}
        if function == "slots":
            query |= {"tenant": "t", "service": "service"}
        environ = EnvironBuilder(path="/", query_string=query).get_environ()
        app = self.apps[function]
        return lambda: b"".join(app(dict(environ), _started))


def _started(_status: str, _headers: object, _error: object = None) -> None:
    """WSGI's ``start_response``; the status is not looked at."""


def store(server: SlotServer, one: Case) -> None:
    """Store the case's busy times as bookings in the agenda, and for the baseline as one document each."""
    from bench.slots import endpoint_baseline

    spans = [Interval(datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in one.busy]
    by_week: dict[str, dict[str, list[int]]] = defaultdict(dict)
    for number, span in enumerate(spans):
        for week in weeks_of(span):
            by_week[week][f"booking-{number:05}"] = list(span.seconds_around())
    server.documents.commit(
        [Put(paths.agenda("t", "anna", week), {"bookings": found}) for week, found in by_week.items()]
    )
    endpoint_baseline.store(spans)


@contextmanager
def slot_server() -> Iterator[SlotServer]:
    """Start the emulator and both functions, with one tenant, for the block."""
    import functions_framework

    from bench.slots.installation import BenchInstallation
    from common import wiring
    from common.domain.catalogue.records import Tenant
    from common.store import stores
    from common.store.firestore.client import FirestoreDocuments, connect
    from local.firestore_emulator import start

    with start() as emulator:
        os.environ["FIRESTORE_EMULATOR_HOST"] = emulator.host
        documents = FirestoreDocuments(connect(project="slotbridge", emulator=emulator.host))
        counted = CountingDocuments(documents)
        installation = BenchInstallation(stores(counted), cast("Clock", FixedClock()))
        wiring.use(installation)
        try:
            catalogue = installation.ports.catalogue
            catalogue.save_tenant(Tenant(id="t", name="Tenant", zone="Europe/Zurich"))
            catalogue.save_resource("t", RESOURCE)
            catalogue.save_service("t", SERVICE)
            server = SlotServer(counted, installation.ports)
            for name, source in (
                ("slots", "functions/slots/main.py"),
                ("baseline", "bench/slots/endpoint_baseline.py"),
            ):
                app = functions_framework.create_app(target=name, source=str(ROOT / source))  # type: ignore[no-untyped-call]
                server.apps[name] = app
            yield server
        finally:
            wiring.use(None)
            documents.close()
            del os.environ["FIRESTORE_EMULATOR_HOST"]
