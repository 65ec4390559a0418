"""Lists are read page by page: nothing twice, nothing left out, and no more than asked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from common.domain.booking.booking import Proposal
from common.domain.booking.booking_change import BookingChange
from common.domain.calendar.connection import Connection, ProviderKind, Status
from common.domain.notify import Notice, NoticeKind
from common.domain.privacy.support import Action, AuditEntry, SupportGrant
from common.domain.shared.paging import PageRequest
from common.domain.shared.tasks import DeadLetter, Lane, Work
from common.errors import InvalidRequest
from tests.contract.store.catalogue.test_catalogue import RESOURCE, SERVICE, absence
from tests.contract.store.examples import HOUR, NINE, booking, outbox
from tests.contract.store.notification_examples import delivery, hook, invitation

NAMES = [f"n{number}" for number in range(7)]


def filled(store):
    """Seven of each, of two resources in turn, in no order; and the same of another tenant."""
    for at, name in sorted(enumerate(NAMES), key=lambda item: item[0] * 5 % 7):
        whose, when = ("r", "q")[at % 2], NINE + timedelta(minutes=at // 2)
        for tenant in ("t", "t2"):
            store.catalogue.save_resource(tenant, replace(RESOURCE, id=name))
            store.catalogue.save_service(tenant, replace(SERVICE, id=name))
            store.catalogue.save_absence(tenant, "r", absence(name))
        store.connections.create(
            Connection(name, "t", whose, ProviderKind.GOOGLE, "a@example.org", Status.ACTIVE, NINE), "s"
        )
        proposal = Proposal("c", NINE, when + HOUR, title="Own")
        item = replace(booking(name, NINE + at * HOUR), resource=whose, proposal=proposal)
        store.bookings.commit(BookingChange(None, item))
        store.invitations.save(replace(invitation(), id=name, created_at=when, version=None))
        store.webhooks.save(replace(hook(), id=name, version=None))
        store.ledger.record_notice(Notice(name, "t", NoticeKind.BOOKING_MOVED, when))
        grant = SupportGrant(name, "t", "why", "owner-1", when, when + HOUR)
        store.support.save(grant, AuditEntry(name, "t", when, "owner-1", Action.SUPPORT_GRANTED))
        store.ledger.put_dead_letter(DeadLetter(name, "t", Work.EXPORT, Lane.LIVE, {}, "x", 1, when))


def lists(store):
    found = store.lists
    return {
        "resources": lambda window: found.resources("t", window),
        "services": lambda window: found.services("t", window),
        "absences": lambda window: found.absences("t", "r", window),
        "bookings": lambda window: found.bookings("t", window),
        "proposals": lambda window: found.proposals("t", window, now=NINE),
        "connections": lambda window: found.connections("t", window),
        "invitations": lambda window: found.invitations("t", window),
        "hooks": lambda window: found.hooks("t", window),
        "grants": lambda window: found.grants("t", window),
        "audit": lambda window: found.audit("t", window),
        "notices": lambda window: found.notices("t", window),
        "dead_letters": lambda window: found.dead_letters("t", window),
    }


def walked(find, limit, resources=None):
    """All pages in turn."""
    pages, after = [], None
    while True:
        page = find(PageRequest(limit, after, resources))
        pages.append([item.id for item in page.items])
        if page.next is None:
            return pages
        after = page.next


NEWEST_FIRST = {"invitations", "grants", "audit", "notices", "dead_letters"}


@pytest.mark.parametrize("limit", [1, 3, 7, 9])
def test_pages_join_to_the_whole_list(store, documents, limit):
    """In one order whatever the size; each page costs one query for one item more than it shows."""
    filled(store)
    for name, find in lists(store).items():
        documents.queries.clear()
        pages = walked(find, limit)
        joined = [item for page in pages for item in page]

        assert sorted(joined) == NAMES, name
        assert all(len(page) == limit for page in pages[:-1]), name
        assert [query.limit for query in documents.queries] == [limit + 1] * len(pages), name
        if name not in NEWEST_FIRST:
            assert joined == NAMES, name
        else:
            assert joined == NAMES[::-1], name


def test_staff_list_the_records_of_their_own_resources_only(store):
    """Filtered by the database where it can, behind it where there are too many for a filter."""
    filled(store)
    many = [f"x{number}" for number in range(40)]

    for name in ("bookings", "connections", "proposals"):
        find = lists(store)[name]
        assert walked(find, 2, ["q"]) == [["n1", "n3"], ["n5"]], name
        assert [item for page in walked(find, 2, [*many, "q"]) for item in page] == ["n1", "n3", "n5"], name
        assert walked(find, 2, []) == [[]], name
    assert walked(lists(store)["resources"], 5, ["n2", "n6", "other"]) == [["n2", "n6"]]
    assert walked(lists(store)["services"], 9, ["q"]) == [NAMES]


def test_a_record_added_between_two_pages_repeats_and_skips_nothing(store):
    """A place is a place in the order, also when its item is gone."""
    filled(store)
    first = store.lists.resources("t", PageRequest(3))
    store.catalogue.save_resource("t", replace(RESOURCE, id="n00"))
    store.catalogue.save_resource("t", replace(RESOURCE, id="n25"))
    rest = store.lists.resources("t", PageRequest(9, first.next))

    assert [item.id for item in rest.items] == ["n25", *NAMES[3:]]


def test_a_lapsed_proposal_is_not_listed(store):
    """Whether or not somebody has cleaned up yet."""
    filled(store)
    later = NINE + HOUR + timedelta(minutes=2)

    found = store.lists.proposals("t", PageRequest(9), now=later)

    assert [item.id for item in found.items] == ["n6"]


@pytest.mark.parametrize("place", ["", "../x", "a/b", "noon|n1", "|n1", "__all__", "2027-03-01|", "\n"])
def test_an_invalid_page_position_is_refused(store, place):
    """Whoever makes one up reads nothing of anybody."""
    asked = [store.lists.notices, store.lists.hooks] if "/" in place or not place.strip("|") else []

    for ask in [store.lists.notices, *asked]:
        with pytest.raises(InvalidRequest):
            ask("t", PageRequest(1, place))


def test_records_of_lists_have_their_versions(store):
    """What a page shows can be saved as it was read."""
    filled(store)
    store.webhooks.add_delivery(delivery(), outbox("o2"))
    (found,) = store.lists.resources("t", PageRequest(1)).items

    assert found.version == store.catalogue.resource("t", "n0").version
    assert [item.id for item in store.lists.deliveries("t", "h", PageRequest(9)).items] == [delivery().id]
