"""Exported events that their owner makes recurring: the booking is one date, the others are the owner's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from common.domain.booking.booking import BookingStatus
from common.domain.catalogue.records import EditPolicy
from tests.flows.setups.notify_setup import CANCELLED, MOVED
from tests.flows.setups.series_setup import BOTH, mails, settle
from tests.flows.setups.sync_setup import at, policy

pytestmark = [pytest.mark.pitfall(14), pytest.mark.pitfall(22), BOTH]


def test_an_event_made_a_series_and_moved_in_one_edit_takes_its_booking_along(owner_of):
    """The booking follows once and is in no conflict with itself; the other dates block."""
    owner = owner_of()
    world = owner.world

    owner.repeat(start=at(13))
    settle(world)

    assert not world.errors
    assert (at(13), None) == (world.booking().interval.start, world.booking().conflict)
    assert [at(13, day=1), at(13, day=2)] == world.busy()
    assert ["booking_moved"] == world.notices()
    assert [MOVED] == mails(world)
    assert [at(13, day=day) for day in range(3)] == owner.starts()


@pytest.mark.pitfall(22)
def test_a_deleted_first_date_cancels_the_booking_once(owner_of):
    """Made a series, then its first date alone is deleted: the customer is told once, the others stay."""
    owner = owner_of()
    world = owner.world

    owner.repeat()
    settle(world)
    owner.delete_date()
    settle(world, hours=30)

    assert not world.errors
    assert BookingStatus.CANCELLED is world.booking().status
    assert ["booking_cancelled"] == world.notices()
    assert [CANCELLED] == mails(world)
    assert [at(9, day=1), at(9, day=2)] == world.busy() == owner.starts()


def test_a_first_date_deleted_before_anybody_looked_cancels_the_booking(owner_of):
    """Both edits are seen at once."""
    owner = owner_of()
    world = owner.world

    owner.repeat()
    owner.delete_date()
    settle(world)

    assert not world.errors
    assert BookingStatus.CANCELLED is world.booking().status
    assert [CANCELLED] == mails(world)
    assert [at(9, day=1), at(9, day=2)] == world.busy() == owner.starts()


@pytest.mark.parametrize("at_once", [True, False])
def test_a_moved_first_date_moves_the_booking(owner_of, at_once):
    """Made a series, then its first date alone is moved: the booking follows, the others stay."""
    owner = owner_of()
    world = owner.world

    owner.repeat()
    if not at_once:
        settle(world)
    owner.move_date(minutes=120)
    settle(world)

    assert not world.errors
    assert (at(11), None) == (world.booking().interval.start, world.booking().conflict)
    assert ["booking_moved"] == world.notices()
    assert [MOVED] == mails(world)
    assert [at(9, day=1), at(9, day=2)] == world.busy()


def test_a_series_that_is_moved_as_a_whole_takes_its_booking_along(owner_of):
    """Also a second time, and whatever became of single dates before."""
    owner = owner_of()
    world = owner.world

    owner.repeat()
    settle(world)
    owner.move_all(minutes=60)
    settle(world)
    owner.move_all(minutes=60)
    settle(world)

    assert not world.errors
    assert (at(11), None) == (world.booking().interval.start, world.booking().conflict)
    assert [at(11, day=1), at(11, day=2)] == world.busy()
    assert [MOVED, MOVED] == mails(world)


def test_another_date_is_the_owners_own(owner_of):
    """Moved or deleted, it is no news for the booking."""
    owner = owner_of()
    world = owner.world

    owner.repeat()
    settle(world)
    before = world.booking()
    owner.delete_date(2)
    owner.move_date(minutes=60, day=1)
    settle(world, hours=30)

    assert not world.errors
    assert before == world.booking()
    assert [at(10, day=1)] == world.busy()
    assert ([], []) == (world.notices(), mails(world))


def test_a_series_that_is_deleted_cancels_its_booking(owner_of):
    """As a deleted single event does."""
    owner = owner_of()
    world = owner.world

    owner.repeat()
    settle(world)
    owner.delete_all()
    settle(world)

    assert not world.errors
    assert BookingStatus.CANCELLED is world.booking().status
    assert ([], [CANCELLED]) == (world.busy(), mails(world))


def test_a_series_made_a_single_event_again_stays_the_booking(owner_of):
    """Nobody is told anything, and what the owner does to it then is followed."""
    owner = owner_of()
    world = owner.world

    owner.repeat()
    settle(world)
    owner.repeat_no_more()
    settle(world)
    told = mails(world)
    owner.move_all(minutes=60)
    settle(world)

    assert not world.errors
    assert ([], []) == (told, world.busy())
    assert at(10) == world.booking().interval.start
    assert [MOVED] == mails(world)


def test_a_split_leaves_the_booking_and_moves_the_owners_dates(owner_of):
    """This and following: the dates from the second one on get another time."""
    owner = owner_of()
    world = owner.world

    owner.repeat()
    settle(world)
    before = world.booking()
    owner.split(1, at(14, day=1))
    settle(world)

    assert not world.errors
    assert before == world.booking()
    assert [at(14, day=1), at(14, day=2)] == world.busy()
    assert [at(9), at(14, day=1), at(14, day=2)] == owner.starts()
    assert [] == mails(world)


def test_a_split_at_the_bookings_own_date_counts_as_its_deletion(owner_of):
    """The new series is the owner's own, all of it; the customer is told once."""
    owner = owner_of()
    world = owner.world

    owner.repeat()
    settle(world)
    owner.split(0, at(14))
    settle(world, hours=30)

    assert not world.errors
    assert BookingStatus.CANCELLED is world.booking().status
    assert [CANCELLED] == mails(world)
    assert [at(14), at(14, day=1), at(14, day=2)] == world.busy() == owner.starts()


@pytest.mark.parametrize("part", ["time", "deletion"])
def test_what_is_undone_is_the_bookings_date_alone(owner_of, part):
    """With the policy revert the booking gets its time or its event back; the other dates stay."""
    owner = owner_of()
    world = owner.world
    policy(world, **{part: EditPolicy.REVERT})

    owner.repeat()
    settle(world)
    if part == "time":
        owner.move_date(minutes=120)
    else:
        owner.delete_date()
    settle(world, hours=30)

    assert not world.errors
    assert at(9) == world.booking().interval.start
    assert [at(9), at(9, day=1), at(9, day=2)] == owner.starts()
    assert [at(9, day=1), at(9, day=2)] == world.busy()
    assert (["edit_reverted"], []) == (world.notices(), mails(world))


@pytest.mark.parametrize("part", ["time", "deletion"])
def test_what_is_proposed_is_proposed_once(owner_of, part):
    """With the policy propose somebody decides about the one date."""
    owner = owner_of()
    world = owner.world
    policy(world, **{part: EditPolicy.PROPOSE})

    owner.repeat()
    settle(world)
    if part == "time":
        owner.move_date(minutes=120)
    else:
        owner.delete_date()
    settle(world, hours=30)
    world.request_sync()
    settle(world)

    assert not world.errors
    proposal = world.booking().proposal
    assert part == ("deletion" if proposal.deletion else "time")
    assert (["edit_proposed"], []) == (world.notices(), mails(world))
    # Until somebody decides, the date takes its owner's time.
    moved = [at(11)] if part == "time" else []
    assert [*moved, at(9, day=1), at(9, day=2)] == world.busy()


def test_new_words_of_the_date_are_the_bookings(owner_of):
    """A title that the owner gives the series is the booking's as well; nothing is written back."""
    owner = owner_of()
    world = owner.world

    owner.repeat()
    settle(world)
    world.google.admin.clear_logs()
    world.microsoft.admin.clear_logs()
    settle(world, hours=30)

    assert not world.errors
    assert [] == owner.calls(
        "events.patch", "events.update", "events.delete", "events.insert", "events.create"
    )
    assert 1 == world.booking().revision


def test_a_listing_in_full_finds_the_same(owner_of):
    """The booking's date is not imported by a listing either, and a second one writes nothing new."""
    owner = owner_of()
    world = owner.world

    owner.repeat(start=at(13))
    settle(world)
    world.ports.sync_states.save(replace(world.sync_state(), cursor=None))
    world.request_sync()
    settle(world)

    assert not world.errors
    assert [at(13, day=1), at(13, day=2)] == world.busy()
    assert at(13) == world.booking().interval.start
    assert [MOVED] == mails(world)
