"""How a refusal of Google is read."""

from __future__ import annotations

import json

import pytest

from common.errors import (
    Forbidden,
    GrantDoubted,
    GrantRevoked,
    OperatorFault,
    ProviderUnavailable,
    RateLimited,
    Retry,
    SyncError,
    UnexpectedReply,
    UsageExhausted,
)
from common.providers.calls import RefusalOutcome
from common.providers.google import client as table
from common.providers.google.client import error_for, rule_for
from common.providers.google.request_bodies import GoogleRefusal, read_refusal
from tests.unit.providers.google.client_setup import Wire, ask


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

    assert wire.client.attempt("t", wire.request(), accept={RefusalOutcome.TAKEN}) is RefusalOutcome.TAKEN
    with pytest.raises(UnexpectedReply):
        wire.client.attempt("t", wire.request(), accept={RefusalOutcome.MISSING})


@pytest.mark.parametrize(("conditional", "outcome"), [(True, RefusalOutcome.CHANGED), (False, None)])
def test_a_failed_condition_needs_a_condition(conditional: bool, outcome: RefusalOutcome | None) -> None:
    """Google answers 412 at times to requests without any: an outage, not a change."""
    refusal = GoogleRefusal(412, ("conditionNotMet",), conditional=conditional)

    assert rule_for(refusal).outcome is outcome
    assert isinstance(error_for(refusal), UnexpectedReply if conditional else ProviderUnavailable)


def detailed(status: int, listed: str, exact: str, word: str) -> GoogleRefusal:
    error = {"errors": [{"reason": listed}], "details": [{"reason": exact}], "status": word}
    return read_refusal(status, {}, json.dumps({"error": error}).encode(), conditional=False)


@pytest.mark.pitfall(20)
@pytest.mark.parametrize(
    ("refusal", "error", "code"),
    [
        (
            detailed(403, "insufficientPermissions", "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "PERMISSION_DENIED"),
            Forbidden,
            "scope_missing",
        ),
        (
            detailed(403, "forbidden", "ACCESS_TOKEN_SCOPE_INSUFFICIENT", "PERMISSION_DENIED"),
            Forbidden,
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
        (detailed(401, "authError", "", "UNAUTHENTICATED"), GrantDoubted, "unauthorized"),
        (GoogleRefusal(429, ("quotaExceeded",)), UsageExhausted, "usage_exhausted"),
        (GoogleRefusal(404), UnexpectedReply, "unexpected_reply"),
        (GoogleRefusal(410), UnexpectedReply, "unexpected_reply"),
        (GoogleRefusal(599), ProviderUnavailable, "provider_unavailable"),
    ],
)
def test_both_shapes_of_a_refusal_are_read(refusal: GoogleRefusal, error: type[SyncError], code: str) -> None:
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
    ours = {"StoreUnavailable", "UnreadableDocument"}

    known = {
        kind for kind in leaves(Retry) if kind.__module__ == "common.errors" and kind.__name__ not in ours
    }
    assert known <= used
    assert not [kind for kind in used if issubclass(kind, GrantRevoked)]
    assert not [kind for kind in used if kind.__module__ != "common.errors"]
