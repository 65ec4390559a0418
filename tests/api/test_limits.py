"""Callers without an account are held back by address, tenant and contact, and nobody else is."""

from __future__ import annotations

from typing import Any

import pytest

from common.domain.shared.rate_limits import Limits
from tests.api.booking.test_bookings import BODY
from tests.api.conftest import Answer, Http

SLOTS = "/slots?tenant=t1&service=cut&from=2027-03-16T00:00:00Z&to=2027-03-17T00:00:00Z"
USUAL = Limits()


def wish(contact: str, **more: Any) -> dict[str, Any]:
    return {**BODY, "customer": {"name": "Zoe", "email": contact}, **more}


def book(
    http: Http, contact: str = "zoe@example.com", *, address: str = "203.0.113.7", tenant: str = "t1"
) -> Answer:
    headers = {"X-Forwarded-For": address}
    return http("POST", f"/bookings?tenant={tenant}", token=None, json=wish(contact), headers=headers)


def limited(answer: Answer) -> str | None:
    return answer.code if answer.status == 429 else None


def test_an_address_reads_so_often_and_is_told_when_to_come_back(http: Http) -> None:
    """429 with Retry-After and the policy; another address is not held back, and a minute heals."""
    headers = {"X-Forwarded-For": "203.0.113.7"}
    answers = [http("GET", SLOTS, token=None, headers=headers) for _ in range(USUAL.requests // 2 + 1)]
    other = http("GET", SLOTS, token=None, headers={"X-Forwarded-For": "203.0.113.8"})
    last = answers[-1]
    http.world.advance(seconds=int(last.headers["Retry-After"]))

    assert {200} == {answer.status for answer in answers[:-1]}
    assert (429, "rate_limited_address") == (last.status, last.code)
    assert ('"address";q=300;w=60', '"address";r=0;t=1') == (
        last.headers["RateLimit-Policy"],
        last.headers["RateLimit"],
    )
    assert 200 == other.status
    assert 200 == http("GET", SLOTS, token=None, headers=headers).status


def test_what_a_caller_writes_into_the_header_changes_nothing(http: Http) -> None:
    """A new invented address in front of the real one at each call: still one caller."""
    answers = [
        http("GET", SLOTS, token=None, headers={"X-Forwarded-For": f"10.0.{n}.1, 203.0.113.7"})
        for n in range(USUAL.requests // 2 + 1)
    ]

    assert "rate_limited_address" == limited(answers[-1])


def test_a_contact_is_booked_for_so_often(http: Http) -> None:
    """By any address and in any spelling; other contacts and other tenants are not held back."""
    codes = [
        limited(book(http, spelling, address=f"203.0.113.{n}"))
        for n, spelling in enumerate(["zoe@example.com", "ZOE@Example.com "] * 10 + ["Zoe@example.com"])
    ]

    assert [None] * USUAL.contact + ["rate_limited_contact"] == codes
    assert limited(book(http, "yan@example.com")) is None
    assert limited(book(http, tenant="t2")) is None


def test_an_address_changes_so_much(http: Http) -> None:
    """For ever new contacts; failed tries count, and after the window they are forgotten."""
    codes = [limited(book(http, f"c{n}@example.com")) for n in range(USUAL.address + 1)]
    http.world.advance(minutes=20)

    assert [None] * USUAL.address + ["rate_limited_address"] == codes
    assert limited(book(http, "later@example.com")) is None


def test_a_tenant_is_changed_so_much(http: Http) -> None:
    """By ever new addresses and contacts; the staff books on."""
    codes = [
        limited(book(http, f"c{n}@example.com", address=f"203.0.{n // 250}.{n % 250}"))
        for n in range(USUAL.tenant + 1)
    ]
    staff = http("POST", "/bookings", token="owner.t1.-", json=wish("zoe@example.com"))

    assert [None] * USUAL.tenant + ["rate_limited_tenant"] == codes
    assert 429 != staff.status


def test_one_booking_is_moved_so_often(http: Http) -> None:
    """Its management token is no way around the limits."""
    made = book(http).body
    path, token = f"/bookings/{made['id']}?tenant=t1", made["management_token"]
    moved = {"token": token, "json": {"start": "2027-03-16T11:00:00+01:00"}}
    codes = [
        limited(http("PATCH", path, headers={"X-Forwarded-For": f"203.0.113.{n}"}, **moved))
        for n in range(USUAL.contact + 1)
    ]

    assert [None] * USUAL.contact + ["rate_limited_contact"] == codes


def test_bad_tokens_are_looked_at_so_often(http: Http) -> None:
    """Who guesses tokens is refused by memory alone; the next address is not."""
    headers = {"X-Forwarded-For": "203.0.113.7"}
    codes = {
        http("GET", "/resources", token="nobody.t1.x", headers=headers).code
        for _ in range(USUAL.refusals // 2 + 1)
    }
    other = http("GET", "/resources", headers={"X-Forwarded-For": "203.0.113.8"})

    assert {"unauthenticated", "rate_limited_address"} == codes
    assert 200 == other.status


def test_nobody_is_named_in_what_is_counted(http: Http) -> None:
    """Keyed hashes that differ between tenants, with an end; and they go with the tenant."""
    book(http, "canary@example.com", address="198.51.100.77")
    book(http, "canary@example.com", address="198.51.100.77", tenant="t2")
    documents: Any = http.world.documents
    found = [item for item in documents.get(documents.paths()) if "/limits/" in item.path]
    keys = [set(item.data["counts"]) - {"tenant"} for item in found]

    assert 2 == len(found)
    assert "canary" not in str(found)
    assert "198.51" not in str(found)
    assert keys[0].isdisjoint(keys[1])
    assert all(item.data["expires_at"] > http.world.clock.now() for item in found)


@pytest.mark.parametrize("tenant", ["", "a/b", "x" * 65, "__x__"])
def test_what_is_no_tenant_is_counted_nowhere(http: Http, tenant: str) -> None:
    """No document appears for what cannot be a tenant's id."""
    answer = book(http, tenant=tenant)

    assert 400 == answer.status
    assert [] == [path for path in http.world.documents.paths() if "/limits/" in path]
