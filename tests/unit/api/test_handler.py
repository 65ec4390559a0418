"""Every request passes one door: routes, bodies, and what an error tells."""

from __future__ import annotations

import json

import pytest

from common import errors
from common.api.http import InvalidFields, MalformedJson, parse_json
from common.api.problems import STATUS, answer
from common.errors import SyncError
from tests.unit.api.handler_setup import CANARY, Stage, call


@pytest.fixture
def stage() -> Stage:
    return Stage()


def test_a_known_route_is_answered(stage: Stage) -> None:
    """Path parameters and the query reach the flow."""
    response, body = call(stage, "GET", "/things/42?a=b")

    assert (200, {"path": {"thing": "42"}, "query": {"a": "b"}, "body": None}) == (response.status_code, body)


@pytest.mark.parametrize(("sent", "status"), [("", 200), ("{}", 200), ('{"a": 1}', 400), ("[]", 400)])
def test_a_call_without_a_body_takes_an_empty_object(stage: Stage, sent: str, status: int) -> None:
    """Many clients send one where there is nothing to say; anything more is refused, not ignored."""
    response, _ = call(stage, "GET", "/things/42", data=sent, content_type="application/json")

    assert status == response.status_code


@pytest.mark.parametrize("path", ["/admin", "/things", "/things/1/2", "/../etc/passwd", "/robots.txt"])
def test_what_is_not_in_the_table_does_not_exist(stage: Stage, path: str) -> None:
    """The framework lets every path through; we do not."""
    response, body = call(stage, "GET", path)

    assert (404, "unknown_route") == (response.status_code, body["code"])
    assert response.content_type == "application/problem+json"


def test_a_wrong_method_is_named(stage: Stage) -> None:
    """405 with the methods that are allowed."""
    response, body = call(stage, "DELETE", "/")

    assert (405, "method_not_allowed") == (response.status_code, body["code"])
    assert "POST" in body["detail"]


def test_a_crash_tells_nothing(stage: Stage) -> None:
    """An unforeseen error is a 500 whose text and log line hold no message of it."""
    response, body = call(stage, "GET", "/crash")

    assert (500, "internal_error") == (response.status_code, body["code"])
    assert CANARY not in response.get_data(as_text=True) + json.dumps(stage.log.lines)
    assert "request_crashed" in [event for event, _ in stage.log.lines]


def test_a_missing_setting_is_told_to_operators_only(stage: Stage) -> None:
    """The caller reads 503 with a clear code, the log names the setting for the alarm."""
    response, body = call(stage, "GET", "/unset")

    assert (503, "misconfigured") == (response.status_code, body["code"])
    assert "GRANT_KEYSET" not in response.get_data(as_text=True)
    assert ("request_crashed", "the setting GRANT_KEYSET is missing") in [
        (event, fields.get("at")) for event, fields in stage.log.lines
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
def test_a_bad_body_is_refused(stage: Stage, raw: bytes, content_type: str, status: int, code: str) -> None:
    """Malformed, ambiguous, deep, foreign or long bodies never reach a flow."""
    response, body = call(stage, "POST", "/", data=raw, content_type=content_type)

    assert (status, code) == (response.status_code, body["code"])


def test_a_body_where_none_belongs_is_refused(stage: Stage) -> None:
    """A GET with a body is a mistake that is told."""
    response, body = call(stage, "GET", "/", data=b'{"a": 1}', content_type="application/json")

    assert (400, "invalid_request") == (response.status_code, body["code"])


def test_a_parameter_given_twice_is_refused(stage: Stage) -> None:
    """Two values for one parameter would let two readers see two requests."""
    response, body = call(stage, "GET", "/?tenant=a&tenant=b")

    assert (400, "invalid_request") == (response.status_code, body["code"])


def test_answers_are_not_sniffed_framed_or_kept(stage: Stage) -> None:
    """Every answer carries the headers that keep a browser from doing something with it."""
    response, _ = call(stage, "GET", "/taken")

    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Cache-Control"] == "no-store"
    assert (409, "slot_taken") == (response.status_code, json.loads(response.data)["code"])


def subclasses(kind: type[SyncError]) -> set[type[SyncError]]:
    return {kind}.union(*(subclasses(child) for child in kind.__subclasses__()))


def test_every_error_has_an_answer() -> None:
    """A new error without a row in the table fails here."""
    missing = {
        kind.__name__
        for kind in subclasses(SyncError)
        if kind.__module__ == "common.errors" and kind not in STATUS
    }

    assert missing == set()


def test_retry_after_is_passed_on() -> None:
    """A caller is told how long to wait, in whole seconds."""
    reply = answer(errors.RateLimited("busy", retry_after=1.2))

    assert (503, "2", "rate_limited") == (reply.status, reply.headers["Retry-After"], reply.body["code"])


def test_field_errors_are_listed() -> None:
    """A refused body names its fields."""
    reply = answer(InvalidFields([{"field": "start", "message": "a zone is missing"}]))

    assert reply.body["errors"] == [{"field": "start", "message": "a zone is missing"}]


def test_strict_json_accepts_json() -> None:
    """What is JSON is read as it is."""
    assert parse_json(b'{"a":[1,2,{"b":null}]}') == {"a": [1, 2, {"b": None}]}


def test_strict_json_refuses_infinity() -> None:
    """Python's json module would take it."""
    with pytest.raises(MalformedJson):
        parse_json(b"[Infinity]")
