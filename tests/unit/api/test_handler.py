"""Every request passes one door."""

from __future__ import annotations

import json

import pytest
from flask import Request
from werkzeug.test import EnvironBuilder

from common import errors
from common.api.answers import STATUS, answer
from common.api.doorman import Doorman
from common.api.handler import Function
from common.api.http import Access, Call, Caller, InvalidFields, MalformedJson, Reply, parse_json
from common.api.routes import Route, customer_or_staff, owner, public, push, staff
from common.config import Misconfigured
from common.crypto.keys import HmacKeys
from common.domain.limits import Limits
from common.domain.staff import Role
from common.errors import SyncError, UntrustedCaller
from common.store import stores
from common.store.memory import MemoryDocuments
from tests.issuers import START

CANARY = "canary-4711"


def now():
    return START


class Lines:
    def __init__(self) -> None:
        self.lines: list[tuple[str, dict[str, object]]] = []

    def info(self, event: str, **fields: object) -> None:
        self.lines.append((event, fields))

    warning = error = info


class Stage:
    def __init__(self) -> None:
        self.log = Lines()
        self._doorman = Doorman(
            Limits(), lambda: stores(MemoryDocuments()).counters, sign=HmacKeys([b"k" * 32]).sign, now=now
        )

    def admit(self, access: Access, token: str, function: str) -> Caller:
        if token == "ta.sk.s" and access is Access.TASK:
            return Caller(subject="tasks@example.iam")
        if token in {"owner.a.b", "staff.a.b"} and access in {Access.STAFF, Access.CUSTOMER_OR_STAFF}:
            role = Role(token.split(".", maxsplit=1)[0])
            return Caller(subject="s", tenant="t1", role=role, resources=("anna",))
        raise UntrustedCaller("the bearer token is not valid")

    @property
    def doorman(self) -> Doorman:
        return self._doorman

    def origin_allowed(self, origin: str, tenant: str | None) -> bool:
        return origin == "https://console.example" or (tenant, origin) in {
            ("t1", "https://shop.example"),
            ("t2", "https://other.example"),
        }


def crash(_call: Call) -> Reply:
    raise RuntimeError(CANARY)


def unset(_call: Call) -> Reply:
    raise Misconfigured("the setting GRANT_KEYSET is missing")


def refuse(_call: Call) -> Reply:
    raise errors.SlotTaken("somebody else has that time")


def echo(call: Call) -> Reply:
    return Reply({"path": dict(call.path), "query": dict(call.query), "body": call.body})


def who(call: Call) -> Reply:
    return Reply({"tenant": call.caller.tenant if call.caller else None, "bearer": call.bearer})


ROUTES = (
    public("GET", "/", echo),
    public("POST", "/", echo, body=True),
    public("GET", "/crash", crash),
    public("GET", "/taken", refuse),
    public("GET", "/unset", unset),
    staff("GET", "/mine", who),
    owner("GET", "/owned", who),
    customer_or_staff("GET", "/either", who),
    public("GET", "/things/<thing>", echo),
)


@pytest.fixture
def stage() -> Stage:
    return Stage()


def call(stage: Stage, method: str, path: str, routes=ROUTES, **options):
    builder = EnvironBuilder(method=method, path=path, **options)
    try:
        response = Function("test", routes, lambda: stage)(Request(builder.get_environ()))
    finally:
        builder.close()
    body = json.loads(response.data) if response.data else None
    return response, body


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


@pytest.mark.parametrize(
    ("path", "token", "status"),
    [
        ("/mine", None, 401),
        ("/mine", "Bearer nonsense", 401),
        ("/mine", "Basic owner.a.b", 401),
        ("/mine", "Bearer staff.a.b", 200),
        ("/owned", "Bearer staff.a.b", 403),
        ("/owned", "Bearer owner.a.b", 200),
        ("/mine", "Bearer ta.sk.s", 401),
    ],
)
def test_staff_routes_want_staff(stage: Stage, path: str, token: str | None, status: int) -> None:
    """No token, a wrong one, or too small a role: refused; tenant and role come from the token."""
    headers = {"Authorization": token} if token else {}
    response, body = call(stage, "GET", path, headers=headers)

    assert response.status_code == status
    if status == 200:
        assert body["tenant"] == "t1"


def test_a_management_token_is_not_an_id_token(stage: Stage) -> None:
    """A customer's token reaches the flow as it is; a staff token is verified first."""
    _, customer = call(stage, "GET", "/either", headers={"Authorization": "Bearer abcDEF_-"})
    _, member = call(stage, "GET", "/either", headers={"Authorization": "Bearer staff.a.b"})
    forged, _ = call(stage, "GET", "/either", headers={"Authorization": "Bearer x.y.z"})

    assert customer == {"tenant": None, "bearer": "abcDEF_-"}
    assert member["tenant"] == "t1"
    assert forged.status_code == 401


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        ("https://console.example", True),
        ("https://shop.example", True),
        ("https://shop.example.evil", False),
        ("http://shop.example", False),
        ("https://shop.example:8443", False),
        ("null", False),
    ],
)
def test_cors_is_exact(stage: Stage, origin: str, allowed: bool) -> None:
    """Only an origin that is on a list, to the letter, is named in the answer; never a star."""
    response, _ = call(stage, "GET", "/?tenant=t1", headers={"Origin": origin})

    expected = origin if allowed else None
    assert response.headers.get("Access-Control-Allow-Origin") == expected
    assert response.headers["Vary"] == "Origin"


def test_a_preflight_names_the_methods(stage: Stage) -> None:
    """An allowed page learns what it may do; another one is refused."""
    headers = {"Access-Control-Request-Method": "POST", "Origin": "https://console.example"}
    response, _ = call(stage, "OPTIONS", "/", headers=headers)
    foreign, _ = call(stage, "OPTIONS", "/", headers=headers | {"Origin": "https://evil.example"})

    assert (204, "https://console.example") == (
        response.status_code,
        response.headers["Access-Control-Allow-Origin"],
    )
    assert foreign.status_code == 403


def test_a_foreign_page_changes_nothing(stage: Stage) -> None:
    """A state-changing call with a foreign Origin is refused before the flow runs."""
    response, body = call(stage, "POST", "/", json={}, headers={"Origin": "https://evil.example"})

    assert (403, "origin_not_allowed") == (response.status_code, body["code"])


@pytest.mark.parametrize(
    ("query", "origin", "status", "readable"),
    [
        ("?tenant=t1", "https://shop.example", 200, True),
        ("", "https://shop.example", 200, True),
        ("?tenant=t2", "https://shop.example", 403, True),
        ("?tenant=t2", "https://other.example", 403, False),
        ("?tenant=t1", "https://other.example", 200, False),
        ("?tenant=t2", None, 403, False),
        ("?tenant=", None, 403, False),
    ],
)
def test_a_page_is_one_of_the_tokens_tenant(
    stage: Stage, query: str, origin: str | None, status: int, readable: bool
) -> None:
    """The token says whose pages may read the answer, and a query that names another tenant is refused."""
    headers = {"Authorization": "Bearer owner.a.b"} | ({"Origin": origin} if origin else {})
    for path in ("/mine", "/either"):
        response, body = call(stage, "GET", f"{path}{query}", headers=headers)

        assert response.status_code == status
        assert (status == 403) == (body.get("code") == "tenant_mismatch")
        assert ("Access-Control-Allow-Origin" in response.headers) == readable


def test_private_functions_want_the_service_account(stage: Stage) -> None:
    """A task without a verified service account is refused, a staff token is no help."""
    routes = (Route("POST", "/", Access.TASK, echo, body=True),)
    anonymous, _ = call(stage, "POST", "/", routes=routes, json={})
    member, _ = call(
        stage, "POST", "/", routes=routes, json={}, headers={"Authorization": "Bearer owner.a.b"}
    )
    queue, _ = call(stage, "POST", "/", routes=routes, json={}, headers={"Authorization": "Bearer ta.sk.s"})

    assert (401, 401, 200) == (anonymous.status_code, member.status_code, queue.status_code)


def test_webhooks_have_no_cors(stage: Stage) -> None:
    """A webhook never looks a tenant up because of an Origin header."""
    response, _ = call(
        stage, "POST", "/?tenant=t1", routes=(push(echo),), headers={"Origin": "https://shop.example"}
    )

    assert (200, None) == (response.status_code, response.headers.get("Access-Control-Allow-Origin"))


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
