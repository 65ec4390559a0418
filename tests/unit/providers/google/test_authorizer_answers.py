"""What the token endpoint's answers are worth: identity, scopes, tokens."""

from __future__ import annotations

import base64
import json
import threading
from dataclasses import replace
from typing import Any

import pytest
import requests
from werkzeug.serving import WSGIRequestHandler, make_server

from common.domain.calendar.connection import Grant
from common.errors import UnexpectedReply
from common.providers.google.authorizer import SCOPES, GoogleAuthorizer
from tests.transports import wsgi_session
from tests.unit.providers.google.authorizer_setup import ADA, NOW, REDIRECT, REGISTRATION


class Quiet(WSGIRequestHandler):
    """Prints nothing."""

    def log_request(self, *_: object) -> None:
        """Say nothing."""


def answering(body: dict[str, Any]) -> GoogleAuthorizer:
    def application(_environ: dict[str, Any], start: Any) -> list[bytes]:
        start("200 OK", [("Content-Type", "application/json")])
        return [json.dumps(body).encode()]

    return GoogleAuthorizer(REGISTRATION, session=wsgi_session(application))


def id_token(**changes: Any) -> str:
    claims = {
        "iss": "https://accounts.google.com",
        "aud": "client",
        "sub": "123",
        "email": ADA,
        "email_verified": True,
        "exp": int(NOW.timestamp()) + 60,
        **changes,
    }
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"e30.{payload}.signature"


def exchanged(**changes: Any) -> Grant:
    body = {"access_token": "a", "expires_in": 10, "scope": "x y", "token_type": "Bearer", **changes}
    return answering(body).exchange(code="c", verifier="v", redirect_uri=REDIRECT, now=NOW)


@pytest.mark.parametrize(
    ("token", "account"),
    [
        (None, None),
        (id_token(), ADA),
        (id_token(iss="accounts.google.com"), ADA),
        (id_token(email_verified=False), "123"),
        (id_token(email_verified="true"), "123"),
        (id_token(email=None), "123"),
    ],
)
def test_the_account_is_a_verified_one(token: str | None, account: str | None) -> None:
    """A verified address, else the subject, else nobody."""
    assert exchanged(id_token=token).account == account


@pytest.mark.parametrize(
    "token",
    [
        id_token(iss="https://evil.example.org"),
        id_token(aud="another"),
        id_token(exp=int(NOW.timestamp())),
        id_token(exp="later"),
        id_token(exp=None),
        "odd",
        "e30..x",
        "e30.W10.x",
        "e30.***.x",
    ],
)
def test_an_identity_that_is_not_for_us_is_refused(token: str) -> None:
    """Issuer, audience and expiry are checked."""
    with pytest.raises(UnexpectedReply):
        exchanged(id_token=token)


@pytest.mark.parametrize(
    ("changes", "scopes"), [({}, ("x", "y")), ({"scope": None}, SCOPES), ({"scope": ""}, SCOPES)]
)
def test_no_named_scope_means_the_asked_ones(changes: dict[str, Any], scopes: tuple[str, ...]) -> None:
    """RFC 6749 section 5.1: the scope is named where it differs from the asked one."""
    assert exchanged(**changes).scopes == scopes


@pytest.mark.parametrize(
    "changes", [{"access_token": None}, {"access_token": 7}, {"expires_in": "soon"}, {"expires_in": -1}]
)
def test_an_answer_without_a_token_is_none(changes: dict[str, Any]) -> None:
    """Token and life are needed."""
    with pytest.raises(UnexpectedReply):
        exchanged(**changes)


def test_a_missing_refresh_token_is_none() -> None:
    """The flow then keeps the one that it has."""
    assert exchanged().refresh_token is None


def test_a_new_refresh_token_is_taken() -> None:
    """A provider that rotates it is followed."""
    authorizer = answering({"access_token": "b", "expires_in": 10, "refresh_token": "new"})

    assert authorizer.refresh(Grant("a", "old", NOW), now=NOW).refresh_token == "new"


def test_no_cookie_goes_from_one_account_to_the_next(socket_enabled: None) -> None:
    """One session serves everybody and remembers nobody."""
    sent: list[str | None] = []

    def application(environ: dict[str, Any], start: Any) -> list[bytes]:
        sent.append(environ.get("HTTP_COOKIE"))
        start("200 OK", [("Content-Type", "application/json"), ("Set-Cookie", "who=ada; Path=/")])
        return [b'{"access_token": "a", "expires_in": 10}']

    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    registration = replace(REGISTRATION, token_uri=f"http://127.0.0.1:{server.server_port}/token")
    with requests.Session() as session:
        authorizer = GoogleAuthorizer(registration, session=session)
        for account in ("ada", "bob"):
            authorizer.refresh(Grant("a", account, NOW), now=NOW)
    server.shutdown()
    thread.join()
    server.server_close()

    assert sent == [None, None]
