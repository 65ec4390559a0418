"""Our own exported events in the deltas: echoes, copies, and changes by the owner."""

from __future__ import annotations

from datetime import datetime

import pytest

from common.domain.booking.booking import Source
from common.domain.calendar.interval import Interval
from common.domain.catalogue.records import EditPolicy
from common.domain.connect.settings import ExportSettings, ImportSettings, Settings
from tests.flows.setups.sync_setup import at, exported, policy, stamps
from tests.world import ACCOUNT


@pytest.mark.pitfall(12)
def test_an_own_event_comes_back_as_an_echo_and_nothing_is_written():
    """Pitfall 12: the export is reported by push, read once, recognised, and never imported."""
    world = exported()
    link, booking = world.link(), world.booking()
    world.google.admin.clear_logs()

    for _ in range(3):
        world.request_sync()
        world.drain()

    assert not world.errors
    assert [] == world.imported()
    assert [] == world.writes()
    assert (link, booking) == (world.link(), world.booking())


@pytest.mark.pitfall(12)
def test_unusual_texts_cause_no_further_writes():
    """Pitfall 12: emoji, HTML, line ends and long texts cause no second write and no change."""
    text = "Grüße 👩‍💻️ <b>fett</b><br>\r\n&amp; mehr  \r\n" + "lang " * 1500
    world = exported(settings=Settings(exports=ExportSettings(title="{customer} ✂️ ", description=text)))
    world.google.admin.clear_logs()
    before = world.booking()

    for _ in range(3):
        world.request_sync()
        world.drain()
    world.google.admin.expire_sync_tokens(ACCOUNT)
    world.request_sync()
    world.drain()

    assert not world.errors
    assert [] == world.writes()
    assert before == world.booking()


@pytest.mark.pitfall(12)
def test_a_copy_of_an_own_event_is_foreign():
    """Pitfall 12: somebody copies an exported event with its marker: the copy blocks, the booking stays."""
    world = exported()
    original = world.existing_events()[0]
    copy = {name: original[name] for name in ("summary", "extendedProperties")}
    world.google.owner.put_event(ACCOUNT, copy | stamps(at(15)))
    world.drain()

    assert not world.errors
    assert [at(15)] == world.busy()
    assert at(9) == world.booking().interval.start


@pytest.mark.pitfall(22)
def test_a_moved_event_moves_its_booking():
    """Pitfall 22: the old time is free again, the new one taken; one notice, and nothing is written back."""
    world = exported()
    world.google.admin.clear_logs()

    world.google.owner.shift_event(ACCOUNT, world.link().event_id, minutes=120)
    world.drain()

    assert not world.errors
    booking = world.booking()
    assert Interval(at(11), at(11, 30)) == booking.interval
    assert (Source.EXTERNAL, 2) == (booking.source, booking.revision)
    assert ["booking_moved"] == world.notices()
    assert [] == world.writes()
    assert world.book(at(9), "b2", export=False).active


@pytest.mark.pitfall(22)
def test_a_longer_event_makes_the_booking_longer():
    """Pitfall 22: a changed duration is honoured, not dropped."""
    world = exported()

    world.google.owner.edit_event(ACCOUNT, world.link().event_id, {"end": stamps(at(9), 90)["end"]})
    world.drain()

    assert Interval(at(9), at(10, 30)) == world.booking().interval
    assert Interval(at(9), at(10, 30)) == world.booking().claimed


@pytest.mark.pitfall(22)
def test_a_move_onto_another_booking_is_undone():
    """Pitfall 22: who booked there keeps the time; the event goes back, and the owner is notified."""
    world = exported()
    world.book(at(11), "b2", export=False)

    world.google.owner.shift_event(ACCOUNT, world.link().event_id, minutes=120)
    world.drain()

    assert not world.errors
    assert at(9) == world.booking().interval.start
    assert ["edit_reverted"] == world.notices()
    assert at(9) == start_of(world)


def start_of(world):
    return datetime.fromisoformat(world.existing_events()[0]["start"]["dateTime"])


@pytest.mark.pitfall(22)
def test_a_move_is_undone_where_the_policy_says_so():
    """Pitfall 22: with the policy revert, the owner's move is undone at the provider, once."""
    world = exported()
    policy(world, time=EditPolicy.REVERT)

    world.google.owner.shift_event(ACCOUNT, world.link().event_id, minutes=120)
    world.drain()

    assert not world.errors
    assert at(9) == world.booking().interval.start == start_of(world)
    assert ["edit_reverted"] == world.notices()


@pytest.mark.pitfall(22)
def test_a_move_is_only_proposed_where_the_policy_says_so():
    """Pitfall 22: with the policy propose, booking and event stay apart until somebody decides."""
    world = exported()
    policy(world, time=EditPolicy.PROPOSE)

    world.google.owner.shift_event(ACCOUNT, world.link().event_id, minutes=120)
    world.drain()
    world.request_sync()
    world.drain()

    assert not world.errors
    assert (at(9), at(11)) == (world.booking().interval.start, world.booking().proposal.interval.start)
    assert at(11) == start_of(world)
    assert ["edit_proposed"] == world.notices()


@pytest.mark.pitfall(22)
@pytest.mark.pitfall(25)
def test_the_owners_texts_are_kept_although_only_times_are_imported():
    """Pitfalls 22, 25: texts are asked of our own events alone; the owner's texts stay on later exports."""
    world = exported()

    world.google.owner.edit_event(ACCOUNT, world.link().event_id, {"summary": "Carla, bring the dog"})
    world.drain()
    world.reschedule(world.booking(), at(14))
    world.drain()

    assert not world.errors
    assert "Carla, bring the dog" == world.booking().title == world.existing_events()[0]["summary"]
    assert at(14) == start_of(world)


@pytest.mark.pitfall(22)
def test_a_customers_change_that_waits_for_export_wins_over_the_owners_move():
    """Pitfall 22: customer and owner move the booking at the same time: the booking's later change wins."""
    world = exported()
    world.reschedule(world.booking(), at(14))

    world.google.owner.shift_event(ACCOUNT, world.link().event_id, minutes=120)
    world.drain()

    assert not world.errors
    assert at(14) == world.booking().interval.start == start_of(world)


def test_an_own_event_is_followed_where_nothing_is_imported():
    """The target calendar is read for its exports although imports are off."""
    world = exported(settings=Settings(imports=ImportSettings(on=False)))
    world.enter(at(15))

    world.google.owner.shift_event(ACCOUNT, world.link().event_id, minutes=120)
    world.drain()

    assert not world.errors
    assert at(11) == world.booking().interval.start
    assert [] == world.imported()


def test_an_own_event_made_recurring_blocks_its_other_dates():
    """The first date is still the booking; the others are the owner's own."""
    world = exported()

    world.google.owner.edit_event(
        ACCOUNT, world.link().event_id, {"recurrence": ["RRULE:FREQ=DAILY;COUNT=3"]}
    )
    world.drain()

    assert not world.errors
    assert at(9) == world.booking().interval.start
    assert [at(9, day=1), at(9, day=2)] == world.busy()
