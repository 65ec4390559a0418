"""What is known of an event follows from the answers to its writes, never from what was sent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from common.domain.booking.booking import BookingStatus
from common.domain.catalogue.records import EditPolicy, OwnerEditPolicy
from common.domain.notify import NoticeKind
from tests.flows.setups.booking_setup import at, booked
from tests.flows.setups.export_setup import moved
from tests.flows.setups.refusal_setup import Refusing
from tests.flows.setups.two_providers_setup import GOOGLE, MICROSOFT

BOTH = pytest.mark.parametrize("kind", [GOOGLE, MICROSOFT])
KEPT = "Zoe"


def policy(world, wanted):
    """The same policy for all edits of the owner."""
    tenant = world.ports.catalogue.tenant("t1")
    world.ports.catalogue.save_tenant(
        replace(tenant, owner_edits=OwnerEditPolicy(time=wanted, text=wanted, deletion=wanted))
    )


def keep_less(world):
    """Have Google answer that it stored a part of the description only."""
    world.google.add_fault("rewrite", method="events.insert", times=1, change={"description": KEPT})


def edit(world, changes):
    """The owner edits the event."""
    link = world.link()
    world.google.owner.edit_event(link.calendar_id, link.event_id, changes)
    world.drain()


@pytest.mark.parametrize("wanted", list(EditPolicy))
def test_a_text_that_google_stores_otherwise_is_no_edit(wanted):
    """Three times the owner changes the colour: no notice, no proposal, no write, no other words."""
    world = Refusing(GOOGLE, description="{customer}")
    policy(world, wanted)
    keep_less(world)
    world.google.push.hold()
    booking = world.book()
    link = world.link()
    world.google.owner.edit_event(link.calendar_id, link.event_id, {"description": KEPT})
    world.google.push.release()
    world.drain()
    for color in ("5", "6", "7"):
        edit(world, {"colorId": color})
    stored = world.ports.bookings.get("t1", booking.id)

    assert (world.notices(), stored.proposal, stored.description) == ([], None, None)
    assert world.calls("patch") == []


def test_a_text_that_google_stores_otherwise_stays_known_through_a_move():
    """A new time is written alone, and the owner's own words are still an edit."""
    world = Refusing(GOOGLE, description="{customer}")
    keep_less(world)
    world.google.push.hold()
    booking = world.book()
    link = world.link()
    world.google.owner.edit_event(link.calendar_id, link.event_id, {"description": KEPT})
    world.google.push.release()
    world.drain()
    moved(world, booking, "15:00")
    world.drain()
    edit(world, {"colorId": "5"})
    assert (world.starts(), world.own()[0]["description"], world.notices()) == (["14:00"], KEPT, [])

    edit(world, {"description": "Bring papers"})

    assert world.ports.bookings.get("t1", booking.id).description == "Bring papers"


@BOTH
def test_a_change_that_was_not_found_once_is_not_undone(kind):
    """One 404 on the PATCH: the move is written in the end, told by the provider alone, and is no edit."""
    world = Refusing(kind)
    booking = world.book()
    not_found = {GOOGLE: "notFound", MICROSOFT: "ErrorItemNotFound"}[kind]
    world.refuse("patch", times=1, status=404, reason=not_found)
    moved(world, booking, "15:00")
    world.pass_time(hours=1)
    stored = world.ports.bookings.get("t1", booking.id)

    assert (world.starts(), stored.interval.start, stored.status) == (
        ["14:00"],
        at("15:00"),
        BookingStatus.CONFIRMED,
    )
    assert (NoticeKind.BOOKING_MOVED in world.notices(), world.mails()) == (False, (2, 0))


@BOTH
def test_a_change_without_an_answer_leaves_both_states_ours(kind):
    """Whether it arrived or not, nothing that the calendar shows meanwhile is an edit of its owner."""
    for lost in ("drop_before", "drop_after"):
        world = Refusing(kind)
        booking = world.book()
        method = {GOOGLE: "events.patch", MICROSOFT: "events.update"}[kind]
        world.provider.add_fault(lost, method=method, times=1)
        moved(world, booking, "15:00")
        world.drain()
        world.pass_time(minutes=30)

        assert (world.starts(), world.notices(), world.link().sending) == (["14:00"], [], {}), lost
        assert world.ports.bookings.get("t1", booking.id).interval.start == at("15:00"), lost


def test_a_title_that_outlook_would_cut_is_written_once():
    """A title of 300 characters: one POST, no PATCH, one mail."""
    world = Refusing(MICROSOFT, attendee=True, notify=True, title="x" * 300)
    world.booking = booked(world, "09:00").booking.id
    world.drain()
    (event,) = world.own()

    assert (event["subject"], len(world.calls("insert")), world.calls("patch")) == ("x" * 255, 1, [])
    assert world.mails() == (1, 0)


@pytest.mark.parametrize("status", [400, 409])
def test_a_transaction_that_was_used_before_is_followed_by_another(status):
    """Exchange knows it with another body, the event is gone: three POSTs, the last under another id."""
    world = Refusing(MICROSOFT)
    world.refuse("insert", times=2, status=status, reason="ErrorDuplicateTransactionId")
    world.booking = booked(world, "09:00").booking.id
    world.pass_time(minutes=20)

    assert (world.starts(), world.link().epoch, len(world.calls("insert"))) == (["08:00"], 1, 3)


def test_times_that_are_refused_in_utc_are_written_in_the_zone_of_the_event():
    """Exchange takes those of some events in no other zone: two PATCHes, the new time, nobody told."""
    world = Refusing(MICROSOFT)
    booking = world.book()
    world.refuse("patch", times=1, status=400, reason="ErrorPropertyValidationFailure")
    moved(world, booking, "15:00")
    world.drain()

    assert (world.starts(), len(world.calls("patch")), world.notices()) == (["14:00"], 2, [])
