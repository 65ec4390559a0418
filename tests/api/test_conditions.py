"""Records of the catalogue over HTTP with ETag, If-Match and If-None-Match: no update is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.api.conftest import Http

RESOURCE = {"name": "Anna", "time_zone": "Europe/Zurich"}
SERVICE = {"name": "Colour", "duration": 60, "resources": ["anna"]}
AWAY = {"start": "2027-03-16T09:00:00+01:00", "end": "2027-03-16T10:30:00+01:00"}
TENANT = {"name": "Salon", "time_zone": "Europe/Zurich"}
RECORDS = [
    ("/resources/ben", RESOURCE, RESOURCE | {"name": "Ben"}),
    ("/services/colour", SERVICE, SERVICE | {"name": "Cut"}),
    ("/resources/anna/absences/away", AWAY, AWAY | {"end": "2027-03-16T12:00:00+01:00"}),
    ("/tenant", TENANT, TENANT | {"name": "Shop"}),
]
EACH = pytest.mark.parametrize(("path", "first", "second"), RECORDS)


def made(http: Http, path: str, body: object) -> str:
    """The record's ETag, whether it had to be made or was there."""
    return http("PUT", path, json=body, headers={"If-Match": "*"} if path == "/tenant" else {}).headers[
        "ETag"
    ]


@EACH
def test_the_second_of_two_editors_is_refused(http: Http, path: str, first: object, second: object) -> None:
    """A change with the ETag of an older version is refused, and the first editor's change stays."""
    seen = made(http, path, first)
    one = http("PUT", path, json=second, headers={"If-Match": seen})
    two = http(
        "PUT", path, json={**first, "name": "X"} if "name" in first else first, headers={"If-Match": seen}
    )

    assert one.status == 200
    assert (two.status, two.code) == (412, "stale_version")
    assert http("GET", path).headers["ETag"] == one.headers["ETag"] != seen
    assert http("GET", path).body == one.body


@EACH
def test_a_put_without_if_match_never_replaces_a_record(
    http: Http, path: str, first: object, second: object
) -> None:
    """Without If-Match a PUT creates a record; it never replaces one."""
    made(http, path, first)
    blind = http("PUT", path, json=second)
    anew = http("PUT", path, json=second, headers={"If-None-Match": "*"})

    assert (blind.status, blind.code) == (428, "precondition_required")
    assert (anew.status, anew.code) == (412, "already_exists")
    assert http("PUT", path, json=second, headers={"If-Match": "*"}).status == 200


@EACH
def test_repeating_a_change_that_was_applied_succeeds(
    http: Http, path: str, first: object, second: object
) -> None:
    """A caller who did not get the answer sends the same change again, and gets a success."""
    seen = made(http, path, first)
    once = http("PUT", path, json=second, headers={"If-Match": seen})
    again = http("PUT", path, json=second, headers={"If-Match": seen})

    assert (once.status, again.status) == (200, 200)
    assert (once.body, once.headers["ETag"]) == (again.body, again.headers["ETag"])


@EACH
def test_an_unchanged_record_is_answered_304(http: Http, path: str, first: object, second: object) -> None:
    """A read with If-None-Match answers 304 until the record changes."""
    made(http, path, first)
    tag = http("GET", path).headers["ETag"]
    same = http("GET", path, headers={"If-None-Match": f'"other", W/{tag}'})
    http("PUT", path, json=second, headers={"If-Match": tag})
    other = http("GET", path, headers={"If-None-Match": tag})

    assert (same.status, same.body, same.headers["ETag"]) == (304, None, tag)
    assert other.status == 200


@pytest.mark.parametrize("path", ["/resources/ben", "/services/colour", "/resources/anna/absences/away"])
def test_an_edit_does_not_recreate_a_deleted_record(http: Http, path: str) -> None:
    """If-Match needs a record that exists; If-None-Match creates a new one."""
    body = {at: one for at, one, _ in RECORDS}[path]

    assert http("PUT", path, json=body, headers={"If-Match": '"1-a"'}).code == "stale_version"
    assert http("PUT", path, json=body, headers={"If-Match": "*"}).code == "stale_version"
    assert http("PUT", path, json=body, headers={"If-None-Match": "*"}).status == 201


@pytest.mark.parametrize(
    "headers",
    [{"If-Match": "plain"}, {"If-Match": '"a", b'}, {"If-None-Match": '"a"'}, {"If-Match": ""}],
    ids=str,
)
def test_a_malformed_etag_is_refused(http: Http, headers: dict[str, str]) -> None:
    """A condition that cannot be understood is not ignored."""
    answer = http("PUT", "/resources/anna", json=RESOURCE, headers=headers)

    assert (answer.status, answer.code) == (400, "invalid_version")


def test_a_weak_etag_never_matches_a_change(http: Http) -> None:
    """Weak ETags mean similar content; a change needs the exact version."""
    tag = http("GET", "/resources/anna").headers["ETag"]
    weak = http("PUT", "/resources/anna", json=RESOURCE, headers={"If-Match": f"W/{tag}"})
    among = http("PUT", "/resources/anna", json=RESOURCE, headers={"If-Match": f'"0-0", {tag}'})

    assert (weak.status, weak.code, among.status) == (412, "stale_version", 200)


def test_an_absence_is_not_deleted_with_a_stale_etag(http: Http) -> None:
    """If somebody prolonged the absence meanwhile, deleting the shorter one is refused."""
    path, body, longer = RECORDS[2]
    seen = made(http, path, body)
    http("PUT", path, json=longer, headers={"If-Match": seen})
    stale = http("DELETE", path, headers={"If-Match": seen})
    fresh = http("DELETE", path, headers={"If-Match": http("GET", path).headers["ETag"]})

    assert (stale.status, stale.code, fresh.status) == (412, "stale_version", 204)
    assert http("DELETE", path).status == 404


def test_cors_lets_pages_send_conditions_and_read_etags(http: Http) -> None:
    """A page of an allowed origin may send If-Match and read the ETag header."""
    origin = {"allowed_origins": ["https://shop.example"]}
    http("PUT", "/tenant", json=TENANT | origin, headers={"If-Match": "*"})
    page = {"Origin": "https://shop.example"}
    asked = http(
        "OPTIONS", "/resources/anna?tenant=t1", headers=page | {"Access-Control-Request-Method": "PUT"}
    )
    got = http("GET", "/resources/anna?tenant=t1", headers=page)

    assert {"If-Match", "If-None-Match"} <= set(asked.headers["Access-Control-Allow-Headers"].split(", "))
    assert "ETag" in got.headers["Access-Control-Expose-Headers"]
    assert timedelta() < timedelta(seconds=int(asked.headers["Access-Control-Max-Age"]))
