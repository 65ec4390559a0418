"""What the token endpoint's answers are worth: identity and tokens."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from common.domain.calendar.connection import Grant
from common.errors import UnexpectedReply
from common.providers.microsoft.authorizer import MicrosoftAuthorizer
from tests.transports import wsgi_session
from tests.unit.providers.microsoft.authorizer_setup import (
    ADA,
    ASKED,
    NOW,
    REDIRECT,
    REGISTRATION,
    VERIFIER,
    Microsoft,
    asked_of,
)


@pytest.fixture
def microsoft() -> Iterator[Microsoft]:
    made = Microsoft()
    yield made
    made.close()


def claims(**changes: Any) -> dict[str, Any]:
    return {
        "aud": "client",
        "tid": "t1",
        "oid": "o1",
        "preferred_username": ADA,
        "exp": int(NOW.timestamp()) + 60,
        "nonce": asked_of(MicrosoftAuthorizer(REGISTRATION, session=wsgi_session(lambda *_: [])), ASKED)[
            "nonce"
        ],
        **changes,
    }


def exchanged(microsoft: Microsoft, *, token: str | None = None, **changes: Any) -> Grant:
    body = {"access_token": "a", "expires_in": 10, "scope": "Calendars.ReadWrite openid", **changes}
    if token is not None:
        body["id_token"] = token

    def application(environ: dict[str, Any], start: Any) -> Any:
        if environ["REQUEST_METHOD"] == "GET":
            return microsoft.simulator(environ, start)
        start("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(body).encode()]

    authorizer = MicrosoftAuthorizer(REGISTRATION, session=wsgi_session(application))
    return authorizer.exchange(code="c", verifier=VERIFIER, redirect_uri=REDIRECT, now=NOW)


def id_token(**changes: Any) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims(**changes)).encode()).decode().rstrip("=")
    return f"e30.{payload}.signature"


@pytest.mark.parametrize(
    ("changes", "account"),
    [({}, ADA), ({"preferred_username": None}, "t1/o1"), ({"preferred_username": "", "oid": None}, None)],
)
def test_the_account_is_who_signed_in(
    microsoft: Microsoft, changes: dict[str, Any], account: str | None
) -> None:
    """The name that people sign in with, else the identity that never changes, else nobody."""
    assert exchanged(microsoft, token=id_token(**changes)).account == account


@pytest.mark.parametrize(
    "changes",
    [
        {"aud": "another"},
        {"exp": int(NOW.timestamp())},
        {"exp": "later"},
        {"exp": None},
        {"nonce": "x"},
        {"nonce": None},
    ],
)
def test_an_identity_that_is_not_for_us_is_refused(microsoft: Microsoft, changes: dict[str, Any]) -> None:
    """Audience, expiry, and that it belongs to the consent that we began."""
    with pytest.raises(UnexpectedReply):
        exchanged(microsoft, token=id_token(**changes))


@pytest.mark.parametrize(
    "changes", [{"access_token": None}, {"access_token": 7}, {"expires_in": "soon"}, {"expires_in": -1}]
)
def test_an_answer_without_a_token_is_none(microsoft: Microsoft, changes: dict[str, Any]) -> None:
    """Token and life are needed."""
    with pytest.raises(UnexpectedReply):
        exchanged(microsoft, **changes)


def test_a_missing_refresh_token_is_none(microsoft: Microsoft) -> None:
    """The flow then keeps the one that it has."""
    assert exchanged(microsoft).refresh_token is None
