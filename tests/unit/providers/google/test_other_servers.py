from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from wsgiref.types import StartResponse, WSGIEnvironment

import httplib2
import pytest

from common.domain.calendar.connection import AccessRole, CalendarRef, Grant
from common.domain.calendar.event import Detail, Gone
from common.domain.calendar.interval import Interval
from common.domain.calendar.sync_state import Cursor
from common.errors import CalendarGone, Conflict, CursorExpired, UnexpectedReply
from common.ports.provider import ConsentRequest
from common.providers.google.authorizer import GoogleAuthorizer, GoogleRegistration
from common.providers.google.calendar import GoogleCalendar
from common.providers.google.client import GoogleClient, error_for
from common.providers.google.events_to_domain import calendar_of
from common.providers.google.request_bodies import read_refusal
from tests.transports import wsgi_session

NOW = datetime(2026, 10, 5, 8, 0, tzinfo=UTC)
ELSEWHERE = GoogleRegistration(
    client_id="client",
    client_secret="secret",
    auth_uri="http://google.example:4002/o/oauth2/v2/auth",
    token_uri="http://google.example:4002/oauth2/token",
    revoke_uri="http://google.example:4002/oauth2/revoke",
    issuer="",
)
CALENDAR = CalendarRef("ada@example.com", zone="Europe/Zurich", role=AccessRole.OWNER)
FEED = Cursor(snapshot=False, window=Interval(NOW, NOW + timedelta(days=1)), token="t")


def id_token(**changes: Any) -> str:
    claims = {
        "iss": "http://google.example:4002",
        "aud": "client",
        "sub": "123",
        "email": "ada@example.com",
        "email_verified": True,
        "exp": NOW.timestamp() + 3600,
        **changes,
    }
    return f"e30.{base64.urlsafe_b64encode(json.dumps(claims).encode()).decode()}.signature"


def exchanged(registration: GoogleRegistration, **answer: Any) -> Grant:
    body = json.dumps({"access_token": "a", "token_type": "Bearer", "expires_in": 3600, **answer}).encode()

    def application(_: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("Content-Type", "application/json; charset=utf-8")])
        return [body]

    authorizer = GoogleAuthorizer(registration, session=wsgi_session(application))
    return authorizer.exchange(code="c", verifier="v", redirect_uri="https://x", now=NOW)


@pytest.mark.parametrize("issuer", ["http://google.example:4002", "https://accounts.google.com", "urn:x"])
def test_another_server_may_have_any_name(issuer: str) -> None:
    """Its token came straight from the endpoint that was configured; only a configured name is compared."""
    assert exchanged(ELSEWHERE, id_token=id_token(iss=issuer)).account == "ada@example.com"
    assert GoogleAuthorizer(ELSEWHERE).issuer is None


@pytest.mark.parametrize(
    "registration",
    [
        GoogleRegistration(client_id="client", client_secret="secret", issuer=""),
        GoogleRegistration(
            client_id="client", client_secret="secret", token_uri="http://x/token", issuer="https://x"
        ),
    ],
)
def test_google_and_a_named_server_are_held_to_their_names(registration: GoogleRegistration) -> None:
    """Without any setting the issuer is Google; with GOOGLE_ISSUER it is that one."""
    with pytest.raises(UnexpectedReply):
        exchanged(registration, id_token=id_token())


@pytest.mark.parametrize(("audience", "ours"), [(["client", "x"], True), (["x"], False), ([], False)])
def test_several_audiences(audience: list[str], *, ours: bool) -> None:
    """An audience may be a list: https://openid.net/specs/openid-connect-core-1_0.html#IDToken."""
    if ours:
        assert exchanged(ELSEWHERE, id_token=id_token(aud=audience)).account == "ada@example.com"
        return
    with pytest.raises(UnexpectedReply):
        exchanged(ELSEWHERE, id_token=id_token(aud=audience))


@pytest.mark.parametrize(
    ("told", "life"),
    [(None, 600), ("3599", 3599), (3599.0, 3599), (10**9, 86_400)],
)
def test_the_life_of_an_access_token(told: object, life: int) -> None:
    """It is only recommended to say it (RFC 6749 section 5.1); then the token is refreshed soon."""
    assert exchanged(ELSEWHERE, expires_in=told).expires_at == NOW + timedelta(seconds=life)


def test_a_consent_address_with_a_query() -> None:
    """What was configured stays, and ours is added."""
    registration = GoogleRegistration(
        client_id="client", client_secret="secret", auth_uri="http://google.example/auth?realm=1"
    )
    asked = ConsentRequest(state="s", challenge="c", redirect_uri="https://x/oauth_callback")
    query = parse_qs(urlsplit(GoogleAuthorizer(registration).authorize_url(asked)).query)

    assert (query["realm"], query["redirect_uri"]) == (["1"], ["https://x/oauth_callback"])


def refusal(status: int, error: object) -> type[Exception]:
    body = json.dumps({"error": error}).encode()
    return type(error_for(read_refusal(status, {}, body, conditional=False)))


@pytest.mark.parametrize(
    ("status", "word", "reaction"),
    [(404, "NOT_FOUND", CalendarGone), (409, "ALREADY_EXISTS", Conflict), (410, "", CursorExpired)],
)
def test_refusals_that_name_no_reason(status: int, word: str, reaction: type[Exception]) -> None:
    """The newer shape may hold a code and a status alone: https://google.aip.dev/193."""
    assert refusal(status, {"code": status, "message": "m", "status": word}) is reaction
    assert refusal(status, {"code": status, "message": "m"}) is reaction
    assert refusal(status, {"code": status, "errors": [{"reason": "new"}]}) is UnexpectedReply


class Answering(httplib2.Http):
    """A connection whose other side always says the same."""

    def __init__(self, status: int, body: object) -> None:
        super().__init__()
        self.said = httplib2.Response({"status": str(status)}), json.dumps(body).encode()

    def request(self, *_: Any, **__: Any) -> tuple[httplib2.Response, bytes]:
        return self.said


def google(status: int, body: object) -> GoogleCalendar:
    return GoogleCalendar(GoogleClient(http_factory=lambda _: Answering(status, body)))


@pytest.mark.pitfall(1)
def test_a_bare_410_ends_a_sync_token_and_proves_a_deletion() -> None:
    """Of a listing it says that the token is too old, of an event that it is gone (pitfall 1)."""
    gone = google(410, {"error": {"code": 410, "message": "Gone"}})

    with pytest.raises(CursorExpired):
        gone.changes("token", CALENDAR, FEED, detail=Detail.FULL)
    gone.delete_event("token", CALENDAR, "e1", notify=False)
    assert gone.get_event("token", CALENDAR, "e1", detail=Detail.FULL) == Gone("e1")


def test_a_bare_404_proves_nothing() -> None:
    """It also means "no access", so the calendar is asked, and that one is out of reach as well."""
    with pytest.raises(CalendarGone):
        google(404, {"error": {"code": 404}}).delete_event("token", CALENDAR, "e1", notify=False)


@pytest.mark.parametrize(("item", "role"), [({"primary": True}, AccessRole.OWNER), ({}, AccessRole.NONE)])
def test_a_calendar_without_a_role(item: dict[str, Any], role: AccessRole) -> None:
    """A primary calendar is its account's own; of any other one nothing is assumed."""
    entry = calendar_of({"id": "ada@example.com", **item})

    assert entry is not None
    assert entry.role is role
