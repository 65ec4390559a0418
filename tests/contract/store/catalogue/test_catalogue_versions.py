"""Records of the catalogue are replaced as they were read: no update is ever lost."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta

import pytest

from common.domain.calendar.interval import Interval
from common.domain.privacy.erasure import Erasure, Scope
from common.domain.privacy.support import Action, AuditEntry
from common.domain.shared.concurrency import Condition
from common.errors import AlreadyExists, Conflict, StaleVersion, UnknownResource
from common.flows.catalogue.records import create_or_replace
from common.store import stores
from common.store.firestore.documents import Query
from tests.contract.store.catalogue.test_catalogue import (
    DAY,
    HOUR,
    MONDAY,
    RESOURCE,
    SERVICE,
    TENANT,
    absence,
)

EDITORS = 12


def tenant_ways(store):
    return (
        lambda: store.catalogue.tenant("t"),
        store.catalogue.save_tenant,
        TENANT,
        replace(TENANT, name="Other"),
    )


def resource_ways(store):
    return (
        lambda: store.catalogue.resource("t", "r"),
        lambda record, **how: store.catalogue.save_resource("t", record, **how),
        RESOURCE,
        replace(RESOURCE, name="Other"),
    )


def service_ways(store):
    return (
        lambda: store.catalogue.service("t", "s"),
        lambda record, **how: store.catalogue.save_service("t", record, **how),
        SERVICE,
        replace(SERVICE, name="Other"),
    )


def absence_ways(store):
    return (
        lambda: store.catalogue.absence("t", "r", "a"),
        lambda record, **how: store.catalogue.save_absence("t", "r", record, **how),
        absence(),
        absence(length=2 * DAY),
    )


EACH = pytest.mark.parametrize("ways", [tenant_ways, resource_ways, service_ways, absence_ways])


@EACH
def test_every_save_gives_the_version_that_is_read(store, ways):
    """What a save hands out is what the next one replaces."""
    find, save, first, second = ways(store)

    made = save(first, new=True)
    changed = save(replace(second, version=made.version))

    assert made.version is not None
    assert changed.version not in {None, made.version}
    assert (find(), find().version) == (second, changed.version)


@EACH
def test_a_stale_version_replaces_nothing(store, ways):
    """The second of two who read the same loses, and nothing of it is stored."""
    find, save, first, second = ways(store)
    seen = save(first, new=True)
    winner = save(replace(second, version=seen.version))

    with pytest.raises(Conflict):
        save(replace(first, version=seen.version))
    with pytest.raises(AlreadyExists):
        save(first, new=True)
    assert find().version == winner.version


def test_concurrent_editors_lose_nothing(raw):
    """Each of many who add a day of their own to one resource finds it there in the end."""
    store = stores(raw)
    store.catalogue.save_resource("t", RESOURCE, new=True)

    def edit(number):
        day = date(2027, 5, 1) + timedelta(days=number)
        while True:
            seen = store.catalogue.resource("t", "r")
            try:
                store.catalogue.save_resource("t", replace(seen, overrides={**seen.overrides, day: ()}))
            except Conflict:
                continue
            return day

    with ThreadPoolExecutor(EDITORS) as pool:
        added = set(pool.map(edit, range(EDITORS)))

    assert set(store.catalogue.resource("t", "r").overrides) == added | set(RESOURCE.overrides)


def test_of_many_who_saw_the_same_version_one_replaces_it(raw):
    """Conditional writes at the same moment: one success, and every other caller is told."""
    store = stores(raw)
    seen = store.catalogue.save_resource("t", RESOURCE, new=True)
    condition = Condition(versions=frozenset({str(seen.version)}))

    def attempt(number):
        wanted = replace(RESOURCE, name=f"Ann {number}")
        try:
            create_or_replace(
                wanted,
                condition,
                read=lambda: store.catalogue.resource("t", "r"),
                write=lambda version: store.catalogue.save_resource("t", replace(wanted, version=version)),
            )
        except StaleVersion:
            return None
        return wanted.name

    with ThreadPoolExecutor(EDITORS) as pool:
        (winner,) = [name for name in pool.map(attempt, range(EDITORS)) if name]

    assert store.catalogue.resource("t", "r").name == winner


def test_concurrent_changes_of_an_absence_leave_a_correct_agenda(raw):
    """However editors of one absence interleave, the agenda shows the absence that is stored."""
    store = stores(raw)
    store.catalogue.save_absence("t", "r", absence())

    def shift(number):
        store.catalogue.save_absence("t", "r", absence(start=MONDAY + number * 3 * DAY))

    def attempt(number):
        try:
            shift(number)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert any(pool.map(attempt, range(8)))
    stored = store.catalogue.absence("t", "r", "a").interval
    whole = Interval(MONDAY - DAY, MONDAY + 40 * DAY)

    assert store.catalogue.agenda("t", "r", whole).absences == {"a": stored}


def test_a_service_is_saved_only_with_resources_as_they_were_read(store):
    """A resource that is deleted at the same moment is offered by nothing."""
    seen = store.catalogue.save_resource("t", RESOURCE, new=True)
    store.catalogue.save_resource("t", replace(seen, name="Other"))

    with pytest.raises(Conflict):
        store.catalogue.save_service("t", SERVICE, new=True, offered_by=[seen])
    with pytest.raises(Conflict):
        store.catalogue.save_absence("t", "r", absence(), new=True, of=seen)
    now = store.catalogue.resource("t", "r")
    store.catalogue.save_service("t", SERVICE, new=True, offered_by=[now])
    store.catalogue.save_absence("t", "r", absence(), new=True, of=now)

    assert store.catalogue.resource("t", "r").version == now.version
    assert store.catalogue.agenda("t", "r", Interval(MONDAY, MONDAY + HOUR)).absences == {
        "a": absence().interval
    }


def test_what_changed_meanwhile_is_not_removed(store, raw):
    """Services, absences and resources are removed as they were read, with all that goes along, or not."""
    resource = store.catalogue.save_resource("t", RESOURCE, new=True)
    service = store.catalogue.save_service("t", SERVICE, new=True)
    away = store.catalogue.save_absence("t", "r", absence(), new=True)
    store.catalogue.save_resource("t", replace(resource, name="Other"))
    store.catalogue.save_service("t", replace(service, name="Other"))
    store.catalogue.save_absence("t", "r", replace(absence(length=2 * DAY), version=away.version))
    job = Erasure("e", "t", Scope.RESOURCE, "r", "me", MONDAY, resource="r", bookings_kept=True)
    told = AuditEntry("e1", "t", MONDAY, "me", Action.RESOURCE_DELETED)

    with pytest.raises(Conflict):
        store.catalogue.delete_service("t", service)
    with pytest.raises(Conflict):
        store.catalogue.delete_absence("t", "r", "a", version=away.version)
    with pytest.raises(Conflict):
        store.archive.create(job, told, removing=resource)
    assert raw.query(Query("tenants/t/audit")) == raw.query(Query("tenants/t/erasures")) == ()

    store.archive.create(job, told, removing=store.catalogue.resource("t", "r"))
    store.catalogue.delete_service("t", store.catalogue.service("t", "s"))
    assert store.archive.get("t", "e").bookings_kept
    for gone in (lambda: store.catalogue.resource("t", "r"), lambda: store.catalogue.service("t", "s")):
        with pytest.raises(UnknownResource):
            gone()
