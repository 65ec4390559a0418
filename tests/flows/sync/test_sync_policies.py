"""The tenant's policies for changes that owners make to exported events, at both providers."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from common.domain.booking.booking import BookingStatus
from common.domain.booking.booking_change import BookingChange
from common.domain.calendar.connection import Phase, Status, SyncRun, calendar_key
from common.domain.calendar.interval import Interval
from common.domain.catalogue.records import EditPolicy, OwnerEditPolicy
from common.domain.connect.settings import ExportSettings, Settings
from common.domain.export.exported_event import LinkState
from common.domain.shared.outbox import export_entries
from common.flows.booking.commit import commit_change
from tests.flows.setups.sync_setup import Synced, at, stamps
from tests.world import ACCOUNT

OTHER = "anna.private@example.com"


@pytest.fixture
def world():
    found = Synced()
    found.book(at(9))
    found.drain()
    return found


def policy(world, **parts):
    tenant = world.ports.catalogue.tenant(world.tenant)
    world.ports.catalogue.save_tenant(replace(tenant, owner_edits=OwnerEditPolicy(**parts)))


def edit(world, **changes):
    world.google.owner.edit_event(ACCOUNT, world.link().event_id, changes)
    world.drain()
    world.request_sync()
    world.drain()
    assert not world.errors


def shown(world, calendar=ACCOUNT):
    (event,) = world.existing_events(calendar)
    start = datetime.fromisoformat(event["start"]["dateTime"])
    end = datetime.fromisoformat(event["end"]["dateTime"])
    return Interval(start, end), event["summary"]


@pytest.mark.pitfall(22)
def test_the_owners_texts_are_undone_where_the_policy_says_so(world):
    """Pitfall 22: with the policy revert the template's texts come back, once."""
    policy(world, text=EditPolicy.REVERT)

    edit(world, summary="private")

    assert "Cut: Carla" == shown(world)[1]
    assert world.booking().title is None
    assert ["edit_reverted"] == world.notices()


@pytest.mark.pitfall(22)
def test_proposed_texts_stay_in_the_calendar_and_out_of_the_booking(world):
    """Pitfall 22: with the policy propose they stay in the calendar and out of the booking, also later."""
    policy(world, text=EditPolicy.PROPOSE)

    edit(world, summary="private")
    world.reschedule(world.booking(), at(14))
    world.drain()

    assert (Interval(at(14), at(14, 30)), "private") == shown(world)
    assert world.booking().title is None
    assert ["edit_proposed"] == world.notices()


@pytest.mark.pitfall(22)
def test_a_move_and_changed_texts_follow_each_its_own_policy(world):
    """Pitfall 22: the move is undone, the texts are kept."""
    policy(world, time=EditPolicy.REVERT)

    edit(world, summary="with dog", **stamps(at(11), 30))

    assert (Interval(at(9), at(9, 30)), "with dog") == shown(world)
    assert "with dog" == world.booking().title
    assert ["edit_reverted"] == world.notices()


@pytest.mark.pitfall(22)
def test_a_deletion_is_only_proposed_where_the_policy_says_so(world):
    """Pitfall 22: the booking stays, nothing is written, and a restored event is its event again."""
    policy(world, deletion=EditPolicy.PROPOSE)
    event = world.link().event_id
    world.google.owner.delete_event(ACCOUNT, event)
    world.drain()
    world.request_sync()
    world.drain()
    deleted = world.link().state, world.booking().active, world.existing_events()

    world.google.owner.restore_event(ACCOUNT, event)
    world.drain()

    assert not world.errors
    assert (LinkState.GONE, True, []) == deleted
    assert ["edit_proposed"] == world.notices()
    assert LinkState.LIVE is world.link().state


@pytest.mark.pitfall(22)
def test_an_own_event_without_length_gets_its_time_back(world):
    """Pitfall 22: a booking cannot last no time; the event gets its time back, and the owner is notified."""
    edit(world, end=stamps(at(9), 0)["end"])

    assert Interval(at(9), at(9, 30)) == shown(world)[0] == world.booking().interval
    assert ["edit_reverted"] == world.notices()


@pytest.mark.pitfall(15)
@pytest.mark.pitfall(22)
def test_an_event_of_a_whole_day_makes_a_booking_of_a_whole_day(world):
    """Pitfalls 15, 22: from midnight to midnight of the calendar's zone, on the day the clocks change too."""
    edit(
        world,
        start={"date": "2027-03-28", "dateTime": None, "timeZone": None},
        end={"date": "2027-03-29", "dateTime": None, "timeZone": None},
    )

    assert Interval(at(23, day=5), at(22, day=6)) == world.booking().interval
    assert ["booking_moved"] == world.notices()


@pytest.mark.pitfall(22)
def test_an_own_event_too_long_for_a_booking_is_reverted(world):
    """Pitfall 22: a week cannot be booked at once: reverted, never silently dropped."""
    edit(world, end=stamps(at(9), 60 * 24 * 7)["end"])

    assert Interval(at(9), at(9, 30)) == shown(world)[0] == world.booking().interval
    assert ["edit_reverted"] == world.notices()


@pytest.mark.pitfall(22)
@pytest.mark.parametrize("seconds", [120, 0])
def test_a_cancelled_bookings_restored_event_is_foreign(world, seconds):
    """Pitfall 22: the customer was notified already; the restored event blocks its time like any other.

    Also where the task's time is over when it is seen.
    """
    event = world.link().event_id
    world.google.owner.delete_event(ACCOUNT, event)
    world.drain()
    world.ports = replace(world.ports, tuning=replace(world.ports.tuning, task_seconds=seconds))

    world.google.owner.restore_event(ACCOUNT, event)
    world.drain()

    assert not world.errors
    assert BookingStatus.CANCELLED is world.booking().status
    assert [at(9)] == world.busy()


@pytest.mark.pitfall(22)
def test_deleting_past_own_events_cancels_no_booking(world):
    """Pitfall 22: deleting last week's events cancels nobody."""
    world.clock.advance_to(at(9, day=2))

    world.google.owner.delete_event(ACCOUNT, world.link().event_id)
    world.drain()

    assert not world.errors
    assert world.booking().active
    assert [] == world.notices()


@pytest.mark.pitfall(22)
def test_an_edit_in_one_calendar_reaches_the_others(world):
    """Pitfall 22: a booking that is mirrored twice is moved in both; one notice, no further write."""
    world.account(OTHER)
    connection = world.connect(OTHER)
    key = calendar_key(OTHER)
    run = SyncRun(id="run2", phase=Phase.DONE, seq=1, calendars=(key,), started_at=world.clock.now())
    second = world.ports.connections.save(
        replace(connection, status=Status.ACTIVE, run=run, settings=Settings())
    )
    booking = world.booking()
    after = replace(booking, note="by the door", revision=booking.revision + 1)
    commit_change(
        world.ports,
        BookingChange(
            before=booking, after=after, outbox=export_entries(after, [second], now=world.clock.now())
        ),
    )
    world.drain()
    before = [shown(world, calendar)[0].start for calendar in (ACCOUNT, OTHER)]

    world.google.owner.shift_event(ACCOUNT, world.link().event_id, minutes=60)
    world.drain()
    world.google.admin.clear_logs()
    world.request_sync()
    world.drain()

    assert not world.errors
    assert [at(9), at(9)] == before
    assert [at(10), at(10)] == [shown(world, calendar)[0].start for calendar in (ACCOUNT, OTHER)]
    assert ["booking_moved"] == world.notices()
    assert [] == world.writes()


@pytest.mark.pitfall(22)
def test_the_same_edit_reported_many_times_is_notified_once(world):
    """Pitfall 22: lost, doubled and late reports of one move change one booking, once."""
    world.google.owner.shift_event(ACCOUNT, world.link().event_id, minutes=60)
    for _ in range(3):
        world.request_sync()
    world.drain()
    world.google.admin.expire_sync_tokens(ACCOUNT)
    world.advance(hours=2)
    world.request_sync()
    world.drain(within=timedelta(hours=2))

    assert not world.errors
    assert (2, at(10)) == (world.booking().revision, world.booking().interval.start)
    assert ["booking_moved"] == world.notices()


@pytest.mark.pitfall(21)
def test_following_a_calendar_mails_nobody():
    """Pitfall 21: with every option on, listings, echoes and applied edits send no mail to the customer."""
    world = Synced(settings=Settings(exports=ExportSettings(attendee=True, notify=True)))
    world.book(at(9))
    world.drain()
    invited = len(world.google.admin.mails())

    edit(world, summary="with dog", **stamps(at(11), 30))
    world.google.admin.expire_sync_tokens(ACCOUNT)
    world.request_sync()
    world.drain()

    assert not world.errors
    assert at(11) == world.booking().interval.start
    assert (1, 1) == (invited, len(world.google.admin.mails()))


@pytest.mark.pitfall(22)
def test_a_declining_customer_cancels_nothing():
    """Pitfall 22: the customer's answer to the invitation is no cancellation, and no conflict."""
    world = Synced(settings=Settings(exports=ExportSettings(attendee=True)))
    world.book(at(9))
    world.drain()

    world.google.owner.guest_responds(
        ACCOUNT, world.link().event_id, guest="carla@example.com", response="declined"
    )
    world.drain()

    assert not world.errors
    assert world.booking().active
    assert ([], []) == (world.busy(), world.notices())


@pytest.mark.pitfall(12)
def test_two_programs_that_undo_each_other_do_not_go_on_for_ever():
    """Pitfall 12, fault F31: where another program undoes each write, Slotbridge stops, and notifies once."""
    world = Synced()
    world.book(at(9))
    world.drain()
    policy(world, time=EditPolicy.REVERT)
    world.google.admin.clear_logs()

    for _ in range(12):
        world.google.owner.edit_event(ACCOUNT, world.link().event_id, stamps(at(11), 30))
        world.google.owner.edit_event(ACCOUNT, world.link().event_id, {"colorId": "3"})
        world.drain()

    assert not world.errors
    assert at(9) == world.booking().interval.start
    assert 6 == len(world.writes())
    assert (1, 0) == (world.notices().count("edit_contested"), world.notices().count("edit_proposed"))
