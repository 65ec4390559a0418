"""Two resources that share one calendar account: each one's appointments are in the other's way, and once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from common.domain.booking.access import Staff
from common.domain.booking.booking_change import BookingChange
from common.domain.calendar.connection import ProviderKind
from common.domain.catalogue.records import Resource
from common.domain.connect.settings import ImportMode
from common.errors import SlotTaken
from common.flows.booking.change import cancel_booking, reschedule
from common.flows.booking.commit import commit_change
from common.flows.connect.disconnect import start_disconnect
from common.flows.privacy.overview import read_overview
from common.flows.sync.initial_sync import start_sync
from common.flows.sync.preview import preview_sync
from tests.flows.setups.outage_setup import (
    BOTH,
    booked,
    free,
    microsoft,
    move_event,
    opened,
    reasons,
    silence,
)
from tests.flows.setups.sync_setup import at
from tests.world import ACCOUNT, OUTLOOK, WEEKDAYS

STAFF = Staff()


def shared(kind):
    """Anna's account is connected to Bea as well, who offers the same service."""
    world = opened(kind)
    catalogue = world.ports.catalogue
    catalogue.save_resource("t1", Resource("bea", "Bea", None, "Europe/Zurich", WEEKDAYS))
    service = catalogue.service("t1", "cut")
    catalogue.save_service("t1", replace(service, resources=("anna", "bea")))
    address, provider = (
        (OUTLOOK, ProviderKind.MICROSOFT) if microsoft(world) else (ACCOUNT, ProviderKind.GOOGLE)
    )
    world.second = world.connect(address, resource="bea", provider=provider)
    start_sync(world.ports, tenant="t1", connection=world.second.id)
    world.drain()
    return world


def with_appointment(kind):
    """Anna has an appointment at nine, and its event is in the calendar."""
    world = shared(kind)
    booking = booked(world, at(9))
    world.drain()
    return world, booking


def stored(world, booking):
    return world.ports.bookings.get("t1", booking.id)


@BOTH
def test_an_appointment_of_one_is_in_the_way_of_the_other(kind):
    """F2: it is neither listed nor bookable, and staff are told of the calendar that blocks it."""
    world, _ = with_appointment(kind)

    assert at(9) not in free(world, resource="bea")
    assert at(9, 30) in free(world, resource="bea")
    assert reasons(world, at(9), resource="bea") == ["external_busy"]
    # Within a minute it would be the same customer's second click.
    world.advance(minutes=2)
    with pytest.raises(SlotTaken):
        booked(world, at(9), resource="bea")


@BOTH
def test_the_copy_says_the_same(kind):
    """F2, C2: whether the calendar can be asked or not."""
    world, _ = with_appointment(kind)
    live = free(world, resource="bea")
    silence(world)

    assert free(world, resource="bea") == live


@BOTH
def test_an_appointment_counts_once_for_its_own_resource(kind):
    """F2: its event takes nothing besides it, live or copied, and does not keep it from being moved."""
    world, booking = with_appointment(kind)
    live = free(world)
    alone = reasons(world, at(9))
    moved = reschedule(world.ports, tenant="t1", booking=booking.id, start=at(9, 15), by=STAFF)
    world.drain()
    after = free(world)
    silence(world)

    assert (alone, at(9, 30) in live) == (["booking"], True)
    assert (moved.interval.start, stored(world, booking).conflict) == (at(9, 15), None)
    assert free(world) == after


@BOTH
def test_what_is_listed_is_not_flagged_once_it_is_booked(kind):
    """F2: neighbours in one calendar collide with nothing, and nobody is told that they did."""
    world, first = with_appointment(kind)
    second = booked(world, at(9, 30), resource="bea")
    world.drain()
    for key in world.connection.calendars:
        world.request_sync(key)
    world.drain()

    assert [stored(world, booking).conflict for booking in (first, second)] == [None, None]
    assert world.notices() == []
    assert at(9, 30) not in free(world)


@BOTH
def test_the_others_time_is_free_again_when_the_appointment_moves_or_ends(kind):
    """F2: live at once, and in the copy after the change was read."""
    world, booking = with_appointment(kind)
    reschedule(world.ports, tenant="t1", booking=booking.id, start=at(10), by=STAFF)
    world.drain()
    moved = free(world, resource="bea")
    cancel_booking(world.ports, tenant="t1", booking=booking.id, by=STAFF)
    world.drain()
    cancelled = free(world, resource="bea")
    silence(world)

    assert (at(9) in moved, at(10) in moved) == (True, False)
    assert {at(9), at(10)} <= set(cancelled)
    assert free(world, resource="bea") == cancelled


@BOTH
def test_a_cancelled_appointment_frees_its_own_resource_before_its_event_is_gone(kind):
    """F2: the event that is about to go takes nothing of the resource whose booking it showed."""
    world, booking = with_appointment(kind)
    world.clock.advance_to(world.clock.now() + timedelta(seconds=6))
    cancel_booking(world.ports, tenant="t1", booking=booking.id, by=STAFF)

    assert reasons(world, at(9)) == []
    assert reasons(world, at(9), resource="bea") == ["external_busy"]


@BOTH
def test_disconnecting_one_frees_the_other(kind):
    """F2: with the connection its events go, from the calendar and from the other's copy."""
    world, _ = with_appointment(kind)
    start_disconnect(world.ports, tenant="t1", connection=world.connection_id)
    world.drain()
    live = free(world, resource="bea")
    silence(world)

    assert at(9) in live
    assert free(world, resource="bea") == live


@BOTH
def test_what_the_owner_does_to_the_event_is_the_business_of_its_own_booking(kind):
    """D2: moved in the calendar, Anna's booking follows; Bea exports nothing and has no part in it."""
    world, booking = with_appointment(kind)
    link = world.ports.bookings.link("t1", world.connection_id, booking.id)
    move_event(world, link.event_id, 120)
    world.advance(minutes=1)

    assert stored(world, booking).interval.start == at(11)
    assert world.ports.bookings.links("t1", world.second.id, after=None, limit=10) == ()
    assert at(9) in free(world, resource="bea")
    assert at(11) not in free(world, resource="bea")
    assert world.notices() == ["booking_moved"]


@BOTH
def test_times_alone_are_copied_of_the_others_appointment(kind):
    """C4: under the mode times the copy of somebody else's appointment has no texts, like any event's."""
    world, booking = with_appointment(kind)
    window = booking.interval
    connections = (world.connection_id, world.second.id)
    found = [world.ports.sync_states.imported("t1", name, world.key, window) for name in connections]

    assert world.second.settings.imports.mode is ImportMode.TIMES
    assert [[(event.blocks, event.title, event.description) for event in events] for events in found] == [
        [],
        [(True, None, None)],
    ]


@BOTH
@pytest.mark.parametrize("titles", [False, True])
def test_staff_see_the_others_appointment_as_a_block(kind, titles):
    """F8: what keeps a time from being offered is in the resource's overview; its own event is not."""
    world, booking = with_appointment(kind)
    for name in (world.connection_id, world.second.id):
        current = world.ports.connections.get("t1", name)
        world.ports.connections.save(replace(current, settings=replace(current.settings, show_events=titles)))
    day = {"start": at(0), "end": at(0) + timedelta(days=1)}
    shown = [
        [(block.start, block.end) for block in found.external]
        for resource in ("anna", "bea")
        if (found := read_overview(world.ports, tenant="t1", resource=resource, **day))
    ]

    assert shown == [[], [(booking.interval.start, booking.interval.end)]]


@BOTH
def test_a_preview_counts_a_collision_with_the_others_appointment(kind):
    """B2: what is in the way after the start is counted before it."""
    world, _ = with_appointment(kind)
    before = replace(world.confirmed(at(9), "b2"), resource="bea")
    commit_change(world.ports, BookingChange(before=None, after=before))
    found = [
        preview_sync(world.ports, tenant="t1", connection=name)
        for name in (world.connection_id, world.second.id)
    ]

    assert [preview.conflicts for preview in found] == [0, 1]
