"""An event that was written is looked for until its calendar has shown it once; a run leaves none behind."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from common.domain.booking.booking import BookingStatus
from common.domain.calendar.sync_state import Held
from common.domain.export.exported_event import LinkState
from common.flows.connect.settings import change_settings
from common.flows.sync.resync import release_held
from tests.flows.setups.booking_setup import booked, export
from tests.flows.setups.refusal_setup import Refusing
from tests.flows.setups.two_providers_setup import GOOGLE, MICROSOFT

BOTH = pytest.mark.parametrize("kind", [GOOGLE, MICROSOFT])


def unseen(world):
    """A booking whose event was written, and no push or sync has come since; with its link."""
    world.drain()
    world.provider.push.hold()
    booking = booked(world, "09:00").booking
    world.booking = booking.id
    export(world, booking, world.connection)
    world.provider.push.drop()
    assert world.link().unseen_since is not None
    return booking, world.link()


@BOTH
def test_an_event_that_its_calendar_shows_is_looked_for_by_nobody(kind):
    """The echo of the write is enough."""
    world = Refusing(kind)
    world.book()
    world.drain()
    assert world.link().unseen_since is None

    world.provider.admin.clear_logs()
    world.pass_time(hours=3)
    read = [call for call in world.provider.admin.calls() if call["method"] == "events.get"]

    assert (read, world.link().state) == ([], LinkState.LIVE)


@BOTH
def test_an_event_that_was_deleted_before_its_calendar_showed_it_is_missed(kind):
    """Made and deleted between two deltas: the owner's wish reaches the booking within hours."""
    world = Refusing(kind)
    booking, link = unseen(world)
    if kind is GOOGLE:
        world.google.owner.delete_event(link.calendar_id, link.event_id)
    else:
        # Graph reports nothing of what came and went between two deltas.
        world.microsoft.admin.set_setting("silent_deletions", True)
        world.microsoft.owner.delete_event(link.calendar_id, link.event_id)
    world.provider.push.drop()
    world.provider.push.release()
    world.pass_time(hours=4)

    assert world.ports.bookings.get("t1", booking.id).status is BookingStatus.CANCELLED


@BOTH
def test_an_event_that_no_delta_shows_is_found_and_stays(kind):
    """It is read once; the booking and its event stay."""
    world = Refusing(kind)
    booking, _ = unseen(world)
    world.provider.push.release()
    empty = {GOOGLE: {"items": []}, MICROSOFT: {"value": []}}[kind]
    method = {GOOGLE: "events.list", MICROSOFT: "calendarView.delta"}[kind]
    world.provider.add_fault("rewrite", method=method, times=0, change=empty)
    world.pass_time(hours=4)

    assert (world.link().unseen_since, world.link().state) == (None, LinkState.LIVE)
    assert world.ports.bookings.get("t1", booking.id).status is BookingStatus.CONFIRMED


@BOTH
def test_a_run_leaves_no_booking_without_event(kind):
    """What waits in a run that writes all bookings again waits in the outbox, and the others do not."""
    world = Refusing(kind, on=False)
    ids = [booked(world, clock).booking.id for clock in ("09:00", "10:00", "11:00")]
    world.drain()
    if kind is GOOGLE:
        world.refuse("insert", times=1, status=403, reason="forbidden")
    else:
        # Known under another body, and not shown yet.
        world.refuse("insert", times=1, status=400, reason="ErrorDuplicateTransactionId")
    change_settings(
        world.ports, tenant="t1", connection=world.connection.id, settings={"exports": {"on": True}}
    )
    world.drain(within=timedelta(seconds=5))
    first = len(world.own())
    world.pass_time(minutes=30)

    assert (len(ids), first, world.starts()) == (3, 2, ["08:00", "09:00", "10:00"])
    assert world.health().waiting_exports == 0


@BOTH
def test_what_was_missing_before_deletions_were_held_is_looked_for_after_their_release(kind):
    """The search that was held back once is made again."""
    world = Refusing(kind)
    booking = world.book()
    link = world.link()
    key = link.calendar
    state = world.ports.sync_states.get("t1", world.connection.id, key)
    if kind is GOOGLE:
        world.google.owner.delete_event(link.calendar_id, link.event_id)
    else:
        world.microsoft.owner.delete_event(link.calendar_id, link.event_id)
    held = Held(missing=9, known=9, since=world.clock.now())
    world.ports.sync_states.save(replace(state, held=held))
    world.drain()
    assert world.link().state is LinkState.MISSING

    release_held(world.ports, tenant="t1", connection=world.connection.id, calendar=key)
    world.pass_time(hours=1)

    assert world.ports.bookings.get("t1", booking.id).status is BookingStatus.CANCELLED
