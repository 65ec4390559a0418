"""The first synchronisation: both directions, what changes meanwhile, and where it writes to."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from common.domain.booking.access import Staff
from common.domain.calendar.connection import CalendarUse, Phase, calendar_key
from common.domain.shared.task_records import AdvanceSync
from common.domain.shared.tasks import Lane
from common.flows.booking.change import cancel_booking
from common.flows.export.export_booking import write_event
from common.flows.sync.initial_sync import advance_sync
from common.ports.machine import Tuning
from tests.flows.setups.connection_stages_setup import Life
from tests.flows.setups.sync_setup import at
from tests.machinery import START
from tests.world import ACCOUNT


def step(world):
    """Work off one chunk of the run, without its successors."""
    run = world.connection.run
    return advance_sync(world.ports, AdvanceSync(world.tenant, world.connection_id, run.id, run.seq))


def starts(events):
    return sorted(datetime.fromisoformat(event["start"]["dateTime"]) for event in events)


def test_an_initial_sync_brings_both_sides_in_line():
    """All events of the calendars that are on are here, all bookings are there, and push is on."""
    world = Life(calendars=("team", "private"))
    world.set(calendars={calendar_key("team"): CalendarUse.IMPORT})
    world.fill(300)
    world.fill(20, calendar="team")
    world.fill(20, calendar="private")
    bookings = world.book_many(45)
    run = world.synchronise()

    assert (run.phase, run.percentage, run.exports_done, run.error) == (Phase.DONE, 100, 45, None)
    assert len(world.imported()) == 300
    assert len(world.imported(calendar_key("team"))) == 20
    assert world.imported(calendar_key("private")) == []
    assert starts(world.own_events()) == [booking.interval.start for booking in bookings]
    assert world.channels() == [ACCOUNT, "team"]


def test_a_second_run_writes_nothing():
    """Repeating a synchronisation of an unchanged calendar is silent on both sides."""
    world = Life()
    world.fill(30)
    world.book_many(25)
    world.synchronise()
    before = world.imported()
    world.google.admin.clear_logs()
    run = world.synchronise()

    assert run.phase is Phase.DONE
    assert world.writes() == []
    assert world.imported() == before


@pytest.mark.pitfall(8)
def test_the_channel_is_opened_before_the_listing():
    """A change between the two is pushed, so none is missed."""
    world = Life()
    world.fill(5)
    world.google.admin.clear_logs()
    world.start_sync()
    world.drain()
    calls = [call["method"] for call in world.google.admin.calls()]

    listed = [number for number, call in enumerate(calls) if call == "events.list"]
    # The very first listing only counts.
    assert calls.index("events.watch") < listed[1]


def test_the_export_window_is_one_month_back_and_the_import_window_one_week():
    """B4: what is older is not touched; what lies ahead is, however far."""
    world = Life()
    kept = [world.book(START - timedelta(days=27), "recent"), world.book(START + timedelta(days=300), "far")]
    world.book(START - timedelta(days=33), "old")
    world.enter(START - timedelta(days=6))
    world.enter(START - timedelta(days=9))
    world.enter(START + timedelta(days=600))
    world.synchronise()

    assert starts(world.own_events()) == [booking.interval.start for booking in kept]
    assert world.busy() == [START - timedelta(days=6), START + timedelta(days=600)]


@pytest.mark.parametrize(
    ("imports", "exports", "found"), [(True, False, (3, 0)), (False, True, (0, 2)), (True, True, (3, 2))]
)
def test_each_direction_can_be_left_out(imports, exports, found):
    """B1: export, import or both."""
    world = Life()
    world.fill(3)
    world.book_many(2)
    world.set(imports={"on": imports}, exports={"on": exports})
    world.synchronise()

    assert (len(world.imported()), len(world.own_events())) == found


def test_a_booking_that_moves_during_the_run_is_neither_lost_nor_doubled():
    """The run's position is a time of its own: a moved booking skips nothing behind it."""
    world = Life(tuning=Tuning(backfill_chunk=5))
    bookings = world.book_many(20)
    world.start_sync()
    while world.connection.run.exports_done < 5:
        step(world)
    world.reschedule(bookings[4], at(8, day=20))
    world.drain()

    assert len(world.own_events()) == 20
    assert at(8, day=20) in starts(world.own_events())


def test_a_booking_that_is_cancelled_during_the_run_leaves_no_event():
    """Whatever the order in which the run and the cancelling export come."""
    world = Life()
    bookings = world.book_many(6)
    world.start_sync()
    while world.connection.run.phase is not Phase.EXPORTING:
        step(world)
    cancel_booking(world.ports, tenant=world.tenant, booking=bookings[3].id, by=Staff())
    world.drain()

    assert len(world.own_events()) == 5


def test_a_dedicated_calendar_is_made_once_and_holds_all_bookings():
    """D1: the calendar is made when it is first needed, and followed like any target."""
    world = Life()
    world.set(exports={"dedicated": True})
    world.book_many(25)
    world.synchronise()
    made = world.connection.dedicated_calendar

    assert made is not None
    target = world.connection.calendars[made].provider_id
    assert len(world.own_events(target)) == 25
    assert world.own_events() == []
    assert len(world.connection.calendars) == 2
    world.advance(hours=2)
    world.maintain()
    assert world.channels() == sorted([ACCOUNT, target])


def test_two_exports_at_once_make_one_dedicated_calendar():
    """Both find that there is none; the second one waits for the lock, and reads again."""
    world = Life()
    world.synchronise()
    world.set(exports={"dedicated": True})
    stale = world.connection
    for number in range(2):
        booking = world.book(at(9 + number), f"b{number}", export=False)
        write_event(world.ports, stale, booking, notify=False, lane=Lane.LIVE)

    assert (
        len(world.own_events(world.connection.calendars[world.connection.dedicated_calendar].provider_id))
        == 2
    )
    assert len(world.connection.calendars) == 2


def test_settings_that_change_during_the_run_apply_to_all_of_its_events():
    """A title that is changed half-way appears in every event, and nobody is mailed."""
    world = Life(tuning=Tuning(backfill_chunk=5))
    world.set(exports={"attendee": True, "notify": True})
    world.book_many(20)
    world.start_sync()
    while world.connection.run.exports_done < 10:
        step(world)
    world.set(exports={"title": "Taken"})
    world.drain()

    assert [event["summary"] for event in world.own_events()] == ["Taken"] * 20
    assert world.connection.run.phase is Phase.DONE
    assert world.google.admin.mails() == []


def test_a_live_booking_overtakes_the_back_fill():
    """I3: while hundreds of bookings wait for their share, a new one is exported at once."""
    world = Life(tuning=Tuning(user_per_minute=60))
    world.book_many(200)
    world.start_sync()
    world.engine.run_until(world.clock.now() + timedelta(seconds=20))
    world.book(at(9, day=15), "now")
    world.engine.run_until(world.clock.now() + timedelta(seconds=1))

    assert world.connection.run.running
    assert world.link("now").state == "live"
