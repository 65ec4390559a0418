"""Which times the engine lists and what it says of the others."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from common.domain.calendar.interval import Interval
from common.domain.calendar.zones import midnight, zone
from common.domain.catalogue.records import Absence, WeeklyHours
from common.domain.slots.engine import Availability, Reason, ReasonCode, UnknownCalendar, free_starts, reasons
from tests.unit.domain.slots.slots_setup import (
    MONDAY,
    ask,
    at,
    clock,
    codes,
    known,
    minutes,
    resource,
    service,
    span,
)


def test_an_empty_day_offers_every_step_that_fits():
    """The grid starts at the opening hour, and the last appointment ends with the opening."""
    assert ["09:00", "10:00", "11:00"] == clock(free_starts(ask(), Availability()))
    assert ["09:00", "09:45", "10:30"] == clock(
        free_starts(ask(rules=service(step=minutes(45))), Availability())
    )


def test_starts_are_instants_in_utc():
    """What is returned is the same for every reader, wherever they are."""
    (first, *_) = free_starts(ask(who=resource(zone="Europe/Zurich")), Availability())

    assert at(8) == first
    assert UTC is first.tzinfo


def test_the_window_holds_starts_not_ends():
    """A start at the window's beginning is in, one at its end is out; the appointment may end later."""
    question = ask(window=span((9,), (10,)))

    assert ["09:00"] == clock(free_starts(question, Availability()))
    assert (Reason(ReasonCode.OUTSIDE_WINDOW, question.window),) == reasons(question, Availability(), at(10))


@pytest.mark.pitfall(23)
def test_buffers_count_on_both_sides_of_bookings_and_external_events():
    """Pitfall 23: an appointment whose buffer meets a booking or an event is neither listed nor bookable."""
    padded = ask(rules=service(duration=minutes(30), step=minutes(30), buffer_after=minutes(15)))
    taken = Availability(bookings=(span((10, 30), (11,)),))
    external = Availability(calendars={"work": known(span((10, 30), (11,)))})

    assert ["09:00", "09:30", "11:00", "11:30"] == clock(free_starts(padded, taken))
    assert ["09:00", "09:30", "11:00", "11:30"] == clock(free_starts(padded, external))
    assert (Reason(ReasonCode.BUFFER, span((10, 30), (11,))),) == reasons(padded, taken, at(10))
    assert (Reason(ReasonCode.BOOKING, span((10, 30), (11,))),) == reasons(padded, taken, at(10, 30))
    assert (Reason(ReasonCode.EXTERNAL_BUSY, span((10, 30), (11,)), "work"),) == reasons(
        padded, external, at(10)
    )


@pytest.mark.pitfall(23)
def test_a_start_inside_another_bookings_buffer_is_neither_listed_nor_bookable():
    """Pitfall 23: the range that a booking claims includes its own buffers, and both answers respect it."""
    availability = Availability(bookings=(span((9,), (10, 15)),))

    assert ["11:00"] == clock(free_starts(ask(), availability))
    assert [ReasonCode.BOOKING] == codes(ask(), availability, at(10))


def test_bookings_count_in_whole_cells_and_external_events_exactly():
    """A booking claims cells, so its range is rounded outward; an event blocks only its own minutes."""
    question = ask(rules=service(duration=minutes(5), step=minutes(5)), window=span((9,), (9, 30)))
    range_ = Interval(at(9, 7), at(9, 13))
    hair = Interval(at(9, 5), at(9, 10) + timedelta(microseconds=1))
    ends_early = Interval(at(9, 5), at(9, 10) - timedelta(microseconds=1))

    for availability in (Availability(bookings=(range_,)), Availability(calendars={"work": known(range_)})):
        assert ["09:00", "09:15", "09:20", "09:25"] == clock(free_starts(question, availability))
    for busy, free in ((hair, "09:15"), (ends_early, "09:10")):
        availability = Availability(calendars={"work": known(busy)})
        assert free == clock(free_starts(question, availability))[1]
    padded = ask(rules=service(duration=minutes(5), step=minutes(5), buffer_before=minutes(5)))
    assert [ReasonCode.BUFFER] == codes(padded, Availability(bookings=(ends_early,)), at(9, 10))


@pytest.mark.pitfall(7)
def test_an_event_that_began_days_ago_blocks_until_its_end():
    """Pitfall 7: what matters is the overlap, not where an event starts."""
    availability = Availability(calendars={"work": known(Interval(at(10, day=-2), at(10, day=0)))})

    assert ["10:00", "11:00"] == clock(free_starts(ask(), availability))


@pytest.mark.pitfall(7)
def test_an_event_that_ends_at_the_start_or_starts_at_the_end_does_not_block():
    """Pitfall 7: ranges are half-open, so back-to-back is free."""
    availability = Availability(calendars={"work": known(span((8,), (9,)), span((10,), (11,)))})

    assert ["09:00", "11:00"] == clock(free_starts(ask(), availability))


def test_an_absence_blocks_and_is_named():
    """Staff read which absence is in the way."""
    away = Absence("dentist", span((9, 30), (9, 45)))
    availability = Availability(absences=(away,))

    assert ["10:00", "11:00"] == clock(free_starts(ask(), availability))
    assert (Reason(ReasonCode.ABSENCE, away.interval, "dentist"),) == reasons(ask(), availability, at(9))


@pytest.mark.pitfall(1)
def test_one_calendar_that_could_not_be_asked_closes_everything():
    """Pitfall 1: unknown never counts as free, whatever the other calendars say."""
    availability = Availability(calendars={"home": known(), "work": UnknownCalendar("timeout")})

    assert () == free_starts(ask(), availability)
    assert (Reason(ReasonCode.UNKNOWN_CALENDAR, span((9,), (10,)), "work"),) == reasons(
        ask(), availability, at(9)
    )


def test_notice_and_horizon_count_from_now_and_include_their_edge():
    """Two hours of notice at eight allow ten; a horizon of three hours allows eleven."""
    question = ask(rules=service(notice=minutes(120), horizon=minutes(180)), now=at(8))

    assert ["10:00", "11:00"] == clock(free_starts(question, Availability()))
    assert (Reason(ReasonCode.NOTICE, span((8,), (10,))),) == reasons(question, Availability(), at(9))
    assert (Reason(ReasonCode.PAST, span((7,), (8,))),) == reasons(question, Availability(), at(7))
    assert (Reason(ReasonCode.HORIZON, span((11,), (11, 5))),) == reasons(question, Availability(), at(11, 5))


def test_a_moment_just_gone_is_past():
    """A microsecond after nine, nine is no longer offered."""
    late = ask(now=at(9) + timedelta(microseconds=1))

    assert ["10:00", "11:00"] == clock(free_starts(late, Availability()))
    assert [ReasonCode.PAST] == codes(late, Availability(), at(9))


def test_a_start_off_the_grid_is_named_as_such():
    """A time between two offered ones, or not on a whole second, is off the grid."""
    assert [ReasonCode.OFF_GRID] == codes(ask(), Availability(), at(9, 20))
    assert [ReasonCode.OFF_GRID] == codes(ask(), Availability(), at(9) + timedelta(microseconds=1))


def test_a_time_outside_the_opening_hours_is_named_as_such():
    """Before opening, after closing, or an appointment that would last past closing."""
    assert [ReasonCode.OUTSIDE_AVAILABILITY] == codes(ask(), Availability(), at(8))
    assert [ReasonCode.OUTSIDE_AVAILABILITY] == codes(ask(), Availability(), at(12))
    longer = ask(rules=service(duration=minutes(90)))
    assert [ReasonCode.OUTSIDE_AVAILABILITY] == codes(longer, Availability(), at(11))


@pytest.mark.parametrize(
    ("rules", "who", "reason"),
    [
        (service(active=False), resource(), Reason(ReasonCode.INACTIVE, source="cut")),
        (service(), resource(active=False), Reason(ReasonCode.INACTIVE, source="anna")),
        (service(resources=("ben",)), resource(), Reason(ReasonCode.NOT_OFFERED, source="anna")),
    ],
)
def test_what_is_not_sold_is_not_offered(rules, who, reason):
    """A closed service, a closed resource, and a resource that does not offer the service have no times."""
    question = ask(rules=rules, who=who)

    assert () == free_starts(question, Availability())
    assert (reason,) == reasons(question, Availability(), at(9))


def test_every_reason_is_told_at_once():
    """Staff see the whole list, not one obstacle after another."""
    availability = Availability(
        bookings=(span((9,), (9, 15)),),
        absences=(Absence("holiday", span((0,), (24,))),),
        calendars={"work": known(span((9, 5), (9, 10))), "home": UnknownCalendar("timeout")},
    )

    assert [
        ReasonCode.OFF_GRID,
        ReasonCode.BOOKING,
        ReasonCode.ABSENCE,
        ReasonCode.EXTERNAL_BUSY,
        ReasonCode.UNKNOWN_CALENDAR,
    ] == codes(ask(), availability, at(9, 5))


@pytest.mark.pitfall(15)
def test_an_all_day_event_blocks_its_local_day_only():
    """Pitfall 15: the day ends at the owner's midnight, not at that of Greenwich."""
    who = resource(zone="America/Los_Angeles", hours=WeeklyHours.of({d: ["15:00-18:00"] for d in range(7)}))
    place = zone("America/Los_Angeles")
    busy = Interval(midnight(date(2027, 3, 15), place), midnight(date(2027, 3, 16), place))
    question = ask(who=who, window=span((0,), (72,)))

    starts = free_starts(question, Availability(calendars={"work": known(busy)}))

    assert [at(h, day=d) for d, h in ((0, 0), (1, 22), (1, 23), (2, 0), (2, 22), (2, 23))] == list(starts)


def test_a_window_beyond_all_years_is_refused_by_the_horizon():
    """A silly date has a plain reason and no crash."""
    far = datetime(9999, 12, 31, 23, tzinfo=UTC)
    question = ask(window=Interval(datetime(1, 1, 1, tzinfo=UTC), far))

    assert [ReasonCode.HORIZON, ReasonCode.OUTSIDE_WINDOW] == sorted(codes(question, Availability(), far))
    assert [ReasonCode.PAST] == codes(question, Availability(), datetime(1, 1, 1, tzinfo=UTC))
    assert 44 * 3 == len(free_starts(question, Availability()))


@pytest.mark.pitfall(17)
@pytest.mark.parametrize("viewer", ["America/St_Johns", "Asia/Kathmandu", "Pacific/Apia", "Pacific/Chatham"])
def test_the_viewers_zone_does_not_change_what_is_offered(viewer):
    """Pitfall 17: a window that crosses a change, given in any zone, gives the same instants."""
    place = zone(viewer)
    who = resource(zone="Europe/Zurich")
    window = span((0,), (24 * 21,))
    availability = Availability(bookings=(span((24 * 14 + 7,), (24 * 14 + 8,)),))
    told = Interval(window.start.astimezone(place), window.end.astimezone(place))
    expected = free_starts(ask(who=who, window=window), availability)

    assert 3 * 15 - 1 == len(expected)
    assert {8, 9, 10, 7} == {start.hour for start in expected}
    assert expected == free_starts(ask(who=who, window=told, now=MONDAY.astimezone(place)), availability)
