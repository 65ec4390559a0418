"""How much a slot question reads, and that what an instance remembers is never wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from common.domain.calendar.connection import Status
from common.domain.calendar.interval import Interval
from common.domain.catalogue.records import LONGEST_BUFFER, LONGEST_DURATION, Absence
from common.domain.slots.agenda import weeks_of
from common.flows.slots.list_slots import SlotList, list_slots
from common.ports import Ports
from common.store import stores
from common.store.firestore.documents import Documents, Query, Snapshot, Write, Written
from local.firestore_memory.documents import MemoryDocuments
from tests.flows.setups.booking_setup import MONDAY, booked, enter, shop, slots, starts, utc
from tests.world import World

DAY = timedelta(days=1)
READ = Interval(MONDAY - LONGEST_BUFFER, MONDAY + 28 * DAY + LONGEST_DURATION + LONGEST_BUFFER)


def slots_of(ports: Ports, *, days: int = 28) -> SlotList:
    """Anna's free times from that Monday on."""
    end = MONDAY + days * DAY
    return list_slots(ports, tenant="t1", service="cut", resource="anna", start=MONDAY, end=end)


@dataclass
class Counted:
    """A database that counts what is billed: each document asked for, and each that a query finds."""

    inner: Documents = field(default_factory=MemoryDocuments)
    reads: int = 0
    exchanges: int = 0

    def get(self, paths: Sequence[str]) -> tuple[Snapshot, ...]:
        self.reads += len(set(paths))
        self.exchanges += 1
        return self.inner.get(paths)

    def query(self, query: Query) -> tuple[Snapshot, ...]:
        found = self.inner.query(query)
        self.reads += max(len(found), 1)
        self.exchanges += 1
        return found

    def commit(self, writes: Sequence[Write]) -> tuple[Written, ...]:
        return self.inner.commit(writes)


def counted_shop(bookings: int) -> tuple[World, Counted]:
    """Anna with so many appointments, four a day at most."""
    documents = Counted()
    world, _ = shop(documents=documents)
    clocks = ("09:00", "10:00", "11:00", "13:00")
    for number in range(bookings):
        clock, day = clocks[number % 4], number // 4
        start = utc(clock) + (day + day // 5 * 2) * DAY
        span = Interval(start, start + timedelta(minutes=30))
        world.ports.catalogue.save_absence("t1", "anna", Absence(f"absence-{number}", span))
    slots_of(world.ports)
    world.advance(seconds=6)
    documents.reads = documents.exchanges = 0
    return world, documents


@pytest.mark.parametrize("load", [0, 4, 80])
def test_a_question_reads_its_weeks_and_two_documents_whatever_the_load(load) -> None:
    """One exchange: a document a week, the tenant and the stamp; settings and grants are remembered."""
    world, documents = counted_shop(load)

    found = slots_of(world.ports)

    assert (documents.reads, documents.exchanges) == (len(weeks_of(READ)) + 2, 1)
    assert len(found.calendars) == 1
    assert not found.degraded


def test_a_first_question_reads_everything_once() -> None:
    """An instance that knows nothing asks for the records, the connections and the grant as well."""
    world, documents = counted_shop(0)
    again = stores(documents)
    fresh = replace(world.ports, catalogue=again.catalogue, slot_snapshots=again.slot_snapshots)
    documents.reads = documents.exchanges = 0

    slots_of(fresh)

    assert (documents.reads, documents.exchanges) == (len(weeks_of(READ)) + 5, 2)


def close_service(world: World) -> None:
    service = world.ports.catalogue.service("t1", "cut")
    world.ports.catalogue.save_service("t1", replace(service, active=False))


def close_resource(world: World) -> None:
    resource = world.ports.catalogue.resource("t1", "anna")
    world.ports.catalogue.save_resource("t1", replace(resource, active=False))


def go_away(world: World) -> None:
    away = Absence("away", Interval(utc("00:00"), utc("23:00")))
    world.ports.catalogue.save_absence("t1", "anna", away)


def lose_connection(world: World) -> None:
    (connection,) = world.ports.connections.of_resource("t1", "anna")
    world.ports.connections.save(replace(connection, status=Status.REAUTH_REQUIRED))


@pytest.mark.parametrize("change", [close_service, close_resource, go_away, lose_connection])
def test_what_another_instance_changes_is_seen_by_the_next_question(change) -> None:
    """Settings are remembered only as long as the stamp in the store says that nothing changed."""
    world, _ = shop()
    other = stores(world.documents)
    elsewhere = replace(world.ports, catalogue=other.catalogue, slot_snapshots=other.slot_snapshots)
    before = slots_of(elsewhere)
    assert before == slots_of(elsewhere)

    change(world)

    assert starts(slots_of(elsewhere)) != starts(before)
    assert starts(slots_of(elsewhere, days=1)) == []


def test_a_tenants_own_record_is_read_each_time() -> None:
    """A policy of the tenant counts from the moment at which it is saved."""
    world, documents = counted_shop(0)
    stale = world.ports.slot_snapshots.read("t1", "cut", ("anna",), READ)

    saved = world.ports.catalogue.save_tenant(replace(stale.tenant, name="Other", version=None))

    assert world.ports.slot_snapshots.read("t1", "cut", ("anna",), READ).tenant == saved
    assert documents.reads > 0


def test_two_tenants_with_the_same_names_never_meet() -> None:
    """What is remembered of one tenant's service and resource is never shown to another tenant."""
    world, _ = shop()
    catalogue, slot_snapshots = world.ports.catalogue, world.ports.slot_snapshots
    mine = slot_snapshots.read("t1", "cut", ("anna",), READ)
    catalogue.save_tenant(replace(mine.tenant, id="t2", version=None))
    catalogue.save_resource("t2", replace(mine.resources["anna"], name="Other", version=None))
    catalogue.save_service("t2", replace(mine.service, duration=timedelta(hours=1), version=None))

    for _ in range(2):
        other = slot_snapshots.read("t2", "cut", ("anna",), READ)
        assert (other.tenant.id, other.resources["anna"].name) == ("t2", "Other")
        assert (other.service.duration, other.connections) == (timedelta(hours=1), {"anna": ()})
        assert slot_snapshots.read("t1", "cut", ("anna",), READ).service == mine.service


def test_what_a_synchronisation_stored_ends_an_answer_that_was_heard_before() -> None:
    """Answers are shared for five seconds, but never beyond a change of the agenda."""
    world, _ = shop()
    slots(world)
    enter(world, "09:00", "12:00")
    unseen = starts(slots(world))

    booked(world, "15:00")

    assert unseen[0] == "09:00"
    assert starts(slots(world))[0] == "13:00"
