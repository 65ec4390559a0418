"""A calendar that does not answer is never free; what was known last serves only where the tenant says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from common.domain.calendar.interval import Interval
from common.domain.calendar.sync_state import Cursor
from common.domain.catalogue.records import Resource, Tenant, UnreachablePolicy
from common.domain.shared.tasks import Lane
from common.domain.sync.imported_events import UnitChange
from common.errors import SlotTaken
from common.flows.shared.calendar_access import open_calendar
from tests.flows.setups.booking_setup import ACCOUNT, at, booked, enter, shop, slots, starts, utc
from tests.imported_events import imported_event
from tests.world import WEEKDAYS, World


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
    feed = world.ports.sync_states.get("t1", connection_id, key)
    now = world.clock.now()
    event = imported_event("e1", Interval(utc("09:00"), utc("12:00")))
    covered = Interval(now - timedelta(days=7), now + timedelta(days=days))
    cursor = Cursor(snapshot=listing, window=covered, token=None if listing else "t")
    access = open_calendar(world.ports, tenant="t1", connection=connection_id, key=key, lane=Lane.SYNC)
    assert access is not None
    feed = replace(
        feed, covered=covered, last_applied_at=now, generation=1, cursor=cursor, fields=access.fields
    )
    world.ports.sync_states.commit(feed, "anna", (UnitChange("e1", (event,)),))


@pytest.mark.pitfall(2)
def test_the_last_known_times_serve_for_the_grace_and_no_longer() -> None:
    """Pitfall 2: within the grace slots come from the stored copy, marked as old; after it there are none."""
    world, connection = shop()
    graceful(world, minutes=15)
    key = connection.checked_calendars[0].key
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
    remembered(world, connection.id, connection.checked_calendars[0].key, days=3)
    world.google.inspect.add_fault("status", method="events.list", times=0, status=503)
    found = slots(world)

    assert (starts(found), found.calendars[0].reason) == ([], "outside_coverage")


@pytest.mark.pitfall(7)
def test_a_listing_that_has_not_ended_knows_nothing_yet() -> None:
    """Pitfall 7: the first pages of a calendar are not the calendar."""
    world, connection = shop()
    graceful(world, minutes=15)
    remembered(world, connection.id, connection.checked_calendars[0].key, listing=True)
    world.google.inspect.add_fault("status", method="events.list", times=0, status=503)

    assert (starts(slots(world)), slots(world).calendars[0].state) == ([], "unknown")


@pytest.mark.pitfall(2)
def test_within_the_grace_what_is_listed_can_be_booked() -> None:
    """Pitfall 2, 23: list and booking follow the same policy; what was busy stays busy."""
    world, connection = shop()
    graceful(world, minutes=15)
    remembered(world, connection.id, connection.checked_calendars[0].key)
    world.google.inspect.add_fault("status", method="events.list", times=0, status=503)

    assert booked(world, "13:00").booking.interval.start == at("13:00")
    with pytest.raises(SlotTaken):
        booked(world, "10:00")
