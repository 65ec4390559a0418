"""An exported event that its owner moved and that stays there: it takes its time, live and in the copy."""

from __future__ import annotations

from dataclasses import replace

from common.domain.booking.access import Staff
from common.domain.catalogue.records import EditPolicy, OwnerEditPolicy
from common.flows.export.proposals import accept_proposal, decline_proposal
from tests.flows.setups.outage_setup import BOTH, booked, free, move_event, opened, silence
from tests.flows.setups.sync_setup import at


def proposed(kind, minutes=60):
    """The booking is at nine; its owner moved the event, and somebody has to decide."""
    world = opened(kind)
    tenant = world.ports.catalogue.tenant("t1")
    policy = OwnerEditPolicy(time=EditPolicy.PROPOSE)
    world.ports.catalogue.save_tenant(replace(tenant, owner_edits=policy))
    booking = booked(world, at(9))
    world.drain()
    link = world.ports.bookings.link("t1", world.connection_id, booking.id)
    move_event(world, link.event_id, minutes)
    world.advance(minutes=1)
    return world, booking.id


def stored(world, booking):
    return world.ports.bookings.get("t1", booking)


@BOTH
def test_what_is_proposed_takes_its_time_until_it_is_decided(kind):
    """F6, D2: both times are taken, whether the calendar can be asked or not."""
    world, booking = proposed(kind)
    live = free(world, day=0)
    silence(world)

    assert {at(9), at(10)} & set(live) == set()
    assert free(world) == live
    assert (stored(world, booking).conflict, world.notices()) == (None, ["edit_proposed"])


@BOTH
def test_a_proposal_that_overlaps_its_booking_is_no_collision(kind):
    """D2: moved by a quarter of an hour, the event collides with nothing."""
    world, booking = proposed(kind, minutes=15)
    live = free(world)
    silence(world)

    assert free(world) == live
    assert (stored(world, booking).conflict, world.notices()) == (None, ["edit_proposed"])


@BOTH
def test_a_new_listing_finds_it_again(kind):
    """F6: what is listed in full knows the event from before, and copies it all the same."""
    world, _ = proposed(kind)
    live = free(world)
    state = world.sync_state()
    world.ports.sync_states.save(replace(state, cursor=None))
    world.request_sync()
    world.drain()
    silence(world)

    assert world.busy() == [at(10)]
    assert free(world) == live


@BOTH
def test_once_it_is_declined_the_time_is_free_again(kind):
    """D2: the event goes back, and so does its copy."""
    world, booking = proposed(kind)
    decline_proposal(world.ports, tenant="t1", booking=booking, by=Staff())
    world.advance(minutes=1)
    live = free(world)
    silence(world)

    assert at(10) in live
    assert free(world) == live
    assert world.busy() == []


@BOTH
def test_once_it_is_accepted_the_booking_takes_it(kind):
    """D2: the booking is there now, and its old time is free."""
    world, booking = proposed(kind)
    accept_proposal(world.ports, tenant="t1", booking=booking, by=Staff())
    world.advance(minutes=1)
    live = free(world)
    silence(world)

    assert (at(9) in live, at(10) in live) == (True, False)
    assert free(world) == live
