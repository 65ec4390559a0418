"""The contract of the store of what can be booked."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from common.domain.calendar.connection import Connection, ProviderKind, Status
from common.domain.calendar.interval import Interval
from common.domain.catalogue.records import (
    Absence,
    EditPolicy,
    OwnerEditPolicy,
    Resource,
    Service,
    Tenant,
    UnreachablePolicy,
    WeeklyHours,
)
from common.domain.sync.imported_events import UnitChange
from common.errors import UnknownResource
from tests.imported_events import imported_event

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MONDAY = datetime(2027, 3, 1, tzinfo=UTC)
TENANT = Tenant(
    "t",
    "Salon",
    "Europe/Zurich",
    UnreachablePolicy(timedelta(minutes=15)),
    OwnerEditPolicy(time=EditPolicy.PROPOSE),
    ("https://example.org",),
    ("https://example.org/done",),
)
RESOURCE = Resource(
    "r",
    "Ann",
    "ann@example.org",
    "Europe/Zurich",
    WeeklyHours.of({0: ["09:00-12:00", "13:00-17:00"], 6: ["00:00-24:00"]}),
    {date(2027, 3, 8): (), date(2027, 3, 9): WeeklyHours.of({0: ["10:00-11:00"]}).days[0]},
    use_external_free=True,
    active=False,
)
SERVICE = Service(
    "s",
    "Cut",
    HOUR,
    HOUR / 4,
    HOUR / 6,
    HOUR / 2,
    timedelta(hours=3),
    30 * DAY,
    ("r", "r2"),
    capacity=4,
    hold=HOUR / 2,
    show_seats=True,
)


def connection(name, resource, status=Status.ACTIVE):
    return Connection(name, "t", resource, ProviderKind.GOOGLE, f"{name}@example.org", status, MONDAY)


def absence(name="a", start=MONDAY, length=DAY):
    return Absence(name, Interval(start, start + length))


def in_agenda(store, start, length=HOUR):
    return store.catalogue.agenda("t", "r", Interval(start, start + length)).absences


def test_records_come_back_as_they_were_saved(store):
    """Nothing of a tenant, resource, service or absence is lost."""
    store.catalogue.save_tenant(TENANT)
    store.catalogue.save_resource("t", RESOURCE)
    store.catalogue.save_service("t", SERVICE)
    store.catalogue.save_absence("t", "r", absence())

    assert store.catalogue.tenant("t") == TENANT
    assert store.catalogue.resource("t", "r") == RESOURCE
    assert store.catalogue.service("t", "s") == SERVICE
    assert store.catalogue.resources("t") == (RESOURCE,)
    assert store.catalogue.services("t") == (SERVICE,)
    assert store.catalogue.absences("t", "r") == (absence(),)


def test_saving_again_replaces(store):
    """What the new record leaves out is gone."""
    store.catalogue.save_resource("t", RESOURCE)
    plain = Resource("r", "Ann", None, "Europe/Zurich", WeeklyHours())

    store.catalogue.save_resource("t", plain)

    assert store.catalogue.resource("t", "r") == plain


def test_what_is_not_there_is_unknown(store):
    """Missing and foreign records are the same answer."""
    store.catalogue.save_resource("t", RESOURCE)

    for ask in (
        lambda: store.catalogue.tenant("none"),
        lambda: store.catalogue.resource("t", "none"),
        lambda: store.catalogue.resource("t2", "r"),
        lambda: store.catalogue.resource("t2", "../../tenants/t/resources/r"),
        lambda: store.catalogue.resource("t/resources/r/absences", "a"),
        lambda: store.catalogue.service("t", "none"),
        lambda: store.catalogue.delete_absence("t", "r", "none"),
        lambda: store.slot_snapshots.read("t", "none", ("r",), Interval(MONDAY, MONDAY + DAY)),
    ):
        with pytest.raises(UnknownResource):
            ask()
    assert store.catalogue.resources("t2") == ()


def test_an_absence_is_in_every_week_that_it_touches(store, documents):
    """Record and agenda weeks appear in one commit, and change together."""
    long = absence(start=MONDAY - HOUR, length=15 * DAY)
    store.catalogue.save_absence("t", "r", long)
    assert len(documents.commits) == 1
    assert [set(in_agenda(store, MONDAY + at * 7 * DAY)) for at in range(-1, 4)] == [{"a"}] * 4 + [set()]

    store.catalogue.save_absence("t", "r", absence())

    assert [set(in_agenda(store, MONDAY + at * 7 * DAY)) for at in range(-1, 4)] == [
        set(),
        {"a"},
        set(),
        set(),
        set(),
    ]
    assert in_agenda(store, MONDAY) == {"a": absence().interval}


def test_a_deleted_absence_leaves_the_agenda(store):
    """The other absences stay."""
    store.catalogue.save_absence("t", "r", absence())
    store.catalogue.save_absence("t", "r", absence("b", MONDAY + DAY))

    store.catalogue.delete_absence("t", "r", "a")

    assert set(in_agenda(store, MONDAY)) == {"b"}
    assert [item.id for item in store.catalogue.absences("t", "r")] == ["b"]


def full_snapshot(store):
    store.catalogue.save_tenant(TENANT)
    store.catalogue.save_service("t", SERVICE)
    for name in ("r", "r2", "other"):
        store.catalogue.save_resource("t", replace(RESOURCE, id=name))
    store.catalogue.save_absence("t", "r", absence())
    feed = store.sync_states.get("t", "c1", "k")
    times = Interval(MONDAY + 8 * DAY, MONDAY + 8 * DAY + HOUR)
    event = imported_event("e", times, unit="u", generation=0)
    store.sync_states.commit(feed, "r", [UnitChange("u", (event,))])
    for item in (
        connection("c1", "r"),
        connection("c2", "r", Status.REAUTH_REQUIRED),
        connection("c3", "r", Status.DISCONNECTED),
        connection("c4", "other"),
    ):
        store.connections.create(item, "sealed")
    return times


def test_a_slot_snapshot_holds_all_that_a_slot_question_needs(store, documents):
    """Named resources are read in one batch and one question for their connections."""
    times = full_snapshot(store)
    documents.reads.clear()
    documents.queries.clear()

    snapshot = store.slot_snapshots.read("t", "s", ("r",), Interval(MONDAY, MONDAY + 14 * DAY))

    assert (len(documents.reads), len(documents.queries)) == (1, 1)
    assert (snapshot.tenant, snapshot.service) == (TENANT, SERVICE)
    assert snapshot.resources == {"r": RESOURCE}
    assert snapshot.agendas["r"].absences == {"a": absence().interval}
    assert snapshot.agendas["r"].imports["c1/k"].busy == (times,)
    assert [item.id for item in snapshot.connections["r"]] == ["c1", "c2"]


def test_a_slot_snapshot_without_names_holds_all_resources_of_the_service(store):
    """A resource that the service still names but that is gone is left out."""
    full_snapshot(store)
    store.catalogue.save_service("t", replace(SERVICE, resources=("r", "r2", "gone")))

    snapshot = store.slot_snapshots.read("t", "s", (), Interval(MONDAY, MONDAY + DAY))

    assert list(snapshot.resources) == list(snapshot.agendas) == list(snapshot.connections) == ["r", "r2"]
    assert snapshot.connections["r2"] == ()


def test_a_named_resource_that_is_not_there_is_unknown(store):
    """Naming a resource is a promise that it exists."""
    full_snapshot(store)

    with pytest.raises(UnknownResource):
        store.slot_snapshots.read("t", "s", ("r", "gone"), Interval(MONDAY, MONDAY + DAY))


def test_an_agenda_of_an_empty_store_is_empty(store):
    """A week that was never written takes no time."""
    agenda = store.catalogue.agenda("t", "r", Interval(MONDAY, MONDAY + 100 * DAY))

    assert (agenda.bookings, agenda.absences, agenda.imports) == ({}, {}, {})
