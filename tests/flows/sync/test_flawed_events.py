"""Events with odd dates, or dates far away: each takes the time that it may take, and harms no other."""

from __future__ import annotations

from datetime import date

import pytest

from common.domain.calendar.interval import EARLIEST, LATEST
from tests.flows.setups.flawed_setup import FlawedAtGoogle, FlawedAtOutlook, hours, overlapping
from tests.flows.setups.sync_setup import at, stamps

WORLDS = {"google": FlawedAtGoogle, "microsoft": FlawedAtOutlook}
MONDAY, TUESDAY = date(2027, 3, 22), date(2027, 3, 23)
# What an event says, the hours of that Monday in Zurich that it takes, and why it is listed.
FLAWS = {
    "ends before it starts": (at(9), at(8), None, "ends_before_start"),
    "days in the wrong order": (TUESDAY, MONDAY, None, "ends_before_start"),
    "time without end": (at(9), None, None, "no_end"),
    "day without end": (MONDAY, None, (0, 24), "no_end"),
    "end without start": (None, at(9), (0, 10), "no_start"),
    "end of days without start": (None, TUESDAY, (0, 24), "no_start"),
    "no dates": (None, None, None, "no_times"),
    "no dates that could be read": ("soon", "later", None, "no_times"),
}
MIXED = {
    "day, then time": (MONDAY, at(9), (0, 10), "mixed_times"),
    "time, then day": (at(9), TUESDAY, (10, 24), "mixed_times"),
}
CASES = [
    *((kind, *case) for kind in WORLDS for case in FLAWS.values()),
    # Graph says for both sides at once whether they are days.
    *(("google", *case) for case in MIXED.values()),
]
NAMES = [*(f"{kind}: {name}" for kind in WORLDS for name in FLAWS), *(f"google: {name}" for name in MIXED)]
FAR = [
    (date(2027, 3, 22), date(2300, 1, 1), (0, 48)),
    (date(2027, 3, 22), date(9999, 12, 31), (0, 48)),
    (date(1899, 1, 1), TUESDAY, (-24, 24)),
    (at(8), "9999-12-31T23:59:59Z", (9, 48)),
    (date(9999, 12, 31), date(9999, 12, 31), None),
]


@pytest.mark.parametrize(("kind", "start", "end", "taken", "reason"), CASES, ids=NAMES)
def test_a_flawed_event_takes_what_it_may_take_on_every_path(kind, start, end, taken, reason):
    """Live, in a first listing, in a delta and read by its id: the same time; the rest of the day is sold."""
    world = WORLDS[kind]()
    every, expected = world.slots(), [hours(*taken)] if taken else []
    world.show("odd", start, end)
    live = world.taken(every)
    world.synchronise()
    delta, listed = world.copied(), world.reasons()
    world.list_again()
    read = world.single_read("odd")

    assert live == overlapping(every, expected)
    assert (expected, expected) == (delta, world.copied())
    assert ([reason], [reason]) == (listed, world.reasons())
    assert (read.flaw.value, [read.span] if read.span else []) == (reason, expected)


@pytest.mark.parametrize("kind", WORLDS)
@pytest.mark.parametrize(("start", "end", "taken"), FAR)
def test_a_date_far_away_is_as_valid_as_any(kind, start, end, taken):
    """Until 2300, until 9999, since 1899: it takes its time on every path, and nobody is bothered."""
    world = WORLDS[kind]()
    every, around = world.slots(), [hours(*taken)] if taken else []
    world.show("far", start, end)
    live = world.taken(every)
    world.synchronise()
    delta = [span.clip(hours(-24, 48)) for span in world.copied()]
    world.list_again()
    read = world.single_read("far")

    assert live == overlapping(every, around)
    assert (around, around) == (delta, [span.clip(hours(-24, 48)) for span in world.copied()])
    assert ([], []) == (world.reasons(), world.notices())
    assert (read.flaw, EARLIEST <= read.start <= read.end <= LATEST) == (None, True)


@pytest.mark.parametrize("kind", WORLDS)
def test_a_flawed_event_is_told_once_and_forgotten_when_it_is_right(kind):
    """One notice for all that are new; none for those that are known; the number in health falls again."""
    world = WORLDS[kind]()
    world.show("one", at(9), at(8))
    world.show("two", at(9), None)
    world.synchronise()
    both, first = world.reasons(), world.notices()
    world.show("one", at(11), at(8))
    world.list_again()
    again = world.notices()
    world.show("three", None, None)
    world.synchronise()
    three = world.notices()
    world.heal("one")
    world.remove("two")
    world.synchronise()

    assert (["ends_before_start", "no_end"], ["events_unreadable"]) == (sorted(both), first)
    assert (first, ["events_unreadable"] * 2) == (again, three)
    assert ["no_times"] == world.reasons()
    assert [at(9)] == world.busy()
    world.remove("three")
    world.synchronise()
    assert ([], three) == (world.reasons(), world.notices())


@pytest.mark.parametrize("kind", WORLDS)
def test_a_flawed_event_that_a_full_listing_does_not_show_is_forgotten(kind):
    """Also where no delta ever said that it was deleted."""
    world = WORLDS[kind]()
    world.show("odd", at(9), at(8))
    world.synchronise()
    listed = world.reasons()
    world.hide("odd")
    world.list_again()

    assert (["ends_before_start"], []) == (listed, world.reasons())


@pytest.mark.parametrize("kind", WORLDS)
def test_an_idle_calendar_with_a_flawed_event_writes_nothing(kind):
    """What is listed already is not written again."""
    world = WORLDS[kind]()
    world.show("odd", at(9), at(8))
    world.synchronise()
    before = world.documents.get([world.quarantine_path()])
    world.synchronise()

    assert before == world.documents.get([world.quarantine_path()])


def test_an_occurrence_without_original_start_keeps_its_own_times():
    """It is known by its id; its series is listed, and all its dates block."""
    world = FlawedAtGoogle()
    every = world.slots()
    series = world.enter(at(9), recurrence=["RRULE:FREQ=WEEKLY;COUNT=2"])
    odd = {"id": f"{series}_odd", "status": "confirmed", "recurringEventId": series, **stamps(at(13))}
    world.google.add_fault("poison", method="events.instances", event=odd)
    world.drain()
    world.google.add_fault("poison", method="events.list", event=odd)
    live = world.taken(every)

    assert live == overlapping(every, [hours(10, 11), hours(14, 15)])
    assert [at(9), at(13), at(8, day=7)] == world.busy()
    assert ["no_original_start"] == world.reasons()


def test_a_nameless_item_is_one_entry_and_its_page_goes_on():
    """Of what has no id nothing can be kept: it is counted, and takes nothing, live and stored alike."""
    world = FlawedAtGoogle()
    every = world.slots()
    world.enter(at(9))
    for body in ({"status": "confirmed"}, 7):
        world.google.add_fault("poison", method="events.list", event=body)
    world.drain()
    listed = world.health()[0].unreadable
    world.google.add_fault("poison", method="events.list", event={"status": "confirmed"})
    live = world.taken(every)
    world.list_again()

    assert live == overlapping(every, [hours(10, 11)])
    assert [(None, 1)] == [(item.id, len(listed)) for item in listed]
    assert ([at(9)], []) == (world.busy(), world.reasons())
