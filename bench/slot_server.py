"""The slot function and its ordinary rival over one fresh database of the emulator."""

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

from bench.slots import RESOURCE, SERVICE
from bench.workload import Case
from common.domain.agenda import weeks
from common.domain.interval import Interval
from common.ports import Clock, Ports
from common.store import paths
from common.store.documents import Documents, Put, Query, Snapshot, Write, Written

ROOT = Path(__file__).resolve().parents[1]
BEFORE = datetime(2027, 3, 14, 12, tzinfo=UTC)


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


def store(server: Server, one: Case) -> None:
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
def slot_server() -> Iterator[Server]:
    """Everything started, with one tenant; ended with the block."""
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
