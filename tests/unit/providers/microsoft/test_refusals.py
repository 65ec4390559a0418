"""How a refusal of Graph is read, alone and in a batch."""

from __future__ import annotations

import json
from typing import Any

import pytest

from common.errors import (
    CalendarGone,
    CursorExpired,
    GrantDoubted,
    GrantRevoked,
    ProviderUnavailable,
    RateLimited,
    Retry,
    SyncError,
    UnexpectedReply,
)
from common.providers.calls import RefusalOutcome
from common.providers.microsoft import client as table
from common.providers.microsoft.busy import ask_all
from common.providers.microsoft.client import Existing, error_for, rule_for
from common.providers.microsoft.request_bodies import GraphRefusal, GraphRequest, read_refusal
from tests.unit.providers.microsoft.client_setup import ASK, Wire


@pytest.mark.pitfall(20)
def test_every_code_of_the_table_has_one_reaction() -> None:
    """Each row gives its own class, in whatever case it is spelled (pitfall 20)."""
    for (status, code), rule in table.RULES.items():
        refusal = GraphRefusal(status or 418, (code.upper(),), 3.0)
        error = error_for(refusal)

        assert (type(error), rule_for(refusal)) == (rule.error, rule)
        assert error.reason == (rule.code or rule.error.code)
        assert getattr(error, "retry_after", None) == (3.0 if isinstance(error, Retry) else None)


def test_only_a_missing_thing_may_be_taken_for_gone() -> None:
    """No status and no code but those that say "not there" can be read as a deletion."""
    gone = {key for key, rule in table.RULES.items() if rule.outcome is RefusalOutcome.MISSING}

    assert {status for status, _ in gone} == {400, 404}
    assert {code for status, code in gone if status == 400} == {"errorinvalididmalformed", "errorinvalidid"}
    assert [status for status, rule in table.STATUSES.items() if rule.outcome is RefusalOutcome.MISSING] == []


@pytest.mark.parametrize("status", range(300, 600))
def test_no_status_is_harmless(status: int) -> None:
    """Every refusal is an error, known or not; an unknown failure of the other side passes."""
    error = error_for(GraphRefusal(status))

    assert isinstance(error, ProviderUnavailable) or status < 500 or status in table.STATUSES


def test_an_accepted_refusal_is_an_answer_and_no_other() -> None:
    """A call takes for an answer what it said it would, and nothing else."""
    body = b'{"error": {"code": "ErrorItemNotFound"}}'
    wire = Wire((404, body), (404, body), (404, body), (204, b""))

    assert wire.client.attempt("t", ASK, accept={RefusalOutcome.MISSING}) is RefusalOutcome.MISSING
    with pytest.raises(CalendarGone):
        wire.client.attempt("t", ASK, accept={RefusalOutcome.CHANGED})
    assert wire.client.send("t", ASK, accept={RefusalOutcome.MISSING}) is RefusalOutcome.MISSING
    assert wire.client.send("t", ASK) is None


@pytest.mark.pitfall(6)
@pytest.mark.parametrize("name", ["innerError", "innererror", "InnerError"])
def test_the_innermost_code_decides(name: str) -> None:
    """Graph hides the exact word inside another one, in two spellings (pitfall 6)."""
    inner = {"code": "SYNCSTATENOTFOUND", "request-id": "x", "date": "y"}
    body = {"error": {"code": "ErrorInvalidRequest", name: {"code": "x", name: inner}}}

    refusal = read_refusal(400, {}, body)

    assert refusal.codes == ("SYNCSTATENOTFOUND", "x", "ErrorInvalidRequest")
    assert isinstance(error_for(refusal), CursorExpired)


def test_an_endless_error_ends() -> None:
    """Nesting is read to a depth that no real answer has."""
    body: dict[str, Any] = {"code": "deepest"}
    for _ in range(50):
        body = {"code": "x", "innerError": body}

    assert len(read_refusal(400, {}, {"error": body}).codes) == 6


@pytest.mark.pitfall(25)
@pytest.mark.parametrize(
    ("body", "word"),
    [
        ({"error": {"code": "ErrorAccessDenied", "message": "ada@contoso.test"}}, "ErrorAccessDenied"),
        ({"error": {"code": "ada@contoso.test"}}, "no code"),
        ({"error": {"code": 7}}, "no code"),
        ({"error": "x"}, "no code"),
        (None, "no code"),
        ([], "no code"),
    ],
)
def test_only_graphs_own_word_is_shown(body: object, word: str) -> None:
    """Messages name people; codes do not (pitfall 25)."""
    assert str(error_for(read_refusal(403, {}, body))) == f"Graph answered 403 ({word})"


def batched(*parts: object) -> Wire:
    return Wire((200, json.dumps({"responses": list(parts)}).encode()))


@pytest.mark.pitfall(1)
@pytest.mark.parametrize(
    ("part", "error"),
    [
        ({"id": "0", "status": 200}, ProviderUnavailable),
        ({"id": "0", "status": 200, "body": "PGh0bWw+"}, ProviderUnavailable),
        ({"id": "0", "status": "200", "body": {}}, UnexpectedReply),
        ({"id": "1", "status": 200, "body": {}}, UnexpectedReply),
        ({"status": 200, "body": {}}, UnexpectedReply),
        (7, UnexpectedReply),
        ({"id": "0", "status": 401, "body": {}}, GrantDoubted),
        ({"id": "0", "status": 429, "headers": 7, "body": None}, RateLimited),
        ({"id": "0", "status": 424, "body": {"error": {"code": "FailedDependency"}}}, ProviderUnavailable),
    ],
)
def test_a_part_that_is_no_answer_is_unknown(part: object, error: type[SyncError]) -> None:
    """What is missing, odd or refused in a batch is never an empty answer (pitfall 1)."""
    (answer,) = ask_all(batched(part).client, "t", [ASK])

    assert type(answer) is error


@pytest.mark.pitfall(20)
def test_a_part_of_a_batch_has_its_own_pause() -> None:
    """Each of them is limited by itself (pitfall 20)."""
    wire = batched(
        {"id": "0", "status": 429, "headers": {"Retry-After": "12"}}, {"id": "1", "status": 200, "body": {}}
    )

    limited, fine = ask_all(wire.client, "t", [ASK, ASK])

    assert isinstance(limited, RateLimited)
    assert (limited.retry_after, fine) == (12.0, {})


def test_a_batch_asks_relative_addresses_each_with_its_own_wishes() -> None:
    """Preferences of the outer request say nothing for the parts; order is by id."""
    page = GraphRequest(
        "GET", "https://graph.microsoft.com/v1.0/me/calendars/x/calendarView?$skip=10", page_size=200
    )
    wire = batched({"id": "1", "status": 200, "body": {"b": 1}}, {"id": "0", "status": 200, "body": {"a": 1}})

    answers = ask_all(wire.client, "t", [ASK, page])

    (sent,) = wire.opened[0].sent
    steps = json.loads(sent.body or b"")["requests"]
    assert answers == ({"a": 1}, {"b": 1})
    assert [step["url"] for step in steps] == ["/me/calendars", "/me/calendars/x/calendarView?$skip=10"]
    assert all('IdType="ImmutableId"' in step["headers"]["Prefer"] for step in steps)
    assert "odata.maxpagesize=200" in steps[1]["headers"]["Prefer"]


@pytest.mark.parametrize("status", [400, 409])
def test_a_transaction_with_another_body_names_its_event(status: int) -> None:
    """Either status says that the transaction was used, and mostly by which event."""
    named = b'{"error": {"code": "ErrorDuplicateTransactionId", "@event.existingEventId": "AAMk="}}'
    unnamed = b'{"error": {"code": "ErrorDuplicateTransactionId", "@event.existingEventId": 7}}'
    wire = Wire((status, named), (status, unnamed))

    assert [wire.client.create("t", ASK), wire.client.create("t", ASK)] == [Existing("AAMk="), Existing(None)]


def test_no_refusal_of_a_calendar_ends_a_grant() -> None:
    """Only the sign-in does: calendars refused good tokens in outages, and for single operations."""
    rules = [*table.RULES.values(), *table.STATUSES.values()]

    assert not [rule for rule in rules if issubclass(rule.error, GrantRevoked)]
