"""The contract of support grants, the audit trail, feed addresses, and of reading and erasing everything."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from common.domain.booking.booking_change import BookingChange, IdempotencyRecord
from common.domain.calendar.interval import Interval
from common.domain.catalogue.ics_feed import IcsFeed, Shows
from common.domain.privacy.erasure import Erasure, ErasureStage, Scope
from common.domain.privacy.support import Action, AuditEntry, SupportGrant
from common.domain.shared.paging import PageRequest
from common.errors import Conflict, StoreUnavailable, UnknownResource
from common.store.firestore.documents import Put
from common.store.sync.imported_weeks import write_events
from tests.contract.store.examples import HOUR, NINE, booking, create, outbox
from tests.contract.store.notification_examples import told
from tests.imported_events import imported_event
from tests.whole_lists import every

SECOND = timedelta(seconds=1)


def entry(name="e1", at=NINE, **values):
    return AuditEntry(name, "t", at, "owner-1", Action.SUPPORT_GRANTED, **values)


def grant(name="g1", **values):
    return SupportGrant(name, "t", "Slots are missing", "owner-1", NINE, NINE + HOUR, **values)


def address(resource="r", secret="h1", tenant="t"):
    return IcsFeed(tenant, resource, Shows.TITLES, secret, NINE, "staff-1")


def erasure(name="x1", **values):
    return Erasure(name, "t", Scope.TENANT, "t", "owner-1", NINE, **values)


def bare(item):
    return replace(item, version=None)


def test_a_grant_is_stored_with_its_audit_entry(store):
    """One commit holds both; a grant is found until it has ended, however many there are."""
    saved = store.support.save(grant(), entry())
    later = store.support.save(
        replace(grant("g2", ticket="CASE-1"), granted_at=NINE + SECOND, ends_at=NINE + HOUR + SECOND),
        entry("e2", NINE + SECOND),
    )

    assert bare(saved) == grant()
    assert store.support.grant("t", "g1") == saved
    assert store.support.grants("t", now=NINE) == (saved, later)
    assert store.support.grants("t", now=NINE + HOUR) == (later,)
    assert store.support.grants("other", now=NINE) == ()
    assert [item.id for item in every(store.lists.audit, "t")] == ["e2", "e1"]


def test_a_grant_is_changed_by_one_caller_at_a_time(store):
    """Whoever read an older state changes nothing, and leaves no entry."""
    saved = store.support.save(grant(), entry())
    store.support.save(replace(saved, revoked_at=NINE), entry("e2"))

    for stale in (saved, grant()):
        with pytest.raises(Conflict):
            store.support.save(stale, entry("e3"))
    assert len(every(store.lists.audit, "t")) == 2
    with pytest.raises(UnknownResource):
        store.support.grant("t", "nobody")


def test_support_is_not_locked_out_until_somebody_locks_it(store):
    """Locking and unlocking are both told."""
    before = store.support.locked("t")
    store.support.lock("t", entry(), locked=True)
    during = store.support.locked("t")
    store.support.lock("t", entry("e2"), locked=False)

    assert (before, during, store.support.locked("t")) == (False, True, False)
    assert len(every(store.lists.audit, "t")) == 2


def test_the_audit_trail_is_append_only_and_read_in_pages(store):
    """An entry can be written once; pages follow each other without a gap, also within one moment."""
    for number in range(5):
        store.support.record(entry(f"e{number}", NINE + SECOND * (number // 2), target=f"anna/{number}"))
    store.support.record(entry("e4", NINE, target="forged"))
    whole = every(store.lists.audit, "t")
    first = store.lists.audit("t", PageRequest(2))
    rest = store.lists.audit("t", PageRequest(9, after=first.next))

    assert (*first.items, *rest.items) == whole
    assert [item.target for item in whole] == [f"anna/{number}" for number in (4, 3, 2, 1, 0)]


def test_a_feed_is_found_by_its_secret_alone(store):
    """A new address replaces the former one; ending it twice is fine."""
    store.ics_feeds.put(address())
    store.ics_feeds.put(address("r2", "h2", "t2"))
    found = store.ics_feeds.by_secret("h2")
    assert (found.tenant, found.resource) == ("t2", "r2")
    newer = store.ics_feeds.put(address(secret="h3"))

    with pytest.raises(UnknownResource):
        store.ics_feeds.by_secret("h1")
    assert store.ics_feeds.by_secret("h3") == newer == store.ics_feeds.of_resource("t", "r")
    store.ics_feeds.delete("t", "r")
    store.ics_feeds.delete("t", "r")
    assert store.ics_feeds.of_resource("t", "r") is None
    with pytest.raises(UnknownResource):
        store.ics_feeds.by_secret("h3")


def test_every_document_of_a_tenant_is_read_once(store, documents):
    """At any depth, under documents that do not exist, in pages; nothing of another tenant."""
    names = [f"tenants/t/a/{number}" for number in range(3)]
    names += ["tenants/t/a/1/b/x", "tenants/t/z/missing/b/c/d/e", "tenants/t"]
    others = ["tenants/t2", "tenants/t2/a/1", "tenants/ta/a/1", "outbox/t"]
    documents.commit([Put(name, {"here": True}) for name in (*names, *others)])
    seen, after = [], None
    while page := store.archive.page("t", after=after, limit=2):
        seen += [item.path for item in page]
        after = page[-1].path

    assert seen[0] == "tenants/t"
    assert sorted(seen) == sorted(names)


def test_large_documents_come_in_shorter_pages(store, documents):
    """A page of an export has to be read by somebody: nothing is left out, and each page has something."""
    names = [f"tenants/t/a/{number}" for number in range(6)]
    for name in names:
        documents.commit([Put(name, {"column": bytes(900_000)})])
    pages, after = [], None
    while page := store.archive.page("t", after=after, limit=50):
        pages.append([item.path for item in page])
        after = page[-1].path

    assert [names[:2], names[2:4], names[4:]] == pages


def test_a_record_is_unpacked_only_for_a_reader(store, documents):
    """Packed weeks become events for people; one that nobody can read stays one that can be erased."""
    event = imported_event("e1", Interval(NINE, NINE + HOUR), title="Lunch")
    weeks = "tenants/t/connections/c/calendars/k/weeks"
    documents.commit([Put(f"{weeks}/2027-W11", write_events([event])), Put(f"{weeks}/2027-W12", {"keys": 1})])
    good, broken = store.archive.page("t", after=None, limit=9)

    (shown,) = store.archive.readable(good).data["events"]
    assert ("e1", event.interval, True, "Lunch") == tuple(
        shown[name] for name in ("key", "interval", "blocks", "title")
    )
    assert good.path == store.archive.readable(good).path
    with pytest.raises(StoreUnavailable):
        store.archive.readable(broken)


def test_paging_goes_on_behind_an_erased_document(store, documents):
    """The walk goes on behind a document that is gone."""
    documents.commit([Put(f"tenants/t/a/{number}", {"here": True}) for number in range(4)])
    job = store.archive.create(erasure(), entry())
    store.archive.save(job, erase=["tenants/t/a/0", "tenants/t/a/1"])
    page = store.archive.page("t", after="tenants/t/a/1", limit=2)

    assert [item.path for item in page] == ["tenants/t/a/2", "tenants/t/a/3"]


@pytest.mark.parametrize("place", ["tenants/t2/a/1", "tenants/t/a", "tenants/t/../t2/a", "outbox/x", "x", ""])
def test_a_cursor_outside_of_the_tenant_is_unknown(store, place):
    """A cursor is only a place inside the tenant."""
    with pytest.raises(UnknownResource):
        store.archive.page("t", after=place, limit=1)


def test_an_erasure_removes_documents_only_at_the_version_that_was_read(store, documents):
    """Counting and removing are one commit, and repeated by nobody."""
    documents.commit([Put("tenants/t/a/1", {"here": True})])
    first = store.archive.create(erasure(address="sealed"), entry())
    with pytest.raises(Conflict):
        store.archive.create(erasure(), entry("e2"))
    second = store.archive.save(replace(first, stage=ErasureStage.ERASING, documents_erased=1))
    with pytest.raises(Conflict):
        store.archive.save(first, erase=["tenants/t/a/1"])

    assert documents.get(["tenants/t/a/1"])[0].data is not None
    assert store.archive.get("t", "x1") == second == every(store.lists.erasures, "t")[0]
    with pytest.raises(UnknownResource):
        store.archive.get("t", "nobody")


def test_documents_outside_of_the_tenant_and_orphans_are_found(store):
    """Promises of the tenant, and records of bookings that are gone."""
    create(store, "b1")
    record = IdempotencyRecord("key1", "t", "print", "gone", NINE + HOUR)
    kept = IdempotencyRecord("key2", "t", "print", "b1", NINE + HOUR)
    for number, item in enumerate((record, kept)):
        here = booking(f"c{number}", NINE + (2 + number) * HOUR)
        store.bookings.commit(BookingChange(None, here, idempotency=item))
    store.notifications.save(told(key="booking-gone"))
    store.ledger.put_outbox(outbox())
    page = store.archive.page("t", after=None, limit=100)
    orphans = {item.path for item in store.archive.orphans("t", page)}

    assert [item.path for item in store.archive.outside_tenant("t", limit=9)] == ["outbox/o1"]
    assert store.archive.outside_tenant("t2", limit=9) == ()
    assert orphans == {"tenants/t/idempotency/key1", "tenants/t/told/booking-gone"}


def test_bookings_are_paged_whatever_became_of_them(store):
    """By id, cancelled ones too."""
    for number in range(3):
        create(store, f"b{number}", NINE + number * HOUR)
    first = store.bookings.page("t", after=None, limit=2)
    rest = store.bookings.page("t", after=first[-1].id, limit=2)

    assert [item.id for item in (*first, *rest)] == ["b0", "b1", "b2"]
    assert store.bookings.page("t2", after=None, limit=2) == ()
