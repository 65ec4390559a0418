"""The first synchronisation: both directions, what changes meanwhile, and where it writes to."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from common.domain.booking.access import Staff
from common.domain.calendar.connection import Phase, calendar_key
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


def step(life):
    """Work off one chunk of the run, without its successors."""
    run = life.connection.run
    return advance_sync(life.ports, AdvanceSync(life.tenant, life.connection_id, run.id, run.seq))


def starts(events):
    return sorted(datetime.fromisoformat(event["start"]["dateTime"]) for event in events)


def test_an_initial_sync_brings_both_sides_in_line():
    """All events of the calendars that are on are here, all bookings are there, and push is on."""
    life = Life(calendars=("team", "private"))
    life.set(calendars={calendar_key("team"): True})
    life.fill(300)
    life.fill(20, calendar="team")
    life.fill(20, calendar="private")
    bookings = life.book_many(45)
    run = life.synchronise()

    assert (run.phase, run.percentage, run.exports_done, run.error) == (Phase.DONE, 100, 45, None)
    assert len(life.imported()) == 300
    assert len(life.imported(calendar_key("team"))) == 20
    assert life.imported(calendar_key("private")) == []
    assert starts(life.own()) == [booking.interval.start for booking in bookings]
    assert life.channels() == [ACCOUNT, "team"]


def test_a_second_run_writes_nothing():
    """Repeating a synchronisation of an unchanged calendar is silent on both sides."""
    life = Life()
    life.fill(30)
    life.book_many(25)
    life.synchronise()
    before = life.imported()
    life.google.admin.clear_logs()
    run = life.synchronise()

    assert run.phase is Phase.DONE
    assert life.writes() == []
    assert life.imported() == before


@pytest.mark.pitfall(8)
def test_the_channel_is_opened_before_the_listing():
    """A change that comes between the two is announced, so nothing falls between them."""
    life = Life()
    life.fill(5)
    life.google.admin.clear_logs()
    life.start_sync()
    life.drain()
    calls = [call["method"] for call in life.google.admin.calls()]

    listed = [number for number, call in enumerate(calls) if call == "events.list"]
    # The very first listing only counts.
    assert calls.index("events.watch") < listed[1]


def test_the_export_window_is_one_month_back_and_the_import_window_one_week():
    """B4: what is older is not touched; what lies ahead is, however far."""
    life = Life()
    kept = [life.book(START - timedelta(days=27), "recent"), life.book(START + timedelta(days=300), "far")]
    life.book(START - timedelta(days=33), "old")
    life.enter(START - timedelta(days=6))
    life.enter(START - timedelta(days=9))
    life.enter(START + timedelta(days=600))
    life.synchronise()

    assert starts(life.own()) == [booking.interval.start for booking in kept]
    assert life.busy() == [START - timedelta(days=6), START + timedelta(days=600)]


@pytest.mark.parametrize(
    ("imports", "exports", "found"), [(True, False, (3, 0)), (False, True, (0, 2)), (True, True, (3, 2))]
)
def test_each_direction_can_be_left_out(imports, exports, found):
    """B1: export, import or both."""
    life = Life()
    life.fill(3)
    life.book_many(2)
    life.set(imports={"on": imports}, exports={"on": exports})
    life.synchronise()

    assert (len(life.imported()), len(life.own())) == found


def test_a_booking_that_moves_during_the_run_is_neither_lost_nor_doubled():
    """The run's position is a time of its own: a moved booking skips nothing behind it."""
    life = Life(tuning=Tuning(backfill_chunk=5))
    bookings = life.book_many(20)
    life.start_sync()
    while life.connection.run.exports_done < 5:
        step(life)
    life.reschedule(bookings[4], at(8, day=20))
    life.drain()

    assert len(life.own()) == 20
    assert at(8, day=20) in starts(life.own())


def test_a_booking_that_is_cancelled_during_the_run_leaves_no_event():
    """Whatever the order in which the run and the cancelling export come."""
    life = Life()
    bookings = life.book_many(6)
    life.start_sync()
    while life.connection.run.phase is not Phase.EXPORTING:
        step(life)
    cancel_booking(life.ports, tenant=life.tenant, booking=bookings[3].id, by=Staff())
    life.drain()

    assert len(life.own()) == 5


def test_a_dedicated_calendar_is_made_once_and_holds_all_bookings():
    """D1: the calendar is made when it is first needed, and followed like any target."""
    life = Life()
    life.set(exports={"dedicated": True})
    life.book_many(25)
    life.synchronise()
    made = life.connection.dedicated_calendar

    assert made is not None
    target = life.connection.calendars[made].provider_id
    assert len(life.own(target)) == 25
    assert life.own() == []
    assert len(life.connection.calendars) == 2
    life.advance(hours=2)
    life.maintain()
    assert life.channels() == sorted([ACCOUNT, target])


def test_two_exports_at_once_make_one_dedicated_calendar():
    """Both find that there is none; the one who waited for its turn looks again."""
    life = Life()
    life.synchronise()
    life.set(exports={"dedicated": True})
    stale = life.connection
    for number in range(2):
        booking = life.book(at(9 + number), f"b{number}", export=False)
        write_event(life.ports, stale, booking, notify=False, lane=Lane.LIVE)

    assert len(life.own(life.connection.calendars[life.connection.dedicated_calendar].provider_id)) == 2
    assert len(life.connection.calendars) == 2


def test_settings_that_change_during_the_run_apply_to_all_of_its_events():
    """A title that is changed half-way appears in every event, and nobody is mailed."""
    life = Life(tuning=Tuning(backfill_chunk=5))
    life.set(exports={"attendee": True, "notify": True})
    life.book_many(20)
    life.start_sync()
    while life.connection.run.exports_done < 10:
        step(life)
    life.set(exports={"title": "Taken"})
    life.drain()

    assert [event["summary"] for event in life.own()] == ["Taken"] * 20
    assert life.connection.run.phase is Phase.DONE
    assert life.google.admin.mails() == []


def test_a_live_booking_overtakes_the_back_fill():
    """I3: while hundreds of bookings wait for their share, a new one is exported at once."""
    life = Life(tuning=Tuning(user_per_minute=60))
    life.book_many(200)
    life.start_sync()
    life.engine.run_until(life.clock.now() + timedelta(seconds=20))
    life.book(at(9, day=15), "now")
    life.engine.run_until(life.clock.now() + timedelta(seconds=1))

    assert life.connection.run.running
    assert life.link("now").state == "live"
