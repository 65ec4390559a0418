"""Rate limits of callers without an account, by address, tenant and contact; other callers are unaffected."""

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


def test_reads_are_limited_by_address(http: Http) -> None:
    """429 with Retry-After and the policy; other addresses are unaffected, and a minute later it ends."""
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


def test_a_forged_forwarded_address_does_not_evade_the_limit(http: Http) -> None:
    """A new invented address in front of the real one in each request still counts as one caller."""
    answers = [
        http("GET", SLOTS, token=None, headers={"X-Forwarded-For": f"10.0.{n}.1, 203.0.113.7"})
        for n in range(USUAL.requests // 2 + 1)
    ]

    assert "rate_limited_address" == limited(answers[-1])


def test_bookings_are_limited_by_contact(http: Http) -> None:
    """From any address and in any spelling; other contacts and other tenants are unaffected."""
    codes = [
        limited(book(http, spelling, address=f"203.0.113.{n}"))
        for n, spelling in enumerate(["zoe@example.com", "ZOE@Example.com "] * 10 + ["Zoe@example.com"])
    ]

    assert [None] * USUAL.contact + ["rate_limited_contact"] == codes
    assert limited(book(http, "yan@example.com")) is None
    assert limited(book(http, tenant="t2")) is None


def test_changes_are_limited_by_address(http: Http) -> None:
    """Even with a new contact each time; refused requests count too, until the window has passed."""
    codes = [limited(book(http, f"c{n}@example.com")) for n in range(USUAL.address + 1)]
    http.world.advance(minutes=20)

    assert [None] * USUAL.address + ["rate_limited_address"] == codes
    assert limited(book(http, "later@example.com")) is None


def test_changes_are_limited_by_tenant(http: Http) -> None:
    """Even from new addresses with new contacts; staff can still book."""
    codes = [
        limited(book(http, f"c{n}@example.com", address=f"203.0.{n // 250}.{n % 250}"))
        for n in range(USUAL.tenant + 1)
    ]
    staff = http("POST", "/bookings", token="owner.t1.-", json=wish("zoe@example.com"))

    assert [None] * USUAL.tenant + ["rate_limited_tenant"] == codes
    assert 429 != staff.status


def test_changes_of_one_booking_are_limited(http: Http) -> None:
    """A management token does not evade the limits."""
    made = book(http).body
    path, token = f"/bookings/{made['id']}?tenant=t1", made["management_token"]
    moved = {"token": token, "json": {"start": "2027-03-16T11:00:00+01:00"}}
    codes = [
        limited(http("PATCH", path, headers={"X-Forwarded-For": f"203.0.113.{n}"}, **moved))
        for n in range(USUAL.contact + 1)
    ]

    assert [None] * USUAL.contact + ["rate_limited_contact"] == codes


def test_bad_tokens_are_limited_by_address(http: Http) -> None:
    """A caller who guesses tokens is refused without reading the store; other addresses are unaffected."""
    headers = {"X-Forwarded-For": "203.0.113.7"}
    codes = {
        http("GET", "/resources", token="nobody.t1.x", headers=headers).code
        for _ in range(USUAL.refusals // 2 + 1)
    }
    other = http("GET", "/resources", headers={"X-Forwarded-For": "203.0.113.8"})

    assert {"unauthenticated", "rate_limited_address"} == codes
    assert 200 == other.status


def test_counters_hold_no_names_or_addresses(http: Http) -> None:
    """Keys are hashes that differ by tenant; counters expire, and are erased with the tenant."""
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
def test_an_invalid_tenant_id_makes_no_counter(http: Http, tenant: str) -> None:
    """No document is made for a text that cannot be a tenant's id."""
    answer = book(http, tenant=tenant)

    assert 400 == answer.status
    assert [] == [path for path in http.world.documents.paths() if "/limits/" in path]
