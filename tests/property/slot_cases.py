"""Random services, opening hours and busy times, and the free times that a minute-by-minute check finds."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from hypothesis import settings
from hypothesis import strategies as st

from common.domain.calendar.interval import Interval
from common.domain.calendar.zones import offsets, zone
from common.domain.catalogue.records import Absence, Resource, Service, WallRange, WeeklyHours
from common.domain.slots.engine import Availability, KnownCalendar, SlotQuestion

EXAMPLES = settings.default.max_examples
MINUTE = timedelta(minutes=1)
DAY = 24 * 60
ZONES = (
    "Africa/Casablanca",
    "America/Havana",
    "America/Nuuk",
    "America/Santiago",
    "America/St_Johns",
    "Antarctica/Troll",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Europe/Zurich",
    "Pacific/Auckland",
    "Pacific/Chatham",
    "UTC",
)


def five_minutes(least, most):
    """Numbers of minutes that are multiples of five."""
    return st.integers(least // 5, most // 5).map(lambda number: number * 5)


@st.composite
def day_hours(draw):
    """The opening hours of one day."""
    edges = sorted(draw(st.sets(five_minutes(0, DAY), max_size=6)))
    touching = draw(st.booleans())
    pairs = pairwise(edges) if touching else zip(edges[::2], edges[1::2], strict=False)
    return tuple(WallRange(start, end) for start, end in pairs)


weekly_hours = st.one_of(
    st.just(WeeklyHours.of({day: ["00:00-24:00"] for day in range(7)})),
    st.just(WeeklyHours.of({day: ["09:00-12:00", "13:00-17:00"] for day in range(7)})),
    st.tuples(*[day_hours()] * 7).map(WeeklyHours),
)


@st.composite
def moments(draw):
    """A zone and a minute within two days of one of its clock changes, if it has any."""
    name = draw(st.sampled_from(ZONES))
    changes = offsets(zone(name), 2024, 2030).since[1:] or (1_800_000_000,)
    near = draw(st.sampled_from(changes)) // 60 + draw(st.integers(-2 * DAY, DAY))
    return name, datetime.fromtimestamp(near * 60, UTC)


@st.composite
def spans(draw, start, longest=2 * DAY):
    """A range of at most ``longest`` minutes near ``start``."""
    at = start + draw(st.integers(-DAY, 3 * DAY)) * MINUTE
    return Interval(at, at + draw(st.integers(1, longest)) * MINUTE)


def several(strategy):
    """Up to four of them."""
    return st.lists(strategy, max_size=4).map(tuple)


@st.composite
def services(draw):
    """A service with any duration, buffers, step, notice and horizon."""
    return Service(
        id="service",
        name="Service",
        duration=draw(st.one_of(five_minutes(5, 60), five_minutes(5, 120), five_minutes(5, DAY))) * MINUTE,
        buffer_before=draw(five_minutes(0, 60)) * MINUTE,
        buffer_after=draw(five_minutes(0, 60)) * MINUTE,
        step=draw(st.sampled_from((5, 10, 15, 20, 25, 30, 35, 45, 60, 90))) * MINUTE,
        notice=draw(st.sampled_from((0, 0, 0, 1, 90))) * MINUTE,
        horizon=draw(st.sampled_from((2 * DAY, 30 * DAY, 30 * DAY, 30 * DAY))) * MINUTE,
        resources=("anna",),
    )


@st.composite
def resources(draw, name, start):
    """A resource in the zone ``name`` with any opening hours."""
    days = st.integers(-1, 3).map(lambda day: (start + timedelta(days=day)).date())
    return Resource(
        id="anna",
        name="Anna",
        email=None,
        zone=name,
        hours=draw(weekly_hours),
        overrides=draw(st.dictionaries(days, day_hours(), max_size=2)),
        use_external_free=draw(st.sampled_from((False, False, True))),
    )


@st.composite
def cases(draw):
    """A question for free times, and the availability that answers it."""
    name, start = draw(moments())
    window = Interval(start, start + draw(st.integers(1, 2 * DAY)) * MINUTE)
    now = start - draw(st.sampled_from((-120, -7, 0, 30, DAY, 2 * DAY))) * MINUTE
    question = SlotQuestion(draw(services()), draw(resources(name, start)), window, now)
    some = several(spans(start, longest=90))
    calendar = st.builds(
        KnownCalendar, busy=some, free=several(spans(start, longest=2 * DAY)), as_of=st.just(now)
    )
    availability = Availability(
        bookings=draw(some),
        absences=tuple(Absence(f"absence-{n}", item) for n, item in enumerate(draw(some))),
        calendars=draw(st.dictionaries(st.sampled_from(("work", "home")), calendar, max_size=2)),
    )
    return question, availability


def to_instant(day, clock, place):
    """The instant of a wall-clock time, found minute by minute around gaps and repetitions."""
    wall = datetime(day.year, day.month, day.day) + clock * MINUTE  # noqa: DTZ001 - a wall clock has no zone
    while wall.replace(tzinfo=place).astimezone(UTC).astimezone(place).replace(tzinfo=None) != wall:
        wall += MINUTE
    return wall.replace(tzinfo=place).astimezone(UTC)


def oracle_openings(question, availability):
    """The opening hours around the window as pairs of instants."""
    resource = question.resource
    if resource.use_external_free:
        return [(item.start, item.end) for state in availability.calendars.values() for item in state.free]
    place = ZoneInfo(resource.zone)
    days = [question.window.start.date() + timedelta(days=number) for number in range(-2, 6)]
    return [
        part
        for day in days
        for hours in resource.overrides.get(day, resource.hours.days[day.weekday()])
        for part in open_parts(day, hours, place)
    ]


def open_parts(day, hours, place):
    """When a day's hours are open: while the clock shows a time between them, from the first one on."""
    start, end = (to_instant(day, clock, place) for clock in (hours.start, hours.end))
    if start.astimezone(place).utcoffset() == end.astimezone(place).utcoffset():
        return [(start, end)]
    opens, closes = (
        datetime(day.year, day.month, day.day) + clock * MINUTE  # noqa: DTZ001 - a wall clock has no zone
        for clock in (hours.start, hours.end)
    )
    minutes = [start + number * MINUTE for number in range((end - start) // MINUTE)]
    inside = [opens <= minute.astimezone(place).replace(tzinfo=None) < closes for minute in minutes]
    edges = [at for at, (before, now) in enumerate(pairwise([False, *inside, False])) if before is not now]
    moments = [*minutes, end]
    return [(moments[first], moments[last]) for first, last in zip(edges[::2], edges[1::2], strict=True)]


def oracle(question, availability):
    """The free starts, found by checking every minute of every possible appointment."""
    service, base = question.service, question.window.start - 4 * timedelta(days=1)
    size = 12 * DAY

    def minute(moment):
        return (moment - base) // MINUTE

    def mark(ranges):
        line = bytearray(size)
        for start, end in ranges:
            line[max(start, 0) : max(end, 0)] = b"\1" * (min(max(end, 0), size) - min(max(start, 0), size))
        return line[:size]

    shift = minute(datetime(1970, 1, 1, tzinfo=UTC))
    hours = [(minute(start), minute(end)) for start, end in oracle_openings(question, availability)]
    claims = [
        (start - (start - shift) % 5, end + (shift - end) % 5)
        for start, end in ((minute(item.start), minute(item.end)) for item in availability.bookings)
    ]
    others = [absence.interval for absence in availability.absences]
    others += [item for state in availability.calendars.values() for item in state.busy]
    is_open = mark(hours)
    is_taken = mark([*claims, *((minute(item.start), minute(item.end)) for item in others)])
    duration, before, after, step = (
        length // MINUTE
        for length in (service.duration, service.buffer_before, service.buffer_after, service.step)
    )
    found = []
    for time in range(minute(question.window.start), minute(question.window.end)):
        moment = base + time * MINUTE
        if not question.now + service.notice <= moment <= question.now + service.horizon:
            continue
        anchors = [start + (shift - start) % 5 for start, end in hours if start <= time < end]
        if not any(time >= anchor and (time - anchor) % step == 0 for anchor in anchors):
            continue
        if all(is_open[time : time + duration]) and not any(
            is_taken[time - before : time + duration + after]
        ):
            found.append(moment)
    return tuple(found)


def every_moment(question):
    """Every fifth minute of the window and around it, on the grid and off it, and some odd seconds."""
    window = question.window
    start = window.start - 10 * MINUTE
    yield from (start + number * 5 * MINUTE for number in range((window.length // MINUTE + 20) // 5))
    on_grid = window.start - (window.start - datetime(1970, 1, 1, tzinfo=UTC)) % (5 * MINUTE)
    yield from (on_grid + number * 5 * MINUTE for number in range(window.length // MINUTE // 5 + 2))
    yield window.start + timedelta(seconds=1)
    yield window.start + timedelta(microseconds=1)
