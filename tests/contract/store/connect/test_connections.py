"""The contract of the store of connections and their grants."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from common.domain.calendar.connection import (
    AccessRole,
    CalendarEntry,
    CalendarUse,
    Connection,
    Phase,
    ProviderKind,
    Receipt,
    Status,
    SyncRun,
)
from common.domain.connect.settings import (
    BusyRules,
    ExportSettings,
    ImportMode,
    ImportSettings,
    PrivateMode,
    Settings,
)
from common.domain.shared.outbox import OutboxEntry, OutboxKind
from common.errors import AlreadyExists, Conflict, StoreUnavailable, UnknownResource
from common.store.firestore.documents import Merge

NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def connection(name="c", resource="r", account="ann@example.org", **values):
    return Connection(
        **{
            "id": name,
            "tenant": "t",
            "resource": resource,
            "provider": ProviderKind.GOOGLE,
            "account": account,
            "status": Status.ACTIVE,
            "created_at": NOW,
            **values,
        }
    )


WHOLE = connection(
    settings=Settings(
        ImportSettings(False, ImportMode.FULL, PrivateMode.NONE, BusyRules(False, False, False, False, True)),
        ExportSettings(False, "k", False, True, True, True, 15, "{customer}", ""),
        show_events=True,
        version=7,
    ),
    calendars={
        "k": CalendarEntry(
            "k", "ann@example.org", "Ann", "Europe/Zurich", AccessRole.OWNER, True, CalendarUse.CHECK, NOW
        ),
        "l": CalendarEntry("l", "a/b#c", "", None, AccessRole.FREE_BUSY),
    },
    scopes=("calendar", "email"),
    dedicated_calendar="l",
    dedicated_pending=True,
    run=SyncRun("run", Phase.EXPORTING, 3, ("k", "l"), NOW, 1, 10, 9, 8, 7, 1, "b9", True, NOW, NOW, "error"),
    receipt=Receipt(NOW, NOW, 1, 2, 3, True, 4, True, True, False),
    waiting_until=NOW,
    error="rate_limited",
    told_at=NOW,
)


def test_a_connection_is_read_as_it_was_saved(store):
    """Nothing of a connection is lost, and its version is the stored one."""
    created = store.connections.create(WHOLE, "sealed")

    assert store.connections.get("t", "c") == created
    assert replace(created, version=None) == WHOLE


def test_a_connection_is_created_once(store):
    """An id that exists is refused, together with its grant."""
    store.connections.create(connection(), "first")

    with pytest.raises(AlreadyExists):
        store.connections.create(connection(resource="other"), "second")

    assert store.connections.sealed("t", "c")[0] == "first"


def test_a_save_is_compare_and_set_and_commits_its_tasks(store):
    """Whoever saves an older version gets a Conflict, and none of its outbox entries."""
    entry = OutboxEntry("o", "t", OutboxKind.EXPORT, "b", "c", 1, NOW, NOW)
    old = store.connections.create(connection(), "sealed")
    new = store.connections.save(replace(old, status=Status.DISCONNECTING), tasks=(entry,))

    with pytest.raises(Conflict):
        store.connections.save(replace(old, error="x"), tasks=(replace(entry, id="o2"),))
    with pytest.raises(Conflict):
        store.connections.save(connection())

    assert store.connections.get("t", "c") == new
    assert store.ledger.outbox_of("t", "c", 9) == (entry,)


def test_connections_are_listed_by_tenant_and_by_resource(store):
    """A resource's list leaves out what is disconnected; a tenant's has everything."""
    store.connections.create(connection("c1"), "x")
    store.connections.create(connection("c2", status=Status.DISCONNECTED), "x")
    store.connections.create(connection("c3", "r2"), "x")
    store.connections.create(connection("c4", tenant="t2"), "x")

    assert [item.id for item in store.connections.of_tenant("t")] == ["c1", "c2", "c3"]
    assert [item.id for item in store.connections.of_resource("t", "r")] == ["c1"]
    assert store.connections.of_resource("t", "none") == ()


def test_the_same_account_is_found_across_tenants(store):
    """Only other, live connections of the same provider count."""
    mine = store.connections.create(connection("c1"), "x")
    store.connections.create(connection("c1", tenant="t2"), "x")
    store.connections.create(connection("c3", status=Status.DISCONNECTED), "x")
    store.connections.create(connection("c4", account="bob@example.org"), "x")
    store.connections.create(connection("c5", provider=ProviderKind.MICROSOFT), "x")

    assert [(item.tenant, item.id) for item in store.connections.same_account(mine)] == [("t2", "c1")]


def test_a_renamed_account_is_the_same_account(store):
    """The provider's own name for an account finds what its old address would not; each is found once."""
    mine = store.connections.create(connection("c1", account="new@example.org", identity="i1"), "x")
    store.connections.create(connection("c2", account="old@example.org", identity="i1"), "x")
    store.connections.create(connection("c3", account="new@example.org", identity="i1"), "x")
    store.connections.create(connection("c4", account="old@example.org", identity="i2"), "x")

    assert sorted(item.id for item in store.connections.same_account(mine)) == ["c2", "c3"]


def test_every_unknown_connection_gets_the_same_error(store):
    """Foreign, missing and malformed ids are one answer."""
    store.connections.create(connection(), "x")

    for tenant, name in (("t2", "c"), ("t", "none"), ("t", "c/grants/current"), ("", "c")):
        with pytest.raises(UnknownResource):
            store.connections.get(tenant, name)


@pytest.mark.pitfall(25)
def test_a_grant_is_never_in_the_connection_document(store, documents):
    """Pitfall 25: what lists connections cannot read a grant, not even an encrypted one."""
    store.connections.create(connection(), "canary")

    (found,) = documents.get(["tenants/t/connections/c"])

    assert "canary" not in str(found.data)
    assert "canary" not in repr(documents.commits)


def test_a_grant_is_compare_and_set(store):
    """A refreshed grant replaces the one that it came from, and no other; None means whatever it is."""
    store.connections.create(connection(), "first")
    _, version = store.connections.sealed("t", "c")

    store.connections.save_sealed("t", "c", "second", expected=version)
    with pytest.raises(Conflict):
        store.connections.save_sealed("t", "c", "third", expected=version)
    with pytest.raises(Conflict):
        store.connections.save_sealed("t", "c", None, expected=version)
    assert store.connections.sealed("t", "c")[0] == "second"
    store.connections.save_sealed("t", "c", "fourth", expected=None)
    assert store.connections.sealed("t", "c")[0] == "fourth"


def test_a_grant_that_was_given_back_is_gone(store):
    """Giving back twice is fine."""
    store.connections.create(connection(), "first")

    store.connections.save_sealed("t", "c", None, expected=None)
    store.connections.save_sealed("t", "c", None, expected=None)

    assert store.connections.sealed("t", "c") == (None, None)
    assert store.connections.sealed("t", "none") == (None, None)


@pytest.mark.pitfall(19)
def test_only_one_caller_refreshes_a_grant_at_a_time(store):
    """Pitfall 19: the lease is exclusive until it ends or the grant is saved, and leaves the grant alone."""
    store.connections.create(connection(), "first")
    before = store.connections.sealed("t", "c")

    def lease(now):
        return store.connections.lease_refresh("t", "c", until=now + MINUTE, now=now)

    assert [lease(NOW), lease(NOW), lease(NOW + MINUTE / 2), lease(NOW + MINUTE)] == [
        True,
        False,
        False,
        True,
    ]
    assert store.connections.sealed("t", "c") == before
    store.connections.save_sealed("t", "c", "second", expected=before[1])
    assert lease(NOW + MINUTE) is True


def test_a_document_of_a_newer_version_is_an_error_to_retry(store, documents):
    """An unknown word is neither guessed nor dropped; unknown fields are ignored."""
    store.connections.create(connection(), "x")
    documents.commit([Merge("tenants/t/connections/c", {("invented",): 1})])
    assert store.connections.get("t", "c").status is Status.ACTIVE

    documents.commit([Merge("tenants/t/connections/c", {("status",): "hibernating"})])
    with pytest.raises(StoreUnavailable) as failure:
        store.connections.get("t", "c")

    assert failure.value.reason == "unreadable_document"
