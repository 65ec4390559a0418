"""Opening hours, overrides and external free times in the engine of free times."""

from __future__ import annotations

from datetime import date

from common.domain.catalogue.records import WallRange, WeeklyHours
from common.domain.slots.engine import Availability, Reason, ReasonCode, free_starts, reasons
from tests.unit.domain.slots.slots_setup import ask, at, clock, codes, known, minutes, resource, service, span


def test_hours_that_touch_are_one_opening_with_a_grid_each():
    """An appointment may run across, as at midnight, and every range starts the grid anew."""
    who = resource(hours=WeeklyHours.of({0: ["22:30-24:00"], 1: ["00:00-01:00"]}))
    question = ask(who=who, window=span((0,), (48,)))

    assert [at(22, 30), at(23, 30), at(24)] == list(free_starts(question, Availability()))


def test_an_override_replaces_the_weekly_hours_of_its_date():
    """Other hours on one date, none on another."""
    special = {date(2027, 3, 15): (WallRange.parse("15:00-17:00"),), date(2027, 3, 16): ()}
    question = ask(who=resource(overrides=special), window=span((0,), (72,)))

    assert [at(15), at(16), at(9, day=2), at(10, day=2), at(11, day=2)] == list(
        free_starts(question, Availability())
    )


def test_external_free_times_replace_the_configured_hours():
    """Bookable is only where an external event is marked free; its start is cut to the 5-minute grid."""
    who = resource(use_external_free=True)
    rules = service(duration=minutes(30), step=minutes(30))
    availability = Availability(calendars={"work": known(free=(span((18, 7), (19, 20)),))})

    assert ["18:10", "18:40"] == clock(free_starts(ask(rules=rules, who=who), availability))


def test_no_external_free_times_mean_no_availability():
    """Not one event marked free: nothing can be booked, never everything."""
    question = ask(who=resource(use_external_free=True))

    assert () == free_starts(question, Availability(calendars={"work": known()}))
    assert () == free_starts(question, Availability())
    assert (Reason(ReasonCode.NO_FREE_EVENT, span((9,), (10,))),) == reasons(question, Availability(), at(9))


def test_external_busy_wins_over_external_free():
    """A busy event inside a free one still blocks."""
    question = ask(who=resource(use_external_free=True))
    availability = Availability(calendars={"work": known(span((10,), (11,)), free=(span((9,), (12,)),))})

    assert ["09:00", "11:00"] == clock(free_starts(question, availability))


def test_free_times_that_overlap_are_offered_once_and_allow_to_run_across():
    """Two calendars that mark overlapping times as free make one availability, each with its grid."""
    question = ask(who=resource(use_external_free=True))
    availability = Availability(
        calendars={"a": known(free=(span((9,), (10, 30)),)), "b": known(free=(span((10, 10), (12,)),))}
    )

    assert ["09:00", "10:00", "10:10"] == clock(free_starts(question, availability))
    assert [] == codes(question, availability, at(10, 10))
    assert [ReasonCode.OFF_GRID] == codes(question, availability, at(10, 15))


def test_free_times_that_two_calendars_share_are_offered_once():
    """The same event in two calendars is one availability."""
    question = ask(who=resource(use_external_free=True))
    shared = known(free=(span((9,), (11,)),))

    assert ["09:00", "10:00"] == clock(
        free_starts(question, Availability(calendars={"a": shared, "b": shared}))
    )


def test_hours_that_do_not_touch_are_not_joined():
    """A break of five minutes is a break."""
    who = resource(hours=WeeklyHours.of({0: ["09:00-10:00", "10:05-11:05"]}))
    rules = service(step=minutes(30))

    assert ["09:00", "10:05"] == clock(free_starts(ask(rules=rules, who=who), Availability()))
    assert [ReasonCode.OUTSIDE_AVAILABILITY] == codes(ask(rules=rules, who=who), Availability(), at(9, 30))
    outside = resource(use_external_free=True)
    free = Availability(calendars={"work": known(free=(span((9,), (10,)), span((10, 1), (11, 5))))})
    assert ["09:00", "10:05"] == clock(free_starts(ask(rules=rules, who=outside), free))
