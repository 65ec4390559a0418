"""The CPU of an instance's first list of slots, over the emulator, beside the bare handler's first answer."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

from bench.functions.function_server import Target, bare, first_answer, request, running_function
from bench.slots.engine import RESOURCE, SERVICE

PROJECT = "example-project"


def first_slots_cpu(slots: Callable[[Path], Target], *, rounds: int) -> tuple[float, float]:
    """The CPU to the first list of slots: as a multiple of the bare handler's first answer, and in ms."""
    from common.domain.catalogue.records import Tenant
    from common.store import stores
    from common.store.firestore.client import FirestoreDocuments, connect
    from local.firestore_emulator import start

    with start() as emulator, tempfile.TemporaryDirectory() as folder:
        with closing(FirestoreDocuments(connect(project=PROJECT, emulator=emulator.host))) as documents:
            catalogue = stores(documents).catalogue
            catalogue.save_tenant(Tenant(id="t", name="Tenant", zone="Europe/Zurich"))
            catalogue.save_resource("t", RESOURCE)
            catalogue.save_service("t", SERVICE)
        made = slots(Path(folder))
        settings = {
            **made.settings,
            "FIRESTORE_EMULATOR_HOST": emulator.host,
            "GOOGLE_CLOUD_PROJECT": PROJECT,
        }
        asking = replace(made, settings=settings, request=_question())
        plain = bare(Path(folder) / "bare")
        _cpu(asking), _cpu(plain)
        pairs = [(_cpu(asking), _cpu(plain)) for _ in range(rounds)]
    return median(own / base for own, base in pairs), median(own for own, _ in pairs) * 1e3


def _question() -> bytes:
    start = datetime.now(UTC).replace(microsecond=0) + timedelta(days=1)
    query = {
        "tenant": "t",
        "service": SERVICE.id,
        "resource": RESOURCE.id,
        "from": start.isoformat(),
        "to": (start + timedelta(weeks=4)).isoformat(),
    }
    return request("GET", f"/?{urlencode(query)}", {})


def _cpu(target: Target) -> float:
    with running_function(target, threads=4) as running:
        status = first_answer(target, running)
        if status >= 400:
            message = f"{target.name} answered {status}"
            raise AssertionError(message)
        return running.cpu()
