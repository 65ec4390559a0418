"""The common request handler: routes, request bodies, and what error answers say."""

from __future__ import annotations

import json

import pytest

from common import errors
from common.api.http import InvalidFields, MalformedJson, parse_json
from common.api.problems import STATUS, answer
from common.errors import SyncError
from tests.unit.api.handler_setup import CANARY, FakeInstallation, call


@pytest.fixture
def installation() -> FakeInstallation:
    return FakeInstallation()


def test_a_known_route_is_answered(installation: FakeInstallation) -> None:
    """Path parameters and the query reach the flow."""
    response, body = call(installation, "GET", "/things/42?a=b")

    assert (200, {"path": {"thing": "42"}, "query": {"a": "b"}, "body": None}) == (response.status_code, body)


@pytest.mark.parametrize(("sent", "status"), [("", 200), ("{}", 200), ('{"a": 1}', 400), ("[]", 400)])
def test_a_route_without_a_body_accepts_an_empty_object(
    installation: FakeInstallation, sent: str, status: int
) -> None:
    """Many clients send one where no body is expected; anything more is refused."""
    response, _ = call(installation, "GET", "/things/42", data=sent, content_type="application/json")

    assert status == response.status_code


@pytest.mark.parametrize("path", ["/admin", "/things", "/things/1/2", "/../etc/passwd", "/robots.txt"])
def test_an_unknown_path_is_answered_404(installation: FakeInstallation, path: str) -> None:
    """The functions framework passes every path on; the handler does not."""
    response, body = call(installation, "GET", path)

    assert (404, "unknown_route") == (response.status_code, body["code"])
    assert response.content_type == "application/problem+json"


def test_a_wrong_method_is_answered_405(installation: FakeInstallation) -> None:
    """With the allowed methods in the Allow header."""
    response, body = call(installation, "DELETE", "/")

    assert (405, "method_not_allowed") == (response.status_code, body["code"])
    assert {"GET", "HEAD", "POST"} >= set(response.headers["Allow"].split(", ")) >= {"POST"}
    assert response.headers["Allow"] in body["detail"]


def test_an_unforeseen_error_shows_no_message(installation: FakeInstallation) -> None:
    """It is answered 500, and neither the answer nor the log line holds the error's message."""
    response, body = call(installation, "GET", "/crash")

    assert (500, "internal_error") == (response.status_code, body["code"])
    assert CANARY not in response.get_data(as_text=True) + json.dumps(installation.log.lines)
    assert "request_crashed" in [event for event, _ in installation.log.lines]


def test_a_missing_setting_is_named_in_the_log_only(installation: FakeInstallation) -> None:
    """The caller gets 503 with a stable code; the log line names the setting."""
    response, body = call(installation, "GET", "/unset")

    assert (503, "misconfigured") == (response.status_code, body["code"])
    assert "GRANT_KEYSET" not in response.get_data(as_text=True)
    assert ("request_crashed", "the setting GRANT_KEYSET is missing") in [
        (event, fields.get("at")) for event, fields in installation.log.lines
    ]


@pytest.mark.parametrize(
    ("raw", "content_type", "status", "code"),
    [
        (b"{", "application/json", 400, "malformed_json"),
        (b'{"a":1,"a":2}', "application/json", 400, "malformed_json"),
        (b'{"a":NaN}', "application/json", 400, "malformed_json"),
        (b"\xff", "application/json", 400, "malformed_json"),
        (b"[" * 30 + b"]" * 30, "application/json", 400, "malformed_json"),
        (b"[" * 30_000, "application/json", 400, "malformed_json"),
        (b"{}", "text/plain", 415, "unsupported_media_type"),
        (b'"' + b"x" * 70_000 + b'"', "application/json", 413, "too_large"),
    ],
)
def test_a_bad_body_is_refused(
    installation: FakeInstallation, raw: bytes, content_type: str, status: int, code: str
) -> None:
    """Malformed, ambiguous, deeply nested or long bodies, and those of another type, reach no flow."""
    response, body = call(installation, "POST", "/", data=raw, content_type=content_type)

    assert (status, code) == (response.status_code, body["code"])


def test_a_get_with_a_body_is_refused(installation: FakeInstallation) -> None:
    """The answer says so."""
    response, body = call(installation, "GET", "/", data=b'{"a": 1}', content_type="application/json")

    assert (400, "invalid_request") == (response.status_code, body["code"])


def test_a_parameter_given_twice_is_refused(installation: FakeInstallation) -> None:
    """Two programs could read different values from such a request."""
    response, body = call(installation, "GET", "/?tenant=a&tenant=b")

    assert (400, "invalid_request") == (response.status_code, body["code"])


def test_every_answer_has_security_headers(installation: FakeInstallation) -> None:
    """They forbid browsers to guess its type, to show it in a frame, and to cache it."""
    response, _ = call(installation, "GET", "/taken")

    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-store"
    assert (409, "slot_taken") == (response.status_code, json.loads(response.data)["code"])


def subclasses(kind: type[SyncError]) -> set[type[SyncError]]:
    return {kind}.union(*(subclasses(child) for child in kind.__subclasses__()))


def test_every_error_class_has_an_http_status() -> None:
    """A new error class without a row in the table fails here."""
    missing = {
        kind.__name__
        for kind in subclasses(SyncError)
        if kind.__module__ == "common.errors" and kind not in STATUS
    }

    assert missing == set()


def test_the_retry_after_header_is_in_whole_seconds() -> None:
    """A caller reads how long to wait."""
    reply = answer(errors.RateLimited("busy", retry_after=1.2))

    assert (503, "2", "rate_limited") == (reply.status, reply.headers["Retry-After"], reply.body["code"])


def test_a_refused_body_names_its_invalid_fields() -> None:
    """The answer lists each of them."""
    reply = answer(InvalidFields([{"field": "start", "message": "a zone is missing"}]))

    assert reply.body["errors"] == [{"field": "start", "message": "a zone is missing"}]


def test_strict_json_accepts_json() -> None:
    """Valid JSON is read unchanged."""
    assert parse_json(b'{"a":[1,2,{"b":null}]}') == {"a": [1, 2, {"b": None}]}


def test_strict_json_refuses_infinity() -> None:
    """Python's json module would accept Infinity and NaN."""
    with pytest.raises(MalformedJson):
        parse_json(b"[Infinity]")
