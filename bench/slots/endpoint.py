"""The slot endpoint over Firestore's emulator, beside one document an appointment; and slow providers."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from statistics import median
from typing import Any, cast

from bench.measure import Timing, ratio, side_by_side
from bench.report import Row, at_least, at_most, shown
from bench.slots.endpoint_server import SlotServer, slot_server, store
from bench.slots.engine import WrongAnswerError
from bench.slots.workload import FOUR_WEEKS, Case, case
from common.domain.calendar.connection import ProviderKind
from common.domain.calendar.interval import Interval
from common.domain.slots.agenda import weeks_of
from common.ports.provider import BusyPage, Provider
from common.store import paths
from common.store.firestore.documents import Put

TOPIC = "endpoint"
SIZES = (50, 200, 500)
# The response times of two providers, in seconds; no answer can be faster than the slower one.
PROVIDERS = (0.1, 0.3)


def run(quick: bool) -> list[Row]:  # noqa: FBT001 - the interface of all topics
    """Measure with growing numbers of appointments, then with calendars that answer slowly."""
    sizes = SIZES[:1] if quick else SIZES
    with slot_server() as server:
        rows, fewest, most = [], None, None
        for size in sizes:
            one = case(f"w4_{size}", FOUR_WEEKS, size)
            store(server, one)
            timings = _timed(server, one, quick=quick)
            times = ratio(timings["baseline"], timings["slots"])
            beside = {f"{name}_ms": timing.ms for name, timing in timings.items()}
            name = f"{size} appointments: less CPU than one document an appointment"
            rows.append(
                at_least(TOPIC, name, times, 25, **beside)
                if size == SIZES[-1]
                else shown(TOPIC, name, times, **beside)
            )
            fewest, most = fewest or timings["slots"], timings["slots"]
            if size == sizes[-1]:
                rows += _changed(server, one, quick=quick)
        if fewest and most and len(sizes) > 1:
            name = f"growth of CPU from {sizes[0]} to {sizes[-1]} appointments"
            rows.append(at_most(TOPIC, name, most.ms / fewest.ms, 1.4))
        rows.append(_reads(server, case(f"w4_{sizes[-1]}", FOUR_WEEKS, sizes[-1])))
        rows.append(_live(server, quick=quick))
    return rows


def _timed(server: SlotServer, one: Case, *, quick: bool) -> dict[str, Any]:
    for function in ("slots", "baseline"):
        if server.ask(function, one) != one.answer:
            raise WrongAnswerError(f"{function} answers {one.name} wrongly")
    calls = {"slots": server.call("slots", one), "baseline": server.call("baseline", one)}
    return side_by_side(calls, rounds=2 if quick else 15, calls={"slots": 5, "baseline": 1})


def _changed(server: SlotServer, one: Case, *, quick: bool) -> list[Row]:
    """The same after weeks were written: what changed has to be decoded again."""
    documents, calls = server.documents, {name: server.call(name, one) for name in ("slots", "baseline")}
    stored = [Put(item.path, item.data) for item in documents.get(_weeks(one)) if item.data]
    written = {"one week changed": stored[len(stored) // 2 :][:1], "every week changed": stored}
    found: dict[str, list[Mapping[str, Timing]]] = {name: [] for name in written}
    for _ in range(2 if quick else 15):
        for name, puts in written.items():
            documents.commit(puts)
            found[name].append(side_by_side(calls, rounds=1))
    rows = []
    for name, rounds in found.items():
        times = median(ratio(timed["baseline"], timed["slots"]) for timed in rounds)
        what = f"{len(one.busy)} appointments, {name}: less CPU than one document an appointment"
        beside = {"slots_ms": median(timed["slots"].ms for timed in rounds)}
        rows.append(
            shown(TOPIC, what, times, **beside) if quick else at_least(TOPIC, what, times, 25, **beside)
        )
    return rows


def _weeks(one: Case) -> list[str]:
    """The paths of a case's agenda documents."""
    return [paths.agenda("t", "anna", week) for week in weeks_of(Interval(one.start, one.end))]


def _reads(server: SlotServer, one: Case) -> Row:
    """The number of documents that are read besides one for each week."""
    span = Interval(one.start - timedelta(hours=6), one.end + timedelta(hours=30))
    server.ask("slots", one)
    server.documents.reads = 0
    server.ask("slots", one)
    read, of_weeks = server.documents.reads, len(weeks_of(span))
    name = "document reads besides one a week"
    return at_most(TOPIC, name, read - of_weeks, 2, reads=read, weeks=of_weeks, appointments=len(one.busy))


@dataclass(slots=True)
class _SlowCalendar:
    """A provider with empty calendars whose answers take ``seconds``."""

    seconds: float
    busy_batch: int = 1

    def busy(self, token: str, requests: Sequence[Any], window: Interval, **_: Any) -> tuple[BusyPage, ...]:
        """An empty page for each calendar, after the delay."""
        del token, window
        threading.Event().wait(self.seconds)
        return tuple(BusyPage(events=(), page=None) for _ in requests)


def _live(server: SlotServer, *, quick: bool) -> Row:
    """Two accounts of one person at two slow providers: the time that is added to the slower one's answer."""
    from bench.slots.installation import connect_calendars
    from common.flows.slots.list_slots import list_slots

    slow = dict(zip(ProviderKind, PROVIDERS, strict=False))
    # The grants are valid, so no authorizer is called.
    providers = {
        kind: Provider(cast("Any", _SlowCalendar(seconds)), cast("Any", None))
        for kind, seconds in slow.items()
    }
    ports = replace(server.ports, providers=providers)
    connect_calendars(ports, slow)
    one = case(f"w4_{SIZES[0]}", FOUR_WEEKS, SIZES[0])
    added = []
    for number in range(3 if quick else 15):
        # Another window each time, because answers are shared for some seconds.
        start = one.start + timedelta(hours=number)
        listed = partial(
            list_slots, ports, tenant="t", service="service", resource="anna", start=start, end=one.end
        )
        timing = side_by_side({"listed": listed}, rounds=1)["listed"]
        added.append(timing.wall_ms - max(PROVIDERS) * 1_000)
    middle = sorted(added)[len(added) // 2]
    allowed = 20 + 0.05 * max(PROVIDERS) * 1_000
    name = "time added to the slowest provider, as a share of 20 ms and 5 %"
    return at_most(TOPIC, name, middle / allowed, 1, added_ms=middle, worst_ms=max(added), allowed_ms=allowed)
