"""Own events that vanish: deleted, restored, moved to another calendar, or only unreadable."""

from __future__ import annotations

from datetime import timedelta

import pytest

from common.domain.booking.booking import BookingStatus, Source
from common.domain.catalogue.records import EditPolicy
from common.domain.export.exported_event import LinkState
from common.flows.sync.resync import release_held
from tests.flows.setups.sync_setup import Synced, at, exported, policy
from tests.world import ACCOUNT


@pytest.mark.pitfall(22)
def test_a_deleted_event_cancels_its_booking_once():
    """Pitfall 22: after a grace the booking is cancelled, notified once, and nothing is deleted in return."""
    world = exported()
    world.google.admin.clear_logs()

    world.google.owner.delete_event(ACCOUNT, world.link().event_id)
    world.drain()
    world.request_sync()
    world.drain()

    assert not world.errors
    booking = world.booking()
    assert (BookingStatus.CANCELLED, Source.EXTERNAL) == (booking.status, booking.source)
    assert LinkState.GONE is world.link().state
    assert ["booking_cancelled"] == world.notices()
    assert [] == world.writes()


@pytest.mark.pitfall(22)
def test_a_deletion_is_undone_where_the_policy_says_so():
    """Pitfall 22: with the policy revert a new event is written, under a new id."""
    world = exported()
    policy(world, deletion=EditPolicy.REVERT)
    first = world.link().event_id

    world.google.owner.delete_event(ACCOUNT, first)
    world.drain()

    assert not world.errors
    assert world.booking().active
    assert [world.link().event_id] == [event["id"] for event in world.existing_events()]
    assert first != world.link().event_id
    assert ["edit_reverted"] == world.notices()


@pytest.mark.pitfall(22)
def test_an_event_restored_within_the_grace_cancels_nothing():
    """Pitfall 22: deleted and restored within seconds changes nothing."""
    world = exported()
    event = world.link().event_id

    world.google.owner.delete_event(ACCOUNT, event)
    world.google.push.deliver()
    world.engine.drain(within=timedelta(0))
    world.google.owner.restore_event(ACCOUNT, event)
    world.drain()

    assert not world.errors
    assert world.booking().active
    assert (LinkState.LIVE, None) == (world.link().state, world.link().missing_since)
    assert [] == world.notices()


@pytest.mark.pitfall(22)
def test_a_move_to_another_calendar_is_no_deletion():
    """Pitfall 22: the event keeps its id in the other calendar; the link follows, the booking stays."""
    world = exported(calendars=("second@group.calendar.google.com",))
    event = world.link().event_id

    world.google.owner.move_to_calendar(ACCOUNT, event, "second@group.calendar.google.com")
    world.drain()

    assert not world.errors
    assert world.booking().active
    assert "second@group.calendar.google.com" == world.link().calendar_id
    assert LinkState.LIVE is world.link().state
    assert [] == world.notices()


@pytest.mark.pitfall(4)
@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
def test_an_error_never_deletes(status):
    """Pitfall 4: while the provider answers with errors, a missing event's booking stays."""
    world = exported()
    event = world.link().event_id
    reason = {401: "authError", 403: "forbidden", 429: "rateLimitExceeded"}.get(status, "backendError")
    world.google.inspect.add_fault("status", method="events.get", times=0, status=status, reason=reason)

    world.google.owner.delete_event(ACCOUNT, event)
    world.drain()

    assert world.booking().active
    assert "booking_cancelled" not in world.notices()


@pytest.mark.pitfall(4)
def test_a_mass_deletion_of_own_events_is_held_until_a_person_releases_it():
    """Pitfall 4: most exported events vanish at once: all bookings stay until released; one notice."""
    world = Synced()
    for number in range(14):
        world.book(at(6) + timedelta(minutes=45 * number), f"b{number}")
    world.drain()
    world.google.admin.expire_sync_tokens(ACCOUNT)
    for number in range(13):
        world.google.owner.delete_event(ACCOUNT, world.link(f"b{number}").event_id)
    world.drain()
    world.request_sync()
    world.drain()

    assert not world.errors
    assert all(world.booking(f"b{number}").active for number in range(14))
    assert ["mass_deletion_held"] == world.notices()

    release_held(world.ports, tenant=world.tenant, connection=world.connection_id, calendar=world.key)
    world.drain()

    assert not world.errors
    assert [13] == [number for number in range(14) if world.booking(f"b{number}").active]
    assert world.sync_state().held is None


@pytest.mark.pitfall(6)
@pytest.mark.pitfall(22)
def test_own_events_changed_under_an_expired_cursor_are_found():
    """Pitfalls 6, 22: a deletion and a move under an expired cursor reach their bookings."""
    world = exported()
    world.book(at(11), "b2")
    world.book(at(13), "b3")
    world.drain()
    world.google.admin.expire_sync_tokens(ACCOUNT)
    world.google.owner.delete_event(ACCOUNT, world.link().event_id)
    world.google.owner.shift_event(ACCOUNT, world.link("b2").event_id, minutes=30)
    world.drain()

    assert not world.errors
    assert not world.booking().active
    assert at(11, 30) == world.booking("b2").interval.start
    assert at(13) == world.booking("b3").interval.start
