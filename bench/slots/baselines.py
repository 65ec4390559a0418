"""The baselines of the slot engine: the fastest exact libraries of PyPI, used as their documentation shows.

Each gets a case and returns its free starts in UTC. For a library without buffers the busy times are widened
before they are passed; for one without a booking interval its free times are cut into starts in Python.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from bench.slots.workload import AFTER, BEFORE, DURATION, STEP, Case, Windows

Answer = list[datetime]
Baseline = Callable[[Case], Answer]

_ZERO = datetime(1, 1, 1)  # noqa: DTZ001 - the library compares naive datetimes


def exact_baselines() -> dict[str, Baseline]:
    """The baselines by name; each library is imported here, outside of any measurement."""
    return {
        "timegrid": _timegrid(),
        "django-appointment": _django_appointment(),
        "portion": _portion(),
        "intervaltree": _intervaltree(),
    }


def _widened(case: Case) -> Iterator[tuple[datetime, datetime]]:
    """Busy times widened by the buffers, so that an appointment itself can be compared with them."""
    for start, end in case.busy:
        yield datetime.fromisoformat(start) - AFTER, datetime.fromisoformat(end) + BEFORE


def _cut(opens: datetime, free: Iterable[tuple[datetime, datetime]]) -> Iterator[datetime]:
    """The starts on a window's grid that lie inside its free times."""
    for start, end in free:
        time = opens + -((opens - start) // STEP) * STEP
        while time + DURATION <= end:
            yield time
            time += STEP


def _cut_all(windows: Windows, free: Windows) -> Answer:
    """The starts of all windows, from all free times in order."""
    found: Answer = []
    at = 0
    for opens, closes in windows:
        first = at
        while at < len(free) and free[at][1] <= closes:
            at += 1
        found += _cut(opens, free[first:at])
    return found


def _timegrid() -> Baseline:
    from timegrid import TimeGridCalendar

    def answer(case: Case) -> Answer:
        windows = case.windows()
        calendar = TimeGridCalendar.create()
        for number, (opens, closes) in enumerate(windows):
            calendar.set_open_window(
                f"open-{number}", opens.replace(tzinfo=None), closes.replace(tzinfo=None)
            )
        for number, (start, end) in enumerate(_widened(case)):
            calendar.set_closed_window(f"busy-{number}", start.replace(tzinfo=None), end.replace(tzinfo=None))
        start, end = case.start.replace(tzinfo=None), case.end.replace(tzinfo=None)
        free = [
            (item.start.replace(tzinfo=UTC), item.end.replace(tzinfo=UTC))
            for item in calendar.between(start, end).get_open_windows()
        ]
        return _cut_all(windows, free)

    return answer


@dataclass(slots=True)
class _Appointment:
    start: datetime
    end: datetime

    def get_start_time(self) -> datetime:
        return self.start

    def get_end_time(self) -> datetime:
        return self.end


def _django_appointment() -> Baseline:
    import django
    from django.conf import settings

    if not settings.configured:
        settings.configure(
            INSTALLED_APPS=["django.contrib.contenttypes", "django.contrib.auth", "appointment"],
            USE_TZ=False,
            DATABASES={},
            SECRET_KEY="bench",
            LOGGING_CONFIG=None,
            DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        )
        django.setup()
    from appointment.utils.db_helpers import calculate_slots, exclude_unavailable_slots

    def answer(case: Case) -> Answer:
        busy = [
            _Appointment(start.replace(tzinfo=None), end.replace(tzinfo=None))
            for start, end in _widened(case)
        ]
        found: Answer = []
        for opens, closes in case.windows():
            start, end = opens.replace(tzinfo=None), closes.replace(tzinfo=None)
            # What the library asks its database for.
            near = [item for item in busy if item.start < end and item.end > start]
            slots = calculate_slots(start, end, _ZERO, STEP, DURATION)
            free = exclude_unavailable_slots(
                slots, appointments=near, slot_duration=STEP, service_duration=DURATION
            )
            found += (time.replace(tzinfo=UTC) for time in free)
        return found

    return answer


def _portion() -> Baseline:
    import portion

    def answer(case: Case) -> Answer:
        windows = case.windows()
        busy = portion.Interval(*(portion.closedopen(start, end) for start, end in _widened(case)))
        free = portion.Interval(*(portion.closedopen(opens, closes) for opens, closes in windows)) - busy
        return _cut_all(windows, [(part.lower, part.upper) for part in free if not part.empty])

    return answer


def _intervaltree() -> Baseline:
    from intervaltree import Interval, IntervalTree

    def answer(case: Case) -> Answer:
        tree = IntervalTree(Interval(start, end) for start, end in _widened(case))
        tree.merge_overlaps()
        found: Answer = []
        for opens, closes in case.windows():
            free, at = [], opens
            for block in sorted(tree.overlap(opens, closes)):
                if block.begin > at:
                    free.append((at, block.begin))
                at = max(at, block.end)
            if at < closes:
                free.append((at, closes))
            found += _cut(opens, free)
        return found

    return answer
