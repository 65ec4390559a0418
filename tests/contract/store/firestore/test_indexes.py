"""The index file against the queries and the expiry fields of the code; the emulator enforces neither."""

from __future__ import annotations

import json
from copy import deepcopy

import pytest

from common.domain.booking.booking_change import BookingChange
from common.domain.calendar.connection import Connection, ProviderKind, Status
from common.domain.catalogue.records import Absence
from common.domain.connect.consent import ConsentState
from common.domain.shared.paging import PageRequest
from common.domain.shared.rate_limits import RateLimit
from common.store import stores
from common.store.firestore.documents import Query
from local.firestore_memory.documents import MemoryDocuments
from tests.contract.store.examples import COVERED, HOUR, NINE, booking, create, link, outbox, record
from tests.contract.store.firestore.strict_documents import INDEXES, Watched, unserved
from tests.contract.store.issuers.test_issuers import issuer
from tests.contract.store.notification_examples import delivery, hook, invitation, told
from tests.contract.store.privacy.test_privacy import address, entry

FILE = json.loads(INDEXES.read_text())
USED = [item for item in FILE["fieldOverrides"] if item["indexes"]]


def newer(store):
    """Bookings page by page, who vouches for staff, and how often callers without an account came."""
    store.bookings.page("t", after=None, limit=1)
    store.issuers.save(issuer(), store.issuers.standing("t"), entry("e2"))
    store.issuers.of_tenant("t")
    store.rate_counts.count("t", "w", ["tenant"], expires_at=NINE)


@pytest.fixture(scope="module")
def asked():
    """A database over which every question and every expiring write of the store was made."""
    documents = Watched(MemoryDocuments())
    store = stores(documents)
    connection = Connection("c", "t", "r", ProviderKind.GOOGLE, "a", Status.ACTIVE, NINE, identity="i")
    store.catalogue.resources("t")
    store.catalogue.services("t")
    store.catalogue.save_absence("t", "r", Absence("a", COVERED))
    store.catalogue.absences("t", "r")
    store.connections.create(connection, "sealed")
    store.connections.of_tenant("t")
    store.connections.of_resource("t", "r")
    store.connections.same_account(connection)
    feed = store.sync_states.save(store.sync_states.get("t", "c", "k"))
    store.sync_states.of_connection("t", "c")
    store.sync_states.stale(feed)
    store.sync_states.purge(feed, "r")
    store.sync_states.due_for_poll(NINE, 1)
    store.sync_states.due_for_renewal(NINE, 1, after=NINE)
    store.bookings.commit(BookingChange(None, booking(), (outbox(),), (link(),), idempotency=record()))
    create(store, "b2", NINE + HOUR)
    store.bookings.starting_from("t", "r", NINE, after=None, limit=1)
    store.bookings.starting_from("t", "r", NINE, after="b1", limit=1)
    store.bookings.overlapping("t", "r", COVERED)
    store.bookings.ever_booked("t", "s")
    store.bookings.links_by_event("t", "c", ["e"])
    store.bookings.links("t", "c", after=None, limit=1)
    store.ledger.outbox_due(NINE, 1)
    store.ledger.outbox_of("t", "c", 1)
    store.ledger.open_consent(ConsentState("h", "t", "r", "google", "u", "v", "https://example.org", NINE))
    store.ledger.reserve([RateLimit("user", per_minute=60, burst=1)], units=1, now=NINE)
    store.ledger.lease("export", holder="me", until=NINE, now=NINE)
    store.invitations.save(invitation())
    store.notifications.save(told())
    store.webhooks.save(hook())
    store.webhooks.of_tenant("t")
    store.webhooks.add_delivery(delivery(), outbox("o2"))
    store.webhooks.deliveries("t", "h", limit=1)
    store.support.record(entry())
    store.support.grants("t", now=NINE)
    store.ics_feeds.put(address())
    store.ics_feeds.by_secret("h1")
    store.archive.page("t", after="tenants/t", limit=1)
    store.archive.outside_tenant("t", limit=1)
    every_list(store)
    newer(store)
    return documents


def every_list(store):
    """Each list, of the tenant and of one member of staff."""
    lists = store.lists
    store.bookings.ended_holds(NINE, 1)
    for mine in (PageRequest(1), PageRequest(1, resources=("r",))):
        lists.proposals("t", mine, now=NINE)
        for ask in (lists.resources, lists.services, lists.bookings, lists.connections):
            ask("t", mine)
    lists.grants("t", PageRequest(1))
    lists.absences("t", "r", PageRequest(1))
    lists.deliveries("t", "h", PageRequest(1))
    for ask in (
        lists.invitations,
        lists.hooks,
        lists.notices,
        lists.dead_letters,
        lists.erasures,
        lists.audit,
    ):
        ask("t", PageRequest(1))


def test_every_query_of_the_code_has_its_index(asked):
    """A query without an index fails in production only; here it fails the build."""
    assert len(asked.queries) >= 19
    assert {query.collection: unserved(query, FILE) for query in asked.queries} == {
        query.collection: None for query in asked.queries
    }


@pytest.mark.parametrize("at", range(len(FILE["indexes"])))
def test_every_composite_index_serves_a_query(asked, at):
    """An index that nobody needs costs a write every time."""
    without = deepcopy(FILE)
    del without["indexes"][at]

    assert [query for query in asked.queries if unserved(query, without)] != []


@pytest.mark.parametrize("override", USED, ids=lambda item: item["fieldPath"])
def test_every_single_field_index_serves_a_query(asked, override):
    """The same holds for indexes that cross collections."""
    without = deepcopy(FILE)
    without["fieldOverrides"].remove(override)

    assert [query for query in asked.queries if unserved(query, without)] != []


@pytest.mark.parametrize(
    "query",
    [
        Query("tenants/t/bookings", filters=(("resource", "==", "r"),), order=("interval.end",)),
        Query("tenants/t/bookings", filters=(("resource", "==", "r"), ("interval.start", ">", NINE))),
        Query("outbox", filters=(("tenant", "==", "t"), ("connection", "==", "c")), order=("-due_at",)),
        Query("bookings", group=True),
        Query("bookings", group=True, filters=(("resource", "==", "r"),)),
        Query("calendars", group=True, filters=(("poll_at", "<", NINE),), order=("renew_at",)),
        Query("tenants/t/resources/r/cells", filters=(("booking", "==", "b1"),)),
        Query("outbox", order=("due_at", "revision")),
    ],
    ids=str,
)
def test_a_query_without_an_index_would_be_noticed(query):
    """The check itself tells served from unserved."""
    served = query == Query("bookings", group=True)

    assert (unserved(query, FILE) is None) == served


def test_the_expiry_policies_are_those_of_the_expiring_documents(asked):
    """Each collection whose documents carry an expiry has a policy, and no other."""
    written = {
        write.path.split("/")[-2]
        for commit in asked.commits
        for write in commit
        if "expires_at" in getattr(write, "data", {}) or ("expires_at",) in getattr(write, "fields", {})
    }
    policies = {item["collectionGroup"] for item in FILE["fieldOverrides"] if item.get("ttl")}

    assert policies == written
    assert {item["fieldPath"] for item in FILE["fieldOverrides"] if item.get("ttl")} == {"expires_at"}


def test_no_field_is_described_twice():
    """An override replaces another of the same field."""
    named = [(item["collectionGroup"], item["fieldPath"]) for item in FILE["fieldOverrides"]]

    assert len(named) == len(set(named))
