"""Every reason has its code and the range that is in the way, whoever the calendars' provider is."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from common.domain.calendar.interval import Interval
from common.domain.catalogue.records import Absence
from common.flows.slots.explain import explain_slot
from tests.flows.setups import graph_setup, sync_setup
from tests.flows.setups.booking_setup import at, booked
from tests.flows.setups.group_setup import held, offering

GOOGLE, MICROSOFT = sync_setup.Synced, graph_setup.Outlook
both = pytest.mark.parametrize("side", [GOOGLE, MICROSOFT])


def why(world, clock="10:00", service="cut"):
    """The reasons that staff read, with their ranges by Zurich's clocks."""
    found = explain_slot(world.ports, tenant="t1", service=service, resource="anna", at=at(clock))
    return {str(item.code): (written(item.interval), item.source) for item in found.reasons}


def written(span):
    zone = at("00:00").tzinfo
    return span and "-".join(f"{moment.astimezone(zone):%H:%M}" for moment in (span.start, span.end))


def change(world, *, resource=None, **service):
    ports = world.ports.catalogue
    ports.save_service("t1", replace(ports.service("t1", "cut"), **service))
    ports.save_resource("t1", replace(ports.resource("t1", "anna"), **(resource or {})))


def calendar(world):
    return f"{world.connection_id}/{world.key}"


@both
def test_an_external_event_is_named_by_its_calendar_and_time_alone(side):
    """F8: which calendar and from when to when; nothing of what the event is about."""
    world = side()
    world.enter(at("10:15"), minutes=60)

    assert why(world) == {"external_busy": ("10:15-11:15", calendar(world))}


@both
def test_a_calendar_that_does_not_answer_is_named(side):
    """F6, F8: unknown is not free, and staff read whose calendar it is."""
    world = side()
    simulator = world.google if side is GOOGLE else world.microsoft
    method = "events.list" if side is GOOGLE else "*"
    simulator.add_fault("status", method=method, status=503, times=50)

    assert why(world) == {"unknown_calendar": ("10:00-10:30", calendar(world))}


@both
def test_a_resource_of_external_free_times_without_any_is_told(side):
    """F8: where calendars give the hours, their silence about a time is a reason of its own."""
    world = side()
    change(world, resource={"use_external_free": True})

    assert why(world) == {"no_free_event": ("10:00-10:30", None)}


@both
def test_a_time_that_is_offered_has_no_reason(side):
    """F8: the other way round as well."""
    assert why(side()) == {}


@both
@pytest.mark.parametrize(
    ("clock", "expected"),
    [
        ("08:45", {"outside_availability": ("08:45-09:00", None)}),
        ("11:45", {"outside_availability": ("12:00-12:15", None)}),
        ("10:05", {"off_grid": ("10:00-10:15", None)}),
    ],
)
def test_hours_and_grid_tell_the_part_that_does_not_fit(side, clock, expected):
    """F8: the closed part of the appointment, or the grid's times around it."""
    assert why(side(), clock) == expected


@both
def test_past_notice_and_horizon_tell_how_far(side):
    """F8: too late, too soon and too far ahead have the range that rules them out."""
    world = side()
    world.clock.advance_to(at("09:00"))
    change(world, notice=timedelta(hours=2), horizon=timedelta(hours=6))

    assert why(world, "08:00") == {"past": ("08:00-09:00", None)}
    assert why(world, "10:00") == {"notice": ("09:00-11:00", None)}
    assert why(world, "15:30") == {"horizon": ("15:00-15:30", None)}


@both
def test_absences_bookings_buffers_and_holds_name_themselves(side):
    """F8: each with its own range and id."""
    world = side()
    world.ports.catalogue.save_absence("t1", "anna", Absence("doctor", Interval(at("09:00"), at("09:30"))))
    booking = booked(world, "10:00").booking.id
    hold = held(world, "11:00", service="cut").hold.id

    assert why(world, "09:15") == {"absence": ("09:00-09:30", "doctor")}
    assert why(world, "10:15") == {"booking": ("10:00-10:30", booking)}
    assert why(world, "11:15") == {"hold": ("11:00-11:30", hold)}
    change(world, buffer_before=timedelta(minutes=15))
    assert why(world, "10:30") == {"buffer": ("10:00-10:30", booking)}


@both
def test_what_is_switched_off_is_named(side):
    """F8: policy: the service, the resource, or that one is not part of the other."""
    world = side()
    change(world, active=False, resource={"active": False})

    found = explain_slot(world.ports, tenant="t1", service="cut", resource="anna", at=at("10:00")).reasons
    assert [(str(item.code), item.source) for item in found] == [("inactive", "cut"), ("inactive", "anna")]


@both
def test_a_party_that_is_too_large_is_a_matter_of_capacity(side):
    """F8: no session is needed for that."""
    world = side()
    offering(world, capacity=2)
    found = explain_slot(
        world.ports, tenant="t1", service="yoga", resource="anna", at=at("10:00"), seats=3
    ).reasons

    assert [(str(item.code), written(item.interval)) for item in found] == [("capacity", "10:00-11:00")]
