"""Which times are offered while calendars are asked live."""

from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from common.domain.catalogue import Absence, Resource, Tenant, UnreachablePolicy
from common.domain.feed import Cursor
from common.domain.imports import ImportedEvent, UnitChange
from common.domain.interval import Interval
from common.domain.manage import Staff
from common.errors import InvalidRequest, SlotTaken, UnknownResource
from common.flows.book import Book, book
from common.flows.cancel_booking import CancelBooking, cancel_booking
from common.flows.explain_slot import ExplainSlot, explain_slot
from common.flows.list_slots import ListSlots, SlotList, list_slots
from common.ports import Tuning
from tests.flows.booking_setup import (
    ACCOUNT,
    CUSTOMER,
    MONDAY,
    at,
    booked,
    enter,
    events,
    export,
    shop,
    slots,
    starts,
    synchronised,
    utc,
)
from tests.world import WEEKDAYS, World


def asked(world: World, method: str = "events.list") -> int:
    return sum(call["method"] == method for call in world.google.admin.calls())


def test_an_event_entered_at_google_removes_its_slots_at_once() -> None:
    """F2: the calendars are asked at that moment, without waiting for a synchronisation."""
    world, _ = shop()
    before = starts(slots(world))
    enter(world, "09:00", "12:00")
    world.advance(seconds=6)

    after = starts(slots(world))

    assert ("09:00" in before, after[0]) == (True, "13:00")


def test_a_booking_removes_its_slot_without_being_exported() -> None:
    """Our own agenda is part of the picture."""
    world, _ = shop()
    booked(world, "09:00")

    assert starts(slots(world))[0] == "09:30"


@pytest.mark.pitfall(12)
def test_an_exported_booking_does_not_block_twice() -> None:
    """Pitfall 12: our own event in the calendar takes no time beyond its booking's."""
    world, connection = shop()
    made = booked(world, "09:00")
    export(world, made.booking, connection)

    assert starts(slots(world))[:2] == ["09:30", "09:45"]


@pytest.mark.pitfall(22)
def test_an_own_event_that_was_moved_a_moment_ago_blocks_where_it_is_now() -> None:
    """Pitfall 22: until the booking has followed, both times are taken."""
    world, connection = shop()
    made = booked(world, "09:00")
    export(world, made.booking, connection)
    world.google.owner.shift_event(ACCOUNT, events(world)[0]["id"], minutes=240)
    found = starts(slots(world))

    assert [clock in found for clock in ("09:00", "12:30", "13:00", "13:30")] == [False, False, False, True]


@pytest.mark.pitfall(22)
def test_an_own_event_that_came_from_far_away_blocks() -> None:
    """Pitfall 22: the owner drags a later appointment to this Monday; its booking has not followed yet."""
    world, connection = shop()
    far = at("09:00", MONDAY + timedelta(days=35))
    made = book(world.ports, Book("t1", "cut", "anna", far, CUSTOMER))
    export(world, made.booking, connection)
    world.google.owner.shift_event(ACCOUNT, events(world)[0]["id"], minutes=-35 * 24 * 60 + 60)

    # Summer time has begun meanwhile: an hour later in UTC is the same time on the clock.
    assert starts(slots(world))[0] == "09:30"


def test_another_resources_exported_booking_takes_no_time_here() -> None:
    """Two resources in one account: each one's appointments are its own."""
    world, connection = shop()
    service = world.ports.catalogue.service("t1", "cut")
    world.ports.catalogue.save_resource("t1", Resource("ben", "Ben", None, "Europe/Zurich", WEEKDAYS))
    world.ports.catalogue.save_service("t1", replace(service, resources=("anna", "ben")))
    synchronised(world, world.connect(resource="ben"))
    export(world, booked(world, "09:00").booking, connection)
    world.google.admin.clear_logs()

    assert (starts(slots(world, resource="ben"))[0], starts(slots(world))[0]) == ("09:00", "09:30")


def test_the_event_of_a_cancelled_booking_does_not_block() -> None:
    """Its time is free at once, also while the event still waits for its removal."""
    world, connection = shop()
    made = booked(world, "09:00")
    export(world, made.booking, connection)
    stored = world.ports.bookings.get("t1", made.booking.id)
    cancel_booking(world.ports, CancelBooking("t1", stored.id, Staff()))

    assert starts(slots(world))[0] == "09:00"


@pytest.mark.pitfall(12)
def test_a_copy_of_an_own_event_is_foreign_and_blocks() -> None:
    """Pitfall 12: whoever copies an exported event has made an appointment of their own."""
    world, connection = shop()
    made = booked(world, "09:00")
    export(world, made.booking, connection)
    marker = {"private": {"slotbridge": f"{made.booking.id}.0"}}
    enter(world, "10:00", "11:00", extendedProperties=marker)

    assert {"09:30", "10:00", "11:00"} & set(starts(slots(world))) == {"09:30", "11:00"}


@pytest.mark.pitfall(18)
def test_what_blocks_follows_the_one_table() -> None:
    """Pitfall 18: declined and free events do not block, tentative and unanswered ones do."""
    world, _ = shop()
    declined = [{"email": "boss@example.com"}, {"email": ACCOUNT, "responseStatus": "declined"}]
    enter(world, "09:00", "10:00", attendees=declined)
    enter(world, "10:00", "11:00", transparency="transparent")
    enter(world, "11:00", "12:00", status="tentative")
    waiting = [{"email": "boss@example.com"}, {"email": ACCOUNT, "responseStatus": "needsAction"}]
    enter(world, "13:00", "14:00", attendees=waiting)
    found = starts(slots(world))

    assert [clock in found for clock in ("09:00", "10:00", "11:00", "13:00", "14:00")] == [
        True,
        True,
        False,
        False,
        True,
    ]


def test_every_calendar_that_is_on_counts_and_no_other() -> None:
    """F2: all of the resource's calendars; one that is switched off is not even asked."""
    world, connection = shop()
    second = world.google.admin.add_calendar(ACCOUNT, "Team")
    third = world.google.admin.add_calendar(ACCOUNT, "Off")
    enter(world, "09:00", "10:00", calendar=second)
    enter(world, "13:00", "14:00", calendar=third)
    listed = world.connect()
    switched = {
        key: replace(entry, enabled=entry.provider_id != third) for key, entry in listed.calendars.items()
    }
    world.ports.connections.save(replace(synchronised(world, listed), calendars=switched))
    found = slots(world)

    assert (starts(found)[0], "13:00" in starts(found), len(found.calendars)) == ("10:00", True, 2)
    assert connection.resource == listed.resource


def external_free(world: World) -> None:
    resource = Resource("anna", "Anna", ACCOUNT, "Europe/Zurich", WEEKDAYS, use_external_free=True)
    world.ports.catalogue.save_resource("t1", resource)


def test_with_external_free_times_no_free_event_means_no_slot() -> None:
    """C3: no such events means no availability, never all of it."""
    world, _ = shop()
    external_free(world)

    assert starts(slots(world)) == []


def test_external_free_times_replace_the_opening_hours() -> None:
    """C3: bookable time is only where the calendar has events marked free; busy ones still block."""
    world, _ = shop()
    external_free(world)
    enter(world, "18:00", "20:00", transparency="transparent")
    enter(world, "18:30", "19:00")

    assert starts(slots(world)) == ["18:00", "19:00", "19:15", "19:30"]


@pytest.mark.pitfall(1)
def test_a_calendar_that_fails_is_unknown_and_never_free() -> None:
    """Pitfall 1: under the strict policy nothing is offered, and the answer says why."""
    world, _ = shop()
    world.google.inspect.add_fault("status", method="events.list", times=0, status=503)
    found = slots(world)

    assert (starts(found), found.degraded) == ([], True)
    assert [(line.state, line.reason) for line in found.calendars] == [("unknown", "provider_unavailable")]


@pytest.mark.pitfall(1)
def test_an_unfinished_chain_of_pages_is_unknown() -> None:
    """Pitfall 1: half an answer is no answer."""
    world, _ = shop()
    world.google.inspect.add_fault("page", method="events.list", times=1, page="empty")
    world.google.inspect.add_fault("status", method="events.list", times=0, status=500)
    found = slots(world)

    assert (starts(found), found.calendars[0].state) == ([], "unknown")


@pytest.mark.pitfall(14)
def test_pages_are_followed_to_the_end() -> None:
    """Pitfall 14: what stands on the second page blocks as well, an empty first page notwithstanding."""
    world, _ = shop()
    enter(world, "09:00", "12:00")
    world.google.inspect.add_fault("page", method="events.list", times=1, page="empty")

    assert starts(slots(world))[0] == "13:00"


@pytest.mark.pitfall(2)
def test_a_grant_that_died_is_unknown_for_exactly_its_calendars() -> None:
    """Pitfall 2: another resource of the same service is offered as before."""
    world, connection = shop()
    ports = world.ports
    service = ports.catalogue.service("t1", "cut")
    ports.catalogue.save_resource("t1", Resource("ben", "Ben", None, "Europe/Zurich", WEEKDAYS))
    ports.catalogue.save_service("t1", replace(service, resources=("anna", "ben")))
    world.google.admin.revoke_grant(ACCOUNT)
    world.advance(hours=2)
    found = slots(world, resource=None)

    assert {slot.resources for slot in found.slots} == {("ben",)}
    assert found.degraded is True
    assert ports.connections.get("t1", connection.id).status == "reauth_required"
    assert slots(world, resource=None).calendars[0].reason == "reauth_required"


def graceful(world: World, **grace: int) -> None:
    policy = UnreachablePolicy(grace=timedelta(**grace))
    world.ports.catalogue.save_tenant(Tenant("t1", "Salon", "Europe/Zurich", unreachable=policy))


def remembered(world: World, connection_id: str, key: str, *, days: int = 60, listing: bool = False) -> None:
    """What a synchronisation would have left: a busy morning, applied now, covering some days."""
    feed = world.ports.feeds.get("t1", connection_id, key)
    now = world.clock.now()
    event = ImportedEvent(
        key="e1",
        unit="e1",
        interval=Interval(utc("09:00"), utc("12:00")),
        blocks=True,
        free=False,
        private=False,
        all_day=False,
        generation=1,
    )
    covered = Interval(now - timedelta(days=7), now + timedelta(days=days))
    cursor = Cursor(snapshot=listing, window=covered, token=None if listing else "t")
    feed = replace(feed, covered=covered, last_applied_at=now, generation=1, cursor=cursor)
    world.ports.feeds.commit(feed, "anna", (UnitChange("e1", (event,)),))


@pytest.mark.pitfall(2)
def test_the_last_known_times_serve_for_the_grace_and_no_longer() -> None:
    """Pitfall 2: within the grace slots come from the stored copy, marked as old; after it there are none."""
    world, connection = shop()
    graceful(world, minutes=15)
    key = connection.enabled_calendars[0].key
    remembered(world, connection.id, key)
    applied = world.clock.now()
    world.google.inspect.add_fault("status", method="events.list", times=0, status=503)
    world.clock.advance_to(applied + timedelta(minutes=10))
    within = slots(world)
    world.clock.advance_to(applied + timedelta(minutes=16))
    later = slots(world)

    assert (starts(within)[0], within.as_of, within.degraded) == ("13:00", applied, True)
    assert (within.calendars[0].state, within.calendars[0].reason) == ("stale", "provider_unavailable")
    assert (starts(later), later.calendars[0].state) == ([], "unknown")


@pytest.mark.pitfall(7)
def test_outside_the_covered_range_nothing_is_known() -> None:
    """Pitfall 7: a copy that does not reach that far says nothing about that day."""
    world, connection = shop()
    graceful(world, minutes=15)
    remembered(world, connection.id, connection.enabled_calendars[0].key, days=3)
    world.google.inspect.add_fault("status", method="events.list", times=0, status=503)
    found = slots(world)

    assert (starts(found), found.calendars[0].reason) == ([], "outside_coverage")


@pytest.mark.pitfall(7)
def test_a_listing_that_has_not_ended_knows_nothing_yet() -> None:
    """Pitfall 7: the first pages of a calendar are not the calendar."""
    world, connection = shop()
    graceful(world, minutes=15)
    remembered(world, connection.id, connection.enabled_calendars[0].key, listing=True)
    world.google.inspect.add_fault("status", method="events.list", times=0, status=503)

    assert (starts(slots(world)), slots(world).calendars[0].state) == ([], "unknown")


@pytest.mark.pitfall(2)
def test_within_the_grace_what_is_listed_can_be_booked() -> None:
    """Pitfall 2, 23: list and booking follow the same policy; what was busy stays busy."""
    world, connection = shop()
    graceful(world, minutes=15)
    remembered(world, connection.id, connection.enabled_calendars[0].key)
    world.google.inspect.add_fault("status", method="events.list", times=0, status=503)

    assert booked(world, "13:00").booking.interval.start == at("13:00")
    with pytest.raises(SlotTaken):
        booked(world, "10:00")


@pytest.mark.pitfall(3)
def test_many_calendars_take_one_round_trip() -> None:
    """Pitfall 3: 20 resources with 4 calendars each over a month, asked all at once."""
    world, _ = shop(tuning=Tuning(live_deadline=20.0))
    names = [f"r{number}" for number in range(20)]
    for name in names:
        world.ports.catalogue.save_resource("t1", Resource(name, name, None, "Europe/Zurich", WEEKDAYS))
        account = f"{name}@example.com"
        world.account(account)
        for number in range(3):
            world.google.admin.add_calendar(account, f"c{number}")
        made = world.connect(account, resource=name)
        everything = {key: replace(entry, enabled=True) for key, entry in made.calendars.items()}
        world.ports.connections.save(replace(synchronised(world, made), calendars=everything))
    service = world.ports.catalogue.service("t1", "cut")
    world.ports.catalogue.save_service("t1", replace(service, resources=tuple(names)))
    seconds = 0.25
    world.google.inspect.add_fault("slow", method="events.list", times=0, seconds=seconds)
    began = time.monotonic()
    found = list_slots(world.ports, ListSlots("t1", "cut", None, MONDAY, MONDAY + timedelta(days=31)))
    took = time.monotonic() - began

    assert (len(found.calendars), found.degraded, asked(world)) == (80, False, 80)
    # One after the other they would take 80 of them.
    assert took < 40 * seconds


@pytest.mark.pitfall(3)
def test_a_provider_that_hangs_does_not_hold_the_answer() -> None:
    """Pitfall 3: just after the deadline the answer comes, marked degraded."""
    world, _ = shop(tuning=Tuning(live_deadline=0.05))
    world.google.inspect.add_fault("slow", method="events.list", times=1, seconds=3)
    began = time.monotonic()
    found = slots(world)
    took = time.monotonic() - began

    assert (starts(found), found.degraded, found.calendars[0].reason) == ([], True, "deadline")
    assert took < 2


@pytest.mark.pitfall(3)
def test_identical_questions_share_one_call_for_five_seconds() -> None:
    """Pitfall 3: a busy page asks the provider once; after that, and for a booking, it is asked afresh."""
    world, _ = shop()
    slots(world)
    slots(world)
    within = asked(world)
    world.advance(seconds=6)
    slots(world)
    later = asked(world)
    booked(world, "09:00")

    assert (within, later, asked(world)) == (1, 2, 3)


@pytest.mark.pitfall(3)
def test_questions_at_the_same_moment_share_one_flight() -> None:
    """Pitfall 3: twenty customers at once cost one provider call."""
    world, _ = shop()
    world.google.inspect.add_fault("slow", method="events.list", times=1, seconds=0.1)
    found: list[SlotList] = []
    threads = [threading.Thread(target=lambda: found.append(slots(world))) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert (asked(world), {len(item.slots) for item in found}) == (1, {26})


@pytest.mark.pitfall(3)
def test_a_failure_is_not_shared_beyond_its_flight() -> None:
    """Pitfall 3: the next question asks again at once."""
    world, _ = shop()
    world.google.inspect.add_fault("status", method="events.list", times=1, status=503)
    first, second = slots(world), slots(world)

    assert (first.degraded, second.degraded) == (True, False)


@pytest.mark.pitfall(25)
def test_an_answer_names_no_calendar_and_no_address() -> None:
    """Pitfall 25: the public answer holds opaque words only, and nothing live is stored or logged (F3)."""
    world, connection = shop()
    enter(world, "09:00", "10:00")
    found = slots(world)
    key = connection.enabled_calendars[0].key
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
        list_slots(world.ports, ListSlots("t1", "cut", "anna", *window))

    assert refused.value.reason == code


def test_unknown_names_are_refused() -> None:
    """An unknown zone is the caller's mistake; unknown tenants, services and resources are not found."""
    world, _ = shop()
    day = (MONDAY, MONDAY + timedelta(days=1))
    world.ports.catalogue.save_resource("t1", Resource("ben", "Ben", None, "Europe/Zurich", WEEKDAYS))

    with pytest.raises(InvalidRequest) as refused:
        list_slots(world.ports, ListSlots("t1", "cut", "anna", *day, "Mars/Olympus"))
    for tenant, service, resource in (("t2", "cut", "anna"), ("t1", "dye", "anna"), ("t1", "cut", "ben")):
        with pytest.raises(UnknownResource):
            list_slots(world.ports, ListSlots(tenant, service, resource, *day))

    assert refused.value.reason == "unknown_zone"


@pytest.mark.parametrize("days", [-30, 400])
def test_nobody_is_asked_about_the_past_or_beyond_the_horizon(days: int) -> None:
    """Where nothing can be offered, no provider is troubled."""
    world, _ = shop()
    day = MONDAY + timedelta(days=days)
    found = list_slots(world.ports, ListSlots("t1", "cut", "anna", day, day + timedelta(days=1)))

    assert (found.slots, found.degraded, asked(world)) == ((), False, 0)


def why(world: World, clock: str) -> list[tuple[str, str | None]]:
    found = explain_slot(world.ports, ExplainSlot("t1", "cut", "anna", at(clock)))
    return [(reason.code, reason.source) for reason in found.reasons]


def test_staff_reads_what_is_in_the_way() -> None:
    """F8: the rule, the absence, the booking or the calendar, each with its name."""
    world, connection = shop()
    made = booked(world, "09:00")
    enter(world, "10:00", "11:00")
    world.ports.catalogue.save_absence("t1", "anna", Absence("dentist", Interval(utc("13:00"), utc("14:00"))))
    calendar = f"{connection.id}/{connection.enabled_calendars[0].key}"

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
