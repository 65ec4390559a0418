"""The first synchronisation: preview, chunks, progress, limits, cancelling, and resuming."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from common.domain.account import Phase, Status, calendar_key
from common.domain.manage import Staff
from common.domain.work import Lane, NoticeKind
from common.errors import Rejected
from common.flows.advance_sync import AdvanceSync, advance_sync
from common.flows.cancel_booking import CancelBooking, cancel_booking
from common.flows.cancel_sync import CancelSync, cancel_sync
from common.flows.preview_sync import PreviewSync, preview_sync
from common.flows.read_progress import Progress
from common.flows.steps.export_write import write
from common.ports import Tuning
from tests.flows.life_setup import GUEST, Life
from tests.flows.sync_setup import at
from tests.world import ACCOUNT, START


def preview(life):
    return preview_sync(life.ports, PreviewSync(life.tenant, life.connection_id))


def cancel(life):
    return cancel_sync(life.ports, CancelSync(life.tenant, life.connection_id))


def step(life):
    """Work off one chunk of the run, without its successors."""
    run = life.connection.run
    return advance_sync(life.ports, AdvanceSync(life.tenant, life.connection_id, run.id, run.seq))


def starts(events):
    return sorted(datetime.fromisoformat(event["start"]["dateTime"]) for event in events)


def test_the_first_synchronisation_brings_both_sides_in_line():
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


def test_the_preview_counts_without_changing_anything():
    """B2: bookings to export, events to import, conflicts, invitations and time."""
    life = Life(calendars=("team",))
    life.set(exports={"attendee": True, "notify": True})
    life.fill(40, first=at(8))
    life.fill(7, calendar="team")
    life.book_many(6, first=at(8))
    life.book(START - timedelta(days=3), "past")
    documents = life.documents.paths()
    found = preview(life)

    assert (found.exports, found.imports) == (7, 40)
    # Half-hour events on the hour, half-hour bookings on the half hour too: every second one collides.
    assert found.conflicts == 3
    assert found.invitations == 6
    assert [item.events for item in found.calendars] == [40]
    assert 0 < found.seconds < 60
    assert [path for path in life.documents.paths() if "pacing" not in path] == [
        path for path in documents if "pacing" not in path
    ]
    assert life.writes() == []


def test_a_preview_that_cannot_ask_says_so():
    """A calendar that does not answer is never counted as empty."""
    life = Life()
    life.book(at(9))
    life.google.add_fault("status", method="events.list", times=0, status=503)

    with pytest.raises(Exception, match="503"):
        preview(life)


@pytest.mark.pitfall(1)
def test_a_calendar_that_cannot_be_read_is_shown_as_such():
    """It brings nothing, and what it takes is unknown, not nothing; the run goes on without it."""
    life = Life(calendars=("team",))
    life.set(calendars={calendar_key("team"): True})
    life.fill(3)
    life.book(at(9))
    life.google.admin.remove_calendar("team")
    found = preview(life)

    assert [(item.name, item.events, item.error) for item in found.calendars if item.error] == [
        ("team", 0, "calendar_gone")
    ]
    assert (found.imports, found.conflicts) == (3, None)
    assert life.synchronise().phase is Phase.DONE
    assert len(life.imported()) == 3


@pytest.mark.pitfall(21)
def test_the_first_export_mails_nobody():
    """Even with attendees and notifications on, nobody is mailed who was not acknowledged."""
    life = Life()
    life.set(exports={"attendee": True, "notify": True, "auto_accept": True})
    life.book_many(30)
    run = life.synchronise()

    assert run.exports_done == 30
    assert all(event["attendees"][0]["email"] == GUEST.email for event in life.own())
    assert life.google.admin.mails() == []


@pytest.mark.pitfall(21)
def test_acknowledged_invitations_are_sent_once_to_customers_of_appointments_to_come():
    """The number is said back by the person; past appointments and a second run mail nobody."""
    life = Life()
    life.set(exports={"attendee": True, "notify": True})
    life.book_many(3)
    life.book(START - timedelta(days=2), "past")
    life.synchronise(preview(life).invitations)

    assert [mail["to"] for mail in life.google.admin.mails()] == [GUEST.email] * 3
    life.synchronise(preview(life).invitations)
    assert len(life.google.admin.mails()) == 3


@pytest.mark.pitfall(21)
def test_another_number_of_invitations_than_acknowledged_stops_the_start():
    """Between preview and start somebody booked: the person decides again."""
    life = Life()
    life.set(exports={"attendee": True, "notify": True})
    life.book_many(2)
    number = preview(life).invitations
    life.book(at(18), "late")

    with pytest.raises(Rejected) as refused:
        life.start_sync(number)
    assert refused.value.reason == "invitations_changed"
    assert life.connection.run is None


def test_groups_are_never_invited():
    """Guests of a group must not see each other, so there is nobody to mail."""
    life = Life()
    life.ports.catalogue.save_service(
        life.tenant,
        replace(life.ports.catalogue.service(life.tenant, "cut"), capacity=5),
    )
    life.set(exports={"attendee": True, "notify": True})
    life.book_many(2)

    assert preview(life).invitations == 0


def test_one_run_at_a_time():
    """Starting again while one is under way is refused with a code."""
    life = Life()
    life.start_sync()

    with pytest.raises(Rejected) as refused:
        life.start_sync()
    assert refused.value.reason == "sync_running"


def test_progress_grows_chunk_by_chunk():
    """B3: done, total, percentage and phase, at any time."""
    life = Life(tuning=Tuning(backfill_chunk=10))
    life.fill(20)
    life.book_many(35)
    assert life.progress() == Progress(None, 0, 0, 0, 0, None, 0, None, None)
    life.start_sync()
    seen = []
    while life.connection.run.running:
        step(life)
        found = life.progress()
        seen.append((found.phase, found.done, found.total))

    assert seen == [
        (Phase.COUNTING, 0, 20),
        (Phase.IMPORTING, 0, 55),
        (Phase.IMPORTING, 20, 55),
        (Phase.EXPORTING, 20, 55),
        (Phase.EXPORTING, 30, 55),
        (Phase.EXPORTING, 40, 55),
        (Phase.EXPORTING, 50, 55),
        (Phase.DONE, 55, 55),
    ]
    assert life.progress().percentage == 100


def test_a_chunk_that_was_done_only_makes_sure_of_its_successor():
    """Cloud Tasks delivers twice: the second delivery of a chunk changes nothing."""
    life = Life()
    life.book_many(5)
    life.start_sync()
    run = life.connection.run
    step(life)
    after = life.connection
    advance_sync(life.ports, AdvanceSync(life.tenant, life.connection_id, run.id, run.seq))

    assert life.connection == after
    life.drain()
    assert life.connection.run.phase is Phase.DONE
    assert len(life.own()) == 5


def test_cancelling_stops_at_the_next_commit():
    """What is written stays, the rest is left; cancelling twice is fine, starting again is possible."""
    life = Life(tuning=Tuning(backfill_chunk=10))
    life.book_many(40)
    life.start_sync()
    while life.connection.run.exports_done < 10:
        step(life)
    assert cancel(life).phase is Phase.CANCELLED
    assert cancel(life).phase is Phase.CANCELLED
    life.drain()
    assert len(life.own()) == 10
    life.synchronise()

    assert len(life.own()) == 40


def test_a_cancel_during_a_chunk_wins():
    """The chunk that is being worked off does not bring the run back to life."""
    life = Life()
    life.book_many(3)
    life.start_sync()
    while life.connection.run.phase is not Phase.EXPORTING:
        step(life)
    real = life.ports.bookings.get

    class Cancelling:
        def __getattr__(self, name):
            return getattr(life.stores.bookings, name)

        def get(self, tenant, booking):
            cancel(life)
            return real(tenant, booking)

    run = life.connection.run
    ports = replace(life.ports, bookings=Cancelling())
    advance_sync(ports, AdvanceSync(life.tenant, life.connection_id, run.id, run.seq))
    life.drain()

    assert life.connection.run.phase is Phase.CANCELLED


@pytest.mark.pitfall(20)
def test_a_limit_delays_and_never_loses():
    """B5: the delay can be read while it lasts, and everything arrives in the end."""
    life = Life(tuning=Tuning(backfill_chunk=10))
    life.book_many(30)
    life.start_sync()
    while life.connection.run.exports_done < 10:
        step(life)
    life.google.add_fault(
        "status",
        method="events.insert",
        times=3,
        skip=4,
        status=403,
        reason="rateLimitExceeded",
        domain="usageLimits",
        retry_after="120",
    )
    life.drain(within=timedelta(0))
    waiting = life.progress()

    assert waiting.waiting_until == life.clock.now() + timedelta(seconds=120)
    assert (waiting.phase, waiting.done, waiting.error) == (Phase.EXPORTING, 14, "rate_limited")
    life.advance(minutes=30)
    assert life.progress().waiting_until is None
    assert (life.connection.run.phase, len(life.own())) == (Phase.DONE, 30)


@pytest.mark.pitfall(20)
def test_a_back_fill_keeps_to_its_share_of_the_limit():
    """With 60 calls a minute, 100 bookings take about two minutes; nothing is ever refused."""
    life = Life(tuning=Tuning(user_per_minute=60))
    life.book_many(100)
    began = life.clock.now()
    life.google.admin.set_limits(per_user=60)
    life.start_sync()
    while life.connection.run.running and life.clock.now() < began + timedelta(minutes=10):
        life.advance(seconds=5)

    assert len(life.own()) == 100
    assert timedelta(minutes=1.5) < life.clock.now() - began < timedelta(minutes=4)
    refused = [call for call in life.google.admin.calls() if call["status"] in {403, 429}]
    assert refused == []


def test_exhausted_writes_pause_for_hours_and_show_it():
    """The account's own limit for writes: the run waits visibly, and goes on by itself."""
    life = Life()
    life.book_many(3)
    life.google.add_fault(
        "status",
        method="events.insert",
        times=1,
        status=403,
        reason="quotaExceeded",
        domain="usageLimits",
    )
    life.start_sync()
    life.drain()

    assert life.progress().waiting_until > life.clock.now() + timedelta(hours=1)
    life.advance(hours=7)
    assert (life.connection.run.phase, len(life.own())) == (Phase.DONE, 3)


def test_one_calendar_that_cannot_be_read_does_not_stop_the_others():
    """The run goes on; the calendar's own health tells what is wrong with it."""
    life = Life(calendars=("team",))
    life.set(calendars={calendar_key("team"): True})
    life.fill(4)
    life.fill(4, calendar="team")
    life.start_sync()
    while life.connection.run.phase is Phase.COUNTING:
        step(life)
    life.google.admin.remove_calendar("team")
    life.drain()

    assert life.connection.run.phase is Phase.DONE
    assert len(life.imported()) == 4


@pytest.mark.pitfall(19)
def test_a_grant_that_dies_in_the_middle_stops_the_run_until_the_account_is_connected_again():
    """The owner is told once, the run keeps its place, and goes on after the reconnection."""
    life = Life(tuning=Tuning(backfill_chunk=5))
    life.book_many(20)
    life.start_sync()
    while life.connection.run.exports_done < 5:
        step(life)
    life.google.admin.revoke_grant(ACCOUNT)
    life.drain()
    assert life.connection.status is Status.REAUTH_REQUIRED
    assert life.connection.run.phase is Phase.EXPORTING
    life.connect(connection=life.connection_id)
    life.drain()

    assert (life.connection.status, life.connection.run.phase) == (Status.ACTIVE, Phase.DONE)
    assert len(life.own()) == 20
    assert life.told().count(NoticeKind.REAUTH_REQUIRED.value) == 1


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
    cancel_booking(life.ports, CancelBooking(life.tenant, bookings[3].id, Staff()))
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
        write(life.ports, stale, booking, notify=False, lane=Lane.LIVE)

    assert len(life.own(life.connection.calendars[life.connection.dedicated_calendar].provider_id)) == 2
    assert len(life.connection.calendars) == 2


def test_settings_that_change_during_the_run_hold_for_all_of_it():
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
