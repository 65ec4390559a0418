"""Changes of a booking whose event its owner made recurring reach the booking's own date alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from common.domain.booking.booking import BookingStatus
from common.domain.calendar.connection import Status
from common.domain.connect.settings import ExportSettings
from common.flows.connect.disconnect import start_disconnect
from tests.flows.setups.notify_setup import CANCELLED, MOVED
from tests.flows.setups.series_setup import (
    BOTH,
    GoogleOwner,
    OutlookOwner,
    customer_cancels,
    customer_moves,
    mails,
    settle,
)
from tests.flows.setups.sync_setup import at

pytestmark = [pytest.mark.pitfall(14), pytest.mark.pitfall(22)]
SEEN = pytest.mark.parametrize("seen", [True, False], ids=["seen", "unseen"])
OTHERS = [at(9, day=1), at(9, day=2)]


def recurring(owner_of, *, seen=True, **options):
    """A booking whose event was made a series, which a sync has seen or not."""
    owner = owner_of(**options)
    owner.repeat()
    if seen:
        settle(owner.world)
    return owner, owner.world


@BOTH
@SEEN
@pytest.mark.pitfall(14)
def test_a_cancelled_booking_takes_its_own_date_away(owner_of, seen):
    """The owner's other dates stay, in their calendar and as taken times; the customer is told once."""
    owner, world = recurring(owner_of, seen=seen)

    customer_cancels(world)
    settle(world)

    assert not world.errors
    assert OTHERS == owner.starts() == world.busy()
    assert BookingStatus.CANCELLED is world.booking().status
    assert [CANCELLED] == mails(world)


@BOTH
@SEEN
def test_a_moved_booking_moves_its_own_date(owner_of, seen):
    """The series itself is never written; a second change and a cancellation find the date again."""
    owner, world = recurring(owner_of, seen=seen)

    customer_moves(world, at(14))
    settle(world)
    first = owner.starts()
    customer_moves(world, at(15))
    settle(world)
    second = owner.starts()
    customer_cancels(world)
    settle(world)

    assert not world.errors
    assert ([at(14), *OTHERS], [at(15), *OTHERS]) == (first, second)
    assert OTHERS == owner.starts() == world.busy()
    assert [MOVED, MOVED, CANCELLED] == mails(world)
    assert [] == world.notices()


@BOTH
def test_a_moved_booking_is_followed_again_where_its_owner_moves_it(owner_of):
    """Both change the same date one after the other; each change is told once, none comes back as an echo."""
    owner, world = recurring(owner_of)

    customer_moves(world, at(14))
    settle(world)
    owner.move_date(minutes=60)
    settle(world, hours=30)

    assert not world.errors
    assert (at(15), 3) == (world.booking().interval.start, world.booking().revision)
    assert [at(15), *OTHERS] == owner.starts()
    assert OTHERS == world.busy()
    assert [MOVED, MOVED] == mails(world)


def test_a_google_date_moves_past_the_other_dates():
    """Google moves one date of a series anywhere."""
    owner, world = recurring(GoogleOwner)

    customer_moves(world, at(14, day=3))
    settle(world)

    assert not world.errors
    assert [*OTHERS, at(14, day=3)] == owner.starts()
    assert OTHERS == world.busy()


@SEEN
def test_an_outlook_date_that_cannot_pass_its_neighbours_leaves_the_series(seen):
    """Outlook refuses the move, so that the booking gets an event of its own; its date leaves the series."""
    owner, world = recurring(OutlookOwner, seen=seen)

    customer_moves(world, at(14, day=3))
    settle(world)
    moved = owner.starts(), world.busy()
    customer_cancels(world)
    settle(world)

    assert not world.errors
    assert ([*OTHERS, at(14, day=3)], OTHERS) == moved
    assert OTHERS == owner.starts() == world.busy()
    assert [MOVED, CANCELLED] == mails(world)


@BOTH
@SEEN
def test_a_disconnected_account_keeps_its_owners_dates(owner_of, seen):
    """Only the booking's own date is removed."""
    owner, world = recurring(owner_of, seen=seen)

    start_disconnect(world.ports, tenant="t1", connection=world.connection_id)
    settle(world)

    assert not world.errors
    assert Status.DISCONNECTED is world.connection.status
    assert 1 == world.connection.receipt.events_deleted
    assert OTHERS == owner.starts()


@BOTH
@SEEN
def test_a_booking_that_is_cancelled_after_exports_were_switched_off(owner_of, seen):
    """Its date goes, the others stay; meanwhile nothing of the booking counts as foreign."""
    owner, world = recurring(owner_of, seen=seen)
    current = world.connection
    settings = replace(current.settings, exports=ExportSettings(on=False))
    world.ports.connections.save(replace(current, settings=settings))
    settle(world)
    before = world.busy(), world.booking().conflict

    customer_cancels(world)
    settle(world)

    assert not world.errors
    assert (OTHERS, None) == before
    assert OTHERS == owner.starts() == world.busy()


@BOTH
def test_a_lost_answer_is_found_at_the_date(owner_of):
    """The answer to the change of one date is lost: it is read again, and nothing is written twice."""
    owner, world = recurring(owner_of)
    if owner_of is GoogleOwner:
        world.google.inspect.add_fault("drop_after", method="events.patch")
    else:
        world.microsoft.add_fault("drop_after", method="events.update")

    customer_moves(world, at(14))
    settle(world)

    assert [at(14), *OTHERS] == owner.starts()
    assert OTHERS == world.busy()
    assert [MOVED] == mails(world)
    assert at(14) == world.booking().interval.start
