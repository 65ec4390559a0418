from __future__ import annotations

import json
import traceback
from collections.abc import Callable
from http.client import IncompleteRead
from typing import Any

import httplib2
import pytest

from common.errors import (
    GrantRevoked,
    OperatorFault,
    ProviderUnavailable,
    RateLimited,
    Retry,
    SyncError,
    UnexpectedReply,
    UsageExhausted,
)
from common.providers.google import client as table
from common.providers.google.client import GoogleClient, Outcome, error_for, rule_for
from common.providers.google.connection import BoundedHttp
from common.providers.google.wire import Refusal, read_refusal

Answer = tuple[int, bytes] | Exception


class Scripted(httplib2.Http):
    """A connection whose other side answers from a script, and that remembers what it was sent."""

    def __init__(self, script: list[Answer], timeout: float) -> None:
        super().__init__(timeout=timeout)
        self.script = script
        self.sent: list[dict[str, str]] = []
        self.closed = False

    def request(self, uri: str, method: str = "GET", **sent: Any) -> tuple[httplib2.Response, bytes]:
        self.sent.append(sent["headers"])
        answer = self.script.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return httplib2.Response({"status": str(answer[0])}), answer[1]

    def close(self) -> None:
        self.closed = True


class Wire:
    """A client over scripted connections."""

    def __init__(self, *script: Answer) -> None:
        self.opened: list[Scripted] = []
        self.script = list(script)
        self.client = GoogleClient(timeout=9.0, live_timeout=1.5, http_factory=self.open)

    def open(self, timeout: float) -> Scripted:
        self.opened.append(Scripted(self.script, timeout))
        return self.opened[-1]

    def request(self) -> Any:
        return self.client.service.events().list(calendarId="ada@example.com")


def ask(wire: Wire, **options: Any) -> object:
    return wire.client.read("token", wire.request(), **options)


def test_every_call_brings_its_own_token() -> None:
    """One service and one connection serve all accounts without mixing them up."""
    wire = Wire((200, b"{}"), (200, b"{}"))

    for token in ("one", "two"):
        wire.client.read(token, wire.request())

    (http,) = wire.opened
    assert [sent["authorization"] for sent in http.sent] == ["Bearer one", "Bearer two"]


@pytest.mark.pitfall(3)
def test_live_questions_wait_less() -> None:
    """Live questions have connections and time-outs of their own (pitfall 3)."""
    wire = Wire((200, b"{}"), (200, b"{}"))

    ask(wire)
    ask(wire, live=True)

    assert [http.timeout for http in wire.opened] == [9.0, 1.5]


@pytest.mark.parametrize(
    "failure",
    [
        TimeoutError("ada@example.com"),
        ConnectionResetError("ada@example.com"),
        OSError("ada@example.com"),
        IncompleteRead(b"ada@example.com"),
        httplib2.ServerNotFoundError("ada@example.com"),
        httplib2.RedirectLimit("ada@example.com", httplib2.Response({}), b""),
    ],
)
def test_a_broken_connection_is_an_outage_and_is_closed(failure: Exception) -> None:
    """It is never used again, and the error tells nobody whose calendar it was."""
    wire = Wire(failure, (200, b"{}"))

    with pytest.raises(ProviderUnavailable) as raised:
        ask(wire)
    ask(wire)

    assert [http.closed for http in wire.opened] == [True, False]
    assert "ada" not in "".join(traceback.format_exception(raised.value))


@pytest.mark.pitfall(1)
@pytest.mark.parametrize(
    "body", [b"", b'{"items": [', b"<html>", b"7", b"[]", b"null", b'"text"', b"\xff\xff", b"[" * 100_000]
)
def test_a_200_without_an_object_is_an_outage(body: bytes) -> None:
    """The library returns a cut-off answer as text; it is never taken for an answer (pitfall 1)."""
    with pytest.raises(ProviderUnavailable):
        ask(Wire((200, body)))


@pytest.mark.parametrize("status", [301, 302, 304, 307, 308])
def test_no_redirect_is_followed(status: int) -> None:
    """A bearer token goes to no other address."""
    wire = Wire((status, b""))

    with pytest.raises(UnexpectedReply):
        ask(wire)

    assert (len(wire.opened[0].sent), BoundedHttp(1.0).follow_redirects) == (1, False)


def test_nothing_is_sent_twice_by_us() -> None:
    """A failure is the queue's to repeat, with its backoff."""
    wire = Wire((503, b""), (200, b"{}"))

    with pytest.raises(ProviderUnavailable):
        ask(wire)

    assert (len(wire.opened[0].sent), len(wire.script)) == (1, 1)


def test_a_refusal_hides_whose_calendar_it_was() -> None:
    """Neither address nor message of the provider reach an error or its trace."""
    body = {"error": {"errors": [{"reason": "forbidden", "message": "Canary"}], "message": "Canary"}}
    wire = Wire((403, json.dumps(body).encode()))

    with pytest.raises(SyncError) as raised:
        ask(wire)

    shown = "".join(traceback.format_exception(raised.value))
    assert ("Canary" in shown, "ada" in shown) == (False, False)
    assert str(raised.value) == "Google answered 403 (forbidden)"


@pytest.mark.pitfall(25)
def test_nothing_private_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Not even with every logger at its most talkative (pitfall 25)."""
    caplog.set_level("DEBUG")
    wire = Wire((200, b'{"summary": "Canary"}'), (403, b'{"error": {"message": "Canary"}}'))

    ask(wire)
    with pytest.raises(UnexpectedReply):
        ask(wire)

    assert [word for word in ("ada", "Canary", "token") if word in caplog.text] == []


@pytest.mark.parametrize("status", [400, 403, 404, 429, 503])
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"7",
        b"[7]",
        b"[]",
        b'{"error": 7}',
        b'{"error": "odd"}',
        b'{"error": {"message": 7, "errors": [7]}}',
        b"\xff",
    ],
)
def test_an_odd_refusal_is_still_a_refusal(status: int, body: bytes) -> None:
    """Whatever its body, a refusal is an error of ours."""
    with pytest.raises(SyncError):
        ask(Wire((status, body)))


def test_an_outcome_is_an_answer_only_where_it_was_asked_for() -> None:
    """A duplicate is an answer to a create, and an error to anything else."""
    body = b'{"error": {"errors": [{"reason": "duplicate"}]}}'
    wire = Wire((409, body), (409, body))

    assert wire.client.attempt("t", wire.request(), accept={Outcome.TAKEN}) is Outcome.TAKEN
    with pytest.raises(UnexpectedReply):
        wire.client.attempt("t", wire.request(), accept={Outcome.MISSING})


@pytest.mark.parametrize(("conditional", "outcome"), [(True, Outcome.CHANGED), (False, None)])
def test_a_failed_condition_needs_a_condition(conditional: bool, outcome: Outcome | None) -> None:
    """Google answers 412 at times to requests without any: an outage, not a change."""
    refusal = Refusal(412, ("conditionNotMet",), conditional=conditional)

    assert rule_for(refusal).outcome is outcome
    assert isinstance(error_for(refusal), UnexpectedReply if conditional else ProviderUnavailable)


def detailed(status: int, listed: str, exact: str, word: str) -> Refusal:
    error = {"errors": [{"reason": listed}], "details": [{"reason": exact}], "status": word}
    return read_refusal(status, {}, json.dumps({"error": error}).encode(), conditional=False)


@pytest.mark.pitfall(20)
@pytest.mark.parametrize(
    ("refusal", "error", "code"),
    [
        (
            detailed(403, "insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "PERMISSION_DENIED"),
            GrantRevoked,
            "scope_missing",
        ),
        (
            detailed(403, "forbidden", "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "PERMISSION_DENIED"),
            GrantRevoked,
            "scope_missing",
        ),
        (
            detailed(403, "accessNotConfigured", "SERVICE_DISABLED", "PERMISSION_DENIED"),
            OperatorFault,
            "api_not_enabled",
        ),
        (
            detailed(403, "forbidden", "CONSUMER_INVALID", "PERMISSION_DENIED"),
            OperatorFault,
            "api_not_enabled",
        ),
        (
            detailed(429, "rateLimitExceeded", "RATE_LIMIT_EXCEEDED", "RESOURCE_EXHAUSTED"),
            RateLimited,
            "rate_limited",
        ),
        (
            detailed(403, "forbidden", "RATE_LIMIT_EXCEEDED", "PERMISSION_DENIED"),
            RateLimited,
            "rate_limited",
        ),
        (detailed(401, "authError", "", "UNAUTHENTICATED"), GrantRevoked, "unauthorized"),
        (Refusal(429, ("quotaExceeded",)), UsageExhausted, "usage_exhausted"),
        (Refusal(404), UnexpectedReply, "unexpected_reply"),
        (Refusal(410), UnexpectedReply, "unexpected_reply"),
        (Refusal(599), ProviderUnavailable, "provider_unavailable"),
    ],
)
def test_both_shapes_of_a_refusal_are_read(refusal: Refusal, error: type[SyncError], code: str) -> None:
    """The front end's shape and the classic one lead to the same reaction (pitfall 20)."""
    raised = error_for(refusal)

    assert (type(raised), raised.reason) == (error, code)


def leaves(kind: type[SyncError]) -> set[type[SyncError]]:
    below = kind.__subclasses__()
    return set().union(*(leaves(child) for child in below)) if below else {kind}


def test_the_table_names_only_reactions_to_a_provider() -> None:
    """Each row is a reaction that a flow knows, and every one of those has a row."""
    rows = [*table.RULES.values(), *table.STATUSES.values(), *table.BUSY_RULES.values()]
    used = {rule.error for rule in rows}
    ours = {"StoreUnavailable"}

    known = {
        kind for kind in leaves(Retry) if kind.__module__ == "common.errors" and kind.__name__ not in ours
    }
    assert known <= used
    assert not [kind for kind in used if kind.__module__ != "common.errors"]


def test_closing_leaves_nothing_open() -> None:
    """Idle connections are closed, and the next call opens a new one."""
    wire = Wire((200, b"{}"), (200, b"{}"))
    ask(wire)

    wire.client.close()
    ask(wire)

    assert [http.closed for http in wire.opened] == [True, False]


def test_threads_never_share_a_connection() -> None:
    """A connection in use is not handed out again."""
    nested: list[Callable[[], object]] = []
    wire = Wire((200, b"{}"), (200, b"{}"))

    class Nesting(Scripted):
        def request(self, uri: str, method: str = "GET", **sent: Any) -> tuple[httplib2.Response, bytes]:
            while nested:
                nested.pop()()
            return super().request(uri, method, **sent)

    def open_nesting(timeout: float) -> Scripted:
        wire.opened.append(Nesting(wire.script, timeout))
        return wire.opened[-1]

    client = GoogleClient(http_factory=open_nesting)
    nested.append(lambda: client.read("inner", wire.request()))
    client.read("outer", wire.request())

    assert [[sent["authorization"] for sent in http.sent] for http in wire.opened] == [
        ["Bearer outer"],
        ["Bearer inner"],
    ]
