"""Tenants' own issuers, and what callers without an account are counted by."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from common.domain.issuers import Issuer, issuer_id
from common.domain.privacy.support import Action, AuditEntry
from common.errors import AlreadyExists, Conflict, UnknownResource
from tests.contract.store.examples import NINE
from tests.whole_lists import every

URL = "https://login.example"


def issuer(tenant: str = "t", **more) -> Issuer:
    said = {"url": URL, "audience": "us", "jwks_uri": f"{URL}/keys", "tenant": tenant, "added_at": NINE}
    described = said | more
    return Issuer(id=issuer_id(described["url"], described["audience"]), added_by="owner-1", **described)


def told(name: str, tenant: str = "t") -> AuditEntry:
    return AuditEntry(id=name, tenant=tenant, at=NINE, who="owner-1", action=Action.ISSUER_ADDED)


@pytest.mark.parametrize("more", [{}, {"tenant_claim": None}, {"tenant_claim": "a.b", "tenant_value": "x"}])
def test_an_issuer_is_found_by_its_words(store, more) -> None:
    """By issuer and audience together, exactly; with all that was said of it."""
    made = store.issuers.save(issuer(**more), store.issuers.standing("t"), told("e1"))

    assert made == store.issuers.find(URL, "us") == store.issuers.get("t", made.id)
    assert (made,) == store.issuers.of_tenant("t")
    assert [None, None, None] == [
        store.issuers.find(*words) for words in ((URL, "them"), (URL + "/", "us"), (URL + "us", ""))
    ]
    assert () == store.issuers.of_tenant("t2")
    with pytest.raises(UnknownResource):
        store.issuers.get("t2", made.id)


def test_a_pair_belongs_to_one_tenant(store) -> None:
    """Whoever comes second gets nothing, not even an audit entry."""
    store.issuers.save(issuer(), store.issuers.standing("t"), told("e1"))
    with pytest.raises(AlreadyExists):
        store.issuers.save(issuer("t2"), store.issuers.standing("t2"), told("e1", "t2"))

    assert "t" == store.issuers.find(URL, "us").tenant
    assert () == every(store.lists.audit, "t2")


def test_changes_of_one_standing_follow_each_other(store) -> None:
    """Of two changes on the same ground the second one is refused, whatever they change."""
    store.issuers.save(issuer(), store.issuers.standing("t"), told("e1"))
    ground = store.issuers.standing("t")
    settled = store.issuers.settle(replace(ground, installation=False), told("e2"))
    with pytest.raises(Conflict):
        store.issuers.remove(store.issuers.find(URL, "us"), ground, told("e3"))
    store.issuers.remove(store.issuers.find(URL, "us"), settled, told("e3"))

    assert store.issuers.find(URL, "us") is None
    assert not store.issuers.standing("t").installation
    assert store.issuers.standing("t2").installation


def test_what_is_counted_adds_up(store) -> None:
    """Each key on its own, each window on its own, and nothing where nothing was counted."""
    first = store.rate_counts.count("t", "w1", ["tenant", "a1"], expires_at=NINE)
    second = store.rate_counts.count("t", "w1", ["tenant", "a2", "c1"], expires_at=NINE)
    store.rate_counts.count("t2", "w1", ["tenant"], expires_at=NINE)

    assert ({"tenant": 1, "a1": 1}, {"tenant": 2, "a2": 1, "c1": 1}) == (first, second)
    assert {"tenant": 2, "a1": 1, "a2": 1, "c1": 1} == store.rate_counts.counted("t", "w1")
    assert {} == store.rate_counts.counted("t", "w2")


def test_nobody_who_comes_at_once_counts_as_one(store) -> None:
    """Every caller gets a number of its own."""
    with ThreadPoolExecutor(4) as pool:
        numbers = pool.map(
            lambda _: store.rate_counts.count("t", "w", ["tenant"], expires_at=NINE)["tenant"], range(20)
        )

    assert list(range(1, 21)) == sorted(numbers)
