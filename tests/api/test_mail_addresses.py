"""One check of e-mail addresses wherever one is taken; refusals name the field and never repeat it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from common.domain.booking.booking import Customer
from common.flows.booking.book import book
from tests.api.catalogue.test_deletions import START as TUESDAY
from tests.api.conftest import Answer, Http
from tests.world import RETURN_TO

UNUSABLE = ("büro@salon.example", "jürgen@salon.example", "a..b@x", "a..b@x.example", "zoe@salon")
START = "2027-03-16T11:00:00+01:00"
HOURS = {"name": "Anna", "time_zone": "Europe/Zurich"}


def put(http: Http, path: str, body: dict[str, Any]) -> Answer:
    """Replace a record as it is now."""
    tag = http("GET", path).headers["ETag"]
    return http("PUT", path, json=body, headers={"If-Match": tag})


def tenant(http: Http, address: str) -> Answer:
    mail = {"mail": {"owner": address}}
    return put(http, "/tenant", {"name": "Salon", "time_zone": "Europe/Zurich"} | mail)


def resource(http: Http, address: str) -> Answer:
    return put(http, "/resources/anna", HOURS | {"email": address})


def booking(http: Http, address: str) -> Answer:
    body = {"service": "cut", "resource": "anna", "start": START}
    customer = {"name": "Zoe", "email": address}
    return http("POST", "/bookings?tenant=t1", token=None, json=body | {"customer": customer})


def held(http: Http, address: str) -> Answer:
    body = {"service": "cut", "resource": "anna", "start": START}
    hold = http("POST", "/bookings/holds?tenant=t1", token=None, json=body)
    assert hold.status == 201, hold.body
    customer = {"name": "Zoe", "email": address}
    held = {"id": hold.body["id"], "token": hold.body["token"]}
    return http("POST", "/bookings?tenant=t1", token=None, json=body | {"customer": customer, "hold": held})


def invitation(http: Http, address: str) -> Answer:
    body = {"resource": "anna", "return_to": RETURN_TO}
    return http("POST", "/invitations", json=body | {"expected_account": address})


def connection(http: Http, address: str) -> Answer:
    body = {"provider": "google", "resource": "anna", "return_to": RETURN_TO}
    return http("POST", "/connections", json=body | {"expected_account": address})


PLACES = [
    pytest.param(tenant, "mail.owner", id="tenant"),
    pytest.param(resource, "email", id="resource"),
    pytest.param(booking, "customer.email", id="booking"),
    pytest.param(held, "customer.email", id="booking of a hold"),
    pytest.param(invitation, "expected_account", id="invitation"),
    pytest.param(connection, "expected_account", id="connection"),
]


@pytest.mark.parametrize("address", UNUSABLE)
@pytest.mark.parametrize(("ask", "field"), PLACES)
def test_an_address_that_cannot_be_mailed_to_is_refused(
    http: Http, ask: Any, field: str, address: str
) -> None:
    """With the field that is wrong and a reason that people read."""
    refused = ask(http, address)

    assert (refused.status, refused.code) == (400, "invalid_fields")
    (error,) = refused.body["errors"]
    assert error["field"] == field
    assert "mailed to" in error["message"]
    assert address not in str(refused.body)


@pytest.mark.parametrize(("ask", "_"), PLACES)
def test_an_internationalised_domain_is_taken(http: Http, ask: Any, _: str) -> None:
    """It is sent as punycode, and stays as it was written."""
    assert ask(http, "zoe@bücher.example").status in {200, 201}


def test_an_address_is_answered_as_it_was_written(http: Http) -> None:
    """Nobody's spelling is changed."""
    resource(http, "Anna.Berg@Bücher.example")

    assert http("GET", "/resources/anna").body["email"] == "Anna.Berg@Bücher.example"


def test_a_resource_with_an_older_unusable_address_is_not_invited(http: Http) -> None:
    """The answer says so at once, instead of a mail that never arrives."""
    catalogue = http.world.ports.catalogue
    catalogue.save_resource("t1", replace(catalogue.resource("t1", "anna"), email="büro@salon.example"))
    refused = http("POST", "/invitations", json={"resource": "anna", "return_to": RETURN_TO})

    assert (refused.status, refused.code) == (400, "no_address")


@pytest.mark.parametrize("address", ["jürgen@salon.example", "zoe@bücher.example"])
def test_customers_with_such_addresses_can_be_exported_and_erased(http: Http, address: str) -> None:
    """Whatever is stored from before, and whichever spelling of its domain is asked for."""
    customer = Customer("Zoe", address)
    made = book(
        http.world.ports, tenant="t1", service="cut", resource="anna", start=TUESDAY, customer=customer
    ).booking
    asked = address.replace("bücher", "xn--bcher-kva")
    exported = http("POST", "/tenant/export", json={"customer": asked}).body
    job = http("POST", "/tenant/erasures", json={"customer": asked, "confirm": asked})
    http.world.drain()

    assert made.id in str(exported)
    assert job.status == 202
    assert http.world.ports.bookings.get("t1", made.id).customer.email is None
