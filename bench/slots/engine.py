"""The slot engine beside the fastest exact libraries: the same busy times in, the same starts out."""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta

from bench.measure import Timing, ratio, side_by_side
from bench.report import Row, at_least, at_most, shown
from bench.slots.baselines import Baseline, exact_baselines
from bench.slots.workload import AFTER, BEFORE, DURATION, FOUR_WEEKS, STEP, YEAR, ZONE, Case, case
from common.domain.calendar.interval import Interval
from common.domain.catalogue.records import Resource, Service, WeeklyHours
from common.domain.slots.agenda import weeks_of
from common.domain.slots.engine import Availability, KnownCalendar, SlotQuestion, free_starts
from common.domain.slots.sweep_line import TakenTimes
from common.domain.sync.imported_events import BLOCKS, ImportedEvent, microseconds
from common.store.firestore.documents import Snapshot
from common.store.slots.agenda import imported_times, read_agenda

TOPIC = "slots"
SIZES = (50, 500, 5_000, 50_000)
MANY = 100
_FEW = 50
# The number of busy times beyond which a baseline takes seconds a question and is left out.
_MOST_BUSY_TIMES = {"timegrid": 5_000, "portion": 5_000, "intervaltree": 5_000}

SERVICE = Service(
    id="service",
    name="Service",
    duration=DURATION,
    buffer_before=BEFORE,
    buffer_after=AFTER,
    step=STEP,
    notice=timedelta(),
    horizon=timedelta(days=731),
    resources=("anna",),
)
RESOURCE = Resource(
    id="anna",
    name="Anna",
    email=None,
    zone=ZONE,
    hours=WeeklyHours.of({day: ["09:00-12:00", "13:00-18:00"] for day in range(5)}),
)

Answer = Callable[[Case], object]


class WrongAnswerError(Exception):
    """An answer lacks a start or has one too many, so the measurement is worthless."""


def run(quick: bool) -> list[Row]:  # noqa: FBT001 - the interface of all topics
    """Measure all sizes; every answer is first compared with the brute-force one."""
    baselines = exact_baselines()
    sizes = SIZES[:2] if quick else SIZES
    cases = [case(f"w4_{busy}", FOUR_WEEKS, busy) for busy in sizes]
    rows = [row for one in cases for row in _from_text(one, baselines, quick=quick, limit=3)]
    rows += _agenda(cases, quick=quick)
    for busy in (50,) if quick else (50, 500):
        rows += _many(busy, baselines, quick=quick)
    for busy in (600,) if quick else (600, 5_000):
        rows += _from_text(case(f"y1_{busy}", YEAR, busy), baselines, quick=quick, limit=5)
    return rows


def from_texts(one: Case) -> tuple[datetime, ...]:
    """The engine's answer from busy times as text."""
    return free_starts(_question(one), Availability(taken=TakenTimes.of_texts(one.busy)))


def check_answers(one: Case, answers: Mapping[str, Answer]) -> tuple[int, int]:
    """Compare the answers with the brute-force one: how many starts were missing, and how many too many.

    Raises:
        WrongAnswerError: There was one, so it only ever returns zeros.
    """
    wrong = {}
    for name, answer in answers.items():
        found = answer(one)
        starts = list(found) if isinstance(found, list | tuple) else []
        missing, extra = len(one.answer - set(starts)), len(starts) - len(one.answer & set(starts))
        if missing or extra:
            wrong[name] = (missing, extra)
    if wrong:
        raise WrongAnswerError(f"{one.name}: (missing, extra) {wrong}")
    return 0, 0


def _question(one: Case) -> SlotQuestion:
    return SlotQuestion(SERVICE, RESOURCE, Interval(one.start, one.end), one.start - timedelta(days=1))


def _from_text(one: Case, baselines: Mapping[str, Baseline], *, quick: bool, limit: float) -> list[Row]:
    busy = len(one.busy)
    answers: dict[str, Answer] = {"slotbridge": from_texts}
    answers |= {
        name: baseline for name, baseline in baselines.items() if busy <= _MOST_BUSY_TIMES.get(name, busy)
    }
    missing, extra = check_answers(one, answers)
    timings = _timed({name: _bound(answer, one) for name, answer in answers.items()}, quick=quick)
    best, times = _fastest(timings)
    beside = {f"{name}_ms": timing.ms for name, timing in timings.items()}
    name = f"{one.name}: faster than the fastest exact baseline"
    return [
        at_least(
            TOPIC,
            name,
            times,
            limit,
            baseline=best,
            starts=len(one.answer),
            missing=missing,
            extra=extra,
            **beside,
        )
    ]


def _many(busy: int, baselines: Mapping[str, Baseline], *, quick: bool) -> list[Row]:
    count = 10 if quick else MANY
    cases = [case(f"r{MANY}_{busy}", FOUR_WEEKS, busy, seed=seed) for seed in range(count)]
    answers: dict[str, Answer] = {"slotbridge": from_texts}
    answers |= {name: baselines[name] for name in ("timegrid", "django-appointment") if name in baselines}
    for one in cases:
        check_answers(one, answers)
    timings = _timed({name: _all(answer, cases) for name, answer in answers.items()}, quick=quick, least=1)
    best, times = _fastest(timings)
    beside = {f"{name}_ms": timing.ms for name, timing in timings.items()}
    name = f"r{MANY}_{busy}"
    return [
        at_least(TOPIC, f"{name}: faster than the fastest exact baseline", times, 3, baseline=best, **beside),
        at_most(TOPIC, f"{name}: ms of CPU a resource", timings["slotbridge"].ms / count, 0.2)
        if busy == _FEW
        else shown(TOPIC, f"{name}: ms of CPU a resource", timings["slotbridge"].ms / count),
    ]


def _agenda(cases: list[Case], *, quick: bool) -> list[Row]:
    """The engine on stored agenda documents, whose busy times were merged when they were stored."""
    stored = {one.name: documents(one) for one in cases}
    questions = {}
    for one in cases:
        answer = _stored(stored[one.name])
        check_answers(one, {"agenda": answer})
        questions[one.name] = _bound(answer, one)
    timings = _timed(questions, quick=quick)
    first, last = timings[cases[0].name], timings[cases[-1].name]
    beside = {f"{name}_ms": timing.ms for name, timing in timings.items()}
    name = f"from agenda documents: growth from {len(cases[0].busy)} to {len(cases[-1].busy):,} busy times"
    return [at_most(TOPIC, name, ratio(last, first), 1.4, **beside)]


def documents(one: Case) -> list[Snapshot]:
    """The case as the agenda documents of one external calendar."""
    events = [_event(number, start, end) for number, (start, end) in enumerate(one.busy)]
    found = []
    for week in weeks_of(Interval(one.start, one.end)):
        year, number = int(week[:4]), int(week[-2:])
        monday = datetime.combine(date.fromisocalendar(year, number, 1), datetime.min.time(), UTC)
        bounds = int(monday.timestamp()), int((monday + timedelta(days=7)).timestamp())
        times = imported_times(events, bounds)
        found.append(Snapshot(f"agenda/{week}", {"imports": {"c/k": times}} if times else {}, "1"))
    return found


def _event(number: int, start: str, end: str) -> ImportedEvent:
    span = Interval(datetime.fromisoformat(start), datetime.fromisoformat(end))
    name = str(number)
    return ImportedEvent(microseconds(span.start), microseconds(span.end), name, name, BLOCKS, generation=1)


def from_documents(one: Case, stored: list[Snapshot]) -> tuple[datetime, ...]:
    """The engine's answer from agenda documents."""
    agenda = read_agenda(stored)
    calendars = {
        name: KnownCalendar(found.busy, found.free, one.start) for name, found in agenda.imports.items()
    }
    return free_starts(_question(one), Availability(taken=agenda.taken(), calendars=calendars))


def _stored(snapshots: list[Snapshot]) -> Answer:
    return lambda one: from_documents(one, snapshots)


def _bound(answer: Answer, one: Case) -> Callable[[], object]:
    return lambda: answer(one)


def _all(answer: Answer, cases: list[Case]) -> Callable[[], object]:
    return lambda: [answer(one) for one in cases]


def _timed(
    candidates: Mapping[str, Callable[[], object]], *, quick: bool, least: int = 3
) -> dict[str, Timing]:
    """Time the candidates; each is called as often as it takes to be measured precisely."""
    once = side_by_side(candidates, rounds=2)
    turn = 2 if quick else 25
    calls = {name: max(1, round(turn / timing.ms)) for name, timing in once.items()}
    slowest = max(timing.ms for timing in once.values())
    rounds = 2 if quick else max(least, min(31, round(6_000 / max(slowest, turn) / len(candidates))))
    gc.collect()
    return side_by_side(candidates, rounds=rounds, calls=calls)


def _fastest(timings: Mapping[str, Timing]) -> tuple[str, float]:
    """The fastest baseline, and how many times as much CPU it takes as the engine."""
    ours = timings["slotbridge"]
    times = {name: ratio(timing, ours) for name, timing in timings.items() if name != "slotbridge"}
    best = min(times, key=times.__getitem__)
    return best, times[best]
