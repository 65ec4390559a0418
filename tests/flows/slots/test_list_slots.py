"""What a list of times says, whom it is refused, and what staff reads beside it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from common.domain.calendar.interval import Interval
from common.domain.catalogue.records import Absence, Resource
from common.errors import InvalidRequest, UnknownResource
from common.flows.slots.explain import explain_slot
from common.flows.slots.list_slots import list_slots
from tests.flows.setups.booking_setup import (
    ACCOUNT,
    MONDAY,
    asked,
    at,
    booked,
    enter,
    shop,
    slots,
    starts,
    utc,
)
from tests.world import WEEKDAYS, World


@pytest.mark.pitfall(25)
def test_an_answer_names_no_calendar_and_no_address() -> None:
    """Pitfall 25: the public answer holds opaque words only, and nothing live is stored or logged."""
    world, connection = shop()
    enter(world, "09:00", "10:00")
    found = slots(world)
    key = connection.checked_calendars[0].key
    logged = "\n".join(world.log.lines)

    assert [word for word in (ACCOUNT, key, connection.id, "Dentist") if word in repr(found)] == []
    assert [word for word in (ACCOUNT, "Dentist") if word in logged] == []
    assert world.ports.catalogue.agenda("t1", "anna", Interval(utc("00:00"), utc("23:00"))).imports == {}


def test_any_resource_lists_each_time_once_with_everybody_free() -> None:
    """F1: the union, and who could take each time."""
    world, _ = shop()
    service = world.ports.catalogue.service("t1", "cut")
    world.ports.catalogue.save_resource("t1", Resource("ben", "Ben", None, "Europe/Zurich", WEEKDAYS))
    world.ports.catalogue.save_service("t1", replace(service, resources=("anna", "ben")))
    enter(world, "09:00", "12:00")
    found = {
        f"{slot.start:%H:%M}": slot.resources
        for slot in slots(world, resource=None, zone="Europe/Zurich").slots
    }

    assert (found["09:00"], found["13:00"]) == (("ben",), ("anna", "ben"))


@pytest.mark.pitfall(17)
@pytest.mark.parametrize("zone", ["UTC", "Pacific/Kiritimati", "America/St_Johns", "Asia/Kathmandu"])
def test_the_viewers_zone_only_formats_the_answer(zone: str) -> None:
    """Pitfall 17: every viewer gets the same instants."""
    world, _ = shop()
    found = slots(world, zone=zone)

    assert starts(found) == starts(slots(world))
    assert str(found.slots[0].start.tzinfo) == zone


@pytest.mark.parametrize(
    ("window", "code"),
    [
        ((MONDAY, MONDAY), "window"),
        ((MONDAY, MONDAY - timedelta(days=1)), "window"),
        ((MONDAY, MONDAY + timedelta(days=63)), "window_too_long"),
        ((datetime(2027, 3, 22), datetime(2027, 3, 23)), "window"),  # noqa: DTZ001 - refused
        ((datetime(9999, 12, 31, tzinfo=UTC), datetime(9999, 12, 31, 23, tzinfo=UTC)), "window"),
    ],
)
def test_impossible_windows_are_refused(window: tuple[datetime, datetime], code: str) -> None:
    """A window ends after it starts, has at most 62 days, and lies on the calendar."""
    world, _ = shop()

    with pytest.raises(InvalidRequest) as refused:
        list_slots(world.ports, tenant="t1", service="cut", resource="anna", start=window[0], end=window[1])

    assert refused.value.reason == code


def test_unknown_names_are_refused() -> None:
    """An unknown zone is the caller's mistake; unknown tenants, services and resources are not found."""
    world, _ = shop()
    day = {"start": MONDAY, "end": MONDAY + timedelta(days=1)}
    world.ports.catalogue.save_resource("t1", Resource("ben", "Ben", None, "Europe/Zurich", WEEKDAYS))

    with pytest.raises(InvalidRequest) as refused:
        list_slots(world.ports, tenant="t1", service="cut", resource="anna", **day, zone="Mars/Olympus")
    for tenant, service, resource in (("t2", "cut", "anna"), ("t1", "dye", "anna"), ("t1", "cut", "ben")):
        with pytest.raises(UnknownResource):
            list_slots(world.ports, tenant=tenant, service=service, resource=resource, **day)

    assert refused.value.reason == "unknown_zone"


@pytest.mark.parametrize("days", [-30, 400])
def test_nobody_is_asked_about_the_past_or_beyond_the_horizon(days: int) -> None:
    """Where nothing can be offered, no provider is troubled."""
    world, _ = shop()
    day = MONDAY + timedelta(days=days)
    found = list_slots(
        world.ports, tenant="t1", service="cut", resource="anna", start=day, end=day + timedelta(days=1)
    )

    assert (found.slots, found.degraded, asked(world)) == ((), False, 0)


def why(world: World, clock: str) -> list[tuple[str, str | None]]:
    found = explain_slot(world.ports, tenant="t1", service="cut", resource="anna", at=at(clock))
    return [(reason.code, reason.source) for reason in found.reasons]


def test_staff_reads_what_is_in_the_way() -> None:
    """F8: the rule, the absence, the booking or the calendar, each with its name."""
    world, connection = shop()
    made = booked(world, "09:00")
    enter(world, "10:00", "11:00")
    world.ports.catalogue.save_absence("t1", "anna", Absence("dentist", Interval(utc("13:00"), utc("14:00"))))
    calendar = f"{connection.id}/{connection.checked_calendars[0].key}"

    assert [why(world, clock) for clock in ("09:00", "10:00", "13:00", "07:00", "09:50", "15:00")] == [
        [("booking", made.booking.id)],
        [("external_busy", calendar)],
        [("absence", "dentist")],
        [("outside_availability", None)],
        [("off_grid", None), ("external_busy", calendar)],
        [],
    ]


def test_staff_reads_which_calendar_does_not_answer() -> None:
    """F8, F6: an unknown calendar is a reason of its own."""
    world, _ = shop()
    world.google.inspect.add_fault("status", method="events.list", times=0, status=503)

    assert [code for code, _ in why(world, "09:00")] == ["unknown_calendar"]
