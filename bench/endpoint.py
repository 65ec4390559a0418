"""The slot endpoint over Firestore's emulator against one document an appointment; its live calendars."""

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
from bench.slot_server import Server, slot_server, store
from bench.slots import WrongAnswerError
from bench.workload import FOUR_WEEKS, Case, case
from common.domain.account import ProviderKind
from common.domain.agenda import weeks
from common.domain.interval import Interval
from common.ports import BusyPage, Provider
from common.store import paths
from common.store.documents import Put

TOPIC = "endpoint"
SIZES = (50, 200, 500)
# How slow two providers are, in seconds; the slower one is what nobody can be faster than.
PROVIDERS = (0.1, 0.3)


def run(quick: bool) -> list[Row]:  # noqa: FBT001 - the interface of every topic
    """Measure with more and more appointments, then with calendars that answer slowly."""
    sizes = SIZES[:1] if quick else SIZES
    with slot_server() as server:
        rows, fewest, most = [], None, None
        for size in sizes:
            one = case(f"w4_{size}", FOUR_WEEKS, size)
            store(server, one)
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
            if size == sizes[-1]:
                rows += _changed(server, one, quick=quick)
        if fewest and most and len(sizes) > 1:
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


def _changed(server: Server, one: Case, *, quick: bool) -> list[Row]:
    """The same where something was written meanwhile: what changed has to be decoded before it can answer."""
    documents, calls = server.documents, {name: server.call(name, one) for name in ("slots", "ordinary")}
    stored = [Put(item.path, item.data) for item in documents.get(_weeks(one)) if item.data]
    told = {"one week changed": stored[len(stored) // 2 :][:1], "every week changed": stored}
    found: dict[str, list[Mapping[str, Timing]]] = {name: [] for name in told}
    for _ in range(2 if quick else 15):
        for name, puts in told.items():
            documents.commit(puts)
            found[name].append(side_by_side(calls, rounds=1))
    rows = []
    for name, rounds in found.items():
        times = median(ratio(timed["ordinary"], timed["slots"]) for timed in rounds)
        what = f"{len(one.busy)} appointments, {name}: less CPU than one document an appointment"
        beside = {"slots_ms": median(timed["slots"].ms for timed in rounds)}
        rows.append(
            shown(TOPIC, what, times, **beside) if quick else at_least(TOPIC, what, times, 25, **beside)
        )
    return rows


def _weeks(one: Case) -> list[str]:
    """The agenda's documents behind a case."""
    return [paths.agenda("t", "anna", week) for week in weeks(Interval(one.start, one.end))]


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
