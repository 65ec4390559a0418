"""What can be booked is set up over HTTP."""

from __future__ import annotations

import pytest

from tests.api.conftest import Http

RESOURCE = {
    "name": "Ben",
    "time_zone": "Europe/Zurich",
    "hours": {"monday": ["09:00-12:00"], "tuesday": ["09:00-12:00", "13:00-17:00"]},
    "overrides": {"2027-04-05": []},
}
SERVICE = {"name": "Colour", "duration": 60, "interval": 30, "resources": ["anna"]}


def test_a_resource_is_stored_and_read_back(http: Http) -> None:
    """What was put is what is got, with the defaults filled in."""
    put = http("PUT", "/resources/ben", json=RESOURCE)
    got = http("GET", "/resources/ben")

    assert (put.status, got.status) == (201, 200)
    assert put.body == got.body
    assert got.body["hours"]["tuesday"] == ["09:00-12:00", "13:00-17:00"]
    assert got.body["overrides"] == {"2027-04-05": []}
    assert got.body["use_external_free"] is False


def test_a_service_is_stored_and_listed(http: Http) -> None:
    """Services name existing resources only."""
    put = http("PUT", "/services/colour", json=SERVICE)
    missing = http("PUT", "/services/other", json=SERVICE | {"resources": ["nobody"]})

    assert (put.status, missing.status, missing.code) == (201, 400, "unknown_resource")
    assert {item["id"] for item in http("GET", "/services").body["services"]} == {"cut", "colour"}


def test_an_absence_takes_its_slots_and_gives_them_back(http: Http) -> None:
    """Nothing is offered during an absence."""
    question = "/slots?tenant=t1&service=cut&resource=anna&from=2027-03-16T08:00:00Z&to=2027-03-16T11:00:00Z"
    before = http("GET", question, token=None).body["slots"]
    absence = {"start": "2027-03-16T09:00:00+01:00", "end": "2027-03-16T10:30:00+01:00"}
    put = http("PUT", "/resources/anna/absences/dentist", json=absence)
    during = http("GET", question, token=None).body["slots"]
    gone = http("DELETE", "/resources/anna/absences/dentist")
    after = http("GET", question, token=None).body["slots"]

    assert (put.status, gone.status) == (201, 204)
    assert before == after
    assert during == [slot for slot in before if slot["start"] >= "2027-03-16T09:30:00+00:00"]
    assert len(during) < len(before)


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/resources/ben", RESOURCE | {"time_zone": "Mars/Olympus"}, "time_zone"),
        ("/resources/ben", RESOURCE | {"hours": {"monday": ["9-12"]}}, "hours.monday.0"),
        ("/resources/ben", RESOURCE | {"color": "red"}, "color"),
        ("/resources/ben", RESOURCE | {"name": "x" * 201}, "name"),
        ("/resources/ben", RESOURCE | {"name": "a\nb"}, "name"),
        ("/resources/ben", RESOURCE | {"email": "not an address"}, "email"),
        ("/resources/ben", {"name": "Ben"}, "time_zone"),
        ("/services/cut", SERVICE | {"duration": "sixty"}, "duration"),
        ("/services/cut", SERVICE | {"duration": 0}, "duration"),
        ("/services/cut", SERVICE | {"resources": []}, "resources"),
        ("/services/cut", SERVICE | {"capacity": 501}, "capacity"),
        ("/services/cut", SERVICE | {"hold_minutes": 61}, "hold_minutes"),
        (
            "/resources/anna/absences/x",
            {"start": "2027-03-16T09:00:00", "end": "2027-03-16T10:00:00Z"},
            "start",
        ),
        (
            "/tenant",
            {"name": "T", "time_zone": "UTC", "allowed_origins": ["https://a.example/x"]},
            "allowed_origins.0",
        ),
    ],
)
def test_a_field_that_is_not_acceptable_is_named(http: Http, path: str, body: object, field: str) -> None:
    """The answer names the field; nothing is stored."""
    answer = http("PUT", path, json=body)

    assert (answer.status, answer.code) == (400, "invalid_fields")
    assert field in [error["field"] for error in answer.body["errors"]]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/resources/ben", RESOURCE | {"hours": {"monday": ["10:00-12:00", "11:00-13:00"]}}),
        ("/resources/ben", RESOURCE | {"hours": {"monday": ["10:03-12:00"]}}),
        ("/resources/ben", RESOURCE | {"hours": {"monday": ["12:00-10:00"]}}),
        ("/services/cut", SERVICE | {"duration": 7}),
        (
            "/resources/anna/absences/x",
            {"start": "2027-03-16T11:00:00Z", "end": "2027-03-16T10:00:00Z"},
        ),
        (
            "/resources/anna/absences/x",
            {"start": "2027-03-16T11:00:00Z", "end": "2037-03-16T10:00:00Z"},
        ),
    ],
)
def test_what_contradicts_itself_is_refused(http: Http, path: str, body: object) -> None:
    """Overlapping hours, times off the grid, ends before starts."""
    answer = http("PUT", path, json=body)

    assert (answer.status, answer.code) == (400, "invalid_fields")


@pytest.mark.parametrize(
    "path", ["/resources/nobody", "/resources/a b", "/resources/..%2F..", "/services/none"]
)
def test_what_is_not_there_is_not_found(http: Http, path: str) -> None:
    """Unknown and impossible ids look alike."""
    assert http("GET", path).status == 404


def test_staff_read_their_own_resource_only(http: Http) -> None:
    """Another's resource looks as if it did not exist; changing is for owners."""
    http("PUT", "/resources/ben", json=RESOURCE)

    assert http("GET", "/resources/anna", token="staff.t1.anna").status == 200
    assert http("GET", "/resources/ben", token="staff.t1.anna").status == 404
    assert http("PUT", "/resources/anna", token="staff.t1.anna", json=RESOURCE).status == 403
    listed = http("GET", "/resources", token="staff.t1.anna").body["resources"]
    assert [item["id"] for item in listed] == ["anna"]


def test_another_tenant_sees_nothing(http: Http) -> None:
    """The tenant comes from the token, and its data is all there is."""
    assert http("GET", "/resources/anna", token="owner.t2.-").status == 404
    assert http("GET", "/resources", token="owner.t2.-").body["resources"] == []
    assert http("GET", "/services", token="owner.t2.-").body["services"] == []
    assert http("GET", "/tenant", token="owner.t2.-").status == 404


def test_the_tenant_is_taken_from_the_token(http: Http) -> None:
    """A tenant in the body is an unknown field."""
    body = {"name": "Other", "time_zone": "UTC"}
    created = http("PUT", "/tenant", token="owner.t2.-", json=body)
    smuggled = http("PUT", "/tenant", token="owner.t2.-", json=body | {"id": "t1"})

    assert (created.body["id"], smuggled.status) == ("t2", 400)
    assert http("GET", "/tenant").body["name"] == "Salon"
