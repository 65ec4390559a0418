"""Google's OAuth endpoints: consent with PKCE, tokens, and giving a grant back."""

from __future__ import annotations

import json
from base64 import urlsafe_b64decode
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests

from common.domain.calendar.connection import Grant, ProviderKind
from common.errors import (
    GrantDoubted,
    GrantRevoked,
    OperatorFault,
    ProviderUnavailable,
    RateLimited,
    SyncError,
    UnexpectedReply,
)
from common.ports.provider import ConsentRequest
from common.providers.answers import granted_scopes, required_text, retry_after, text_of

_PREFIX = "https://www.googleapis.com/auth/"
_LIST = f"{_PREFIX}calendar.calendarlist.readonly"
_EVENTS = f"{_PREFIX}calendar.events"
_WHOLE = f"{_PREFIX}calendar"
# Each needed scope with those that include it: "Minimal scopes" of the discovery document.
NEEDED: Mapping[str, frozenset[str]] = {
    _LIST: frozenset(
        {_LIST, f"{_PREFIX}calendar.calendarlist", f"{_PREFIX}calendar.readonly", _WHOLE},
    ),
    _EVENTS: frozenset({_EVENTS, _WHOLE}),
}
ISSUER = "https://accounts.google.com"
_GOOGLE = frozenset({"oauth2.googleapis.com", "accounts.google.com", "www.googleapis.com"})
OPTIONAL = (f"{_PREFIX}calendar.app.created", f"{_PREFIX}calendar.freebusy")
SCOPES = ("openid", "email", _LIST, _EVENTS, *OPTIONAL)
# Making a calendar needs one of these: "calendars.insert" of the discovery document.
_MAKING = frozenset({f"{_PREFIX}calendar.app.created", f"{_PREFIX}calendar.calendars", _WHOLE})
# https://www.rfc-editor.org/rfc/rfc6749#section-5.2 and
# https://developers.google.com/identity/protocols/oauth2/web-server (errors of the authorization)
_DEAD = ("invalid_grant", "admin_policy_enforced")
_AGAIN = ("invalid_rapt", "rapt_required", "consent_required", "interaction_required", "login_required")
# These refuse a consent. Nowhere is it said that a refresh is ever answered with them, so there they prove
# nothing.
DOUBTED = frozenset({"access_denied", "org_internal", "disallowed_useragent"})
_OURS = ("invalid_client", "unauthorized_client", "deleted_client", "disabled_client", "invalid_scope")
_SETUP = ("redirect_uri_mismatch", "unsupported_grant_type", "unsupported_response_type")
REFUSALS: Mapping[str, type[SyncError]] = {
    **dict.fromkeys((*_DEAD, *_AGAIN, *DOUBTED), GrantRevoked),
    **dict.fromkeys((*_OURS, *_SETUP), OperatorFault),
    **dict.fromkeys(("server_error", "temporarily_unavailable", "internal_failure"), ProviderUnavailable),
    **dict.fromkeys(("rate_limit_exceeded", "slow_down"), RateLimited),
}


@dataclass(frozen=True, slots=True)
class GoogleRegistration:
    """Our client at Google, and where Google's OAuth endpoints are."""

    client_id: str
    client_secret: str = field(repr=False)
    auth_uri: str = "https://accounts.google.com/o/oauth2/v2/auth"
    token_uri: str = "https://oauth2.googleapis.com/token"  # noqa: S105 (an address)
    revoke_uri: str = "https://oauth2.googleapis.com/revoke"
    issuer: str = ISSUER

    @property
    def expected_issuer(self) -> str | None:
        """Who must have issued what comes back; None at another server that was given no name."""
        return self.issuer or (ISSUER if urlsplit(self.token_uri).netloc in _GOOGLE else None)


class GoogleAuthorizer:
    """Google's OAuth endpoints; see ``Authorizer``."""

    kind: ProviderKind = ProviderKind.GOOGLE

    def __init__(
        self,
        registration: GoogleRegistration,
        *,
        session: requests.Session | None = None,
        timeout: float = 10.0,
    ) -> None:
        """``timeout`` bounds the connection and every wait for the answer, each in seconds."""
        self._registration = registration
        self._session = session or requests.Session()
        # One session serves all accounts: it must not carry anything from one to the next.
        self._session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._timeout = min(timeout, 20.0)

    @property
    def issuer(self) -> str | None:
        """What ``iss`` of a callback must be: https://www.rfc-editor.org/rfc/rfc9207."""
        return self._registration.expected_issuer

    def authorize_url(self, request: ConsentRequest) -> str:
        """Where the person's browser goes to consent; ``prompt=consent`` makes a refresh token sure."""
        hint = {"login_hint": request.login_hint} if request.login_hint else {}
        asked = {
            "client_id": self._registration.client_id,
            "redirect_uri": request.redirect_uri,
            "response_type": "code",
            "scope": " ".join(SCOPES),
            "state": request.state,
            "code_challenge": request.challenge,
            "code_challenge_method": "S256",
            "access_type": "offline",
            "prompt": "consent",
            **hint,
        }
        address = self._registration.auth_uri
        return f"{address}{'&' if urlsplit(address).query else '?'}{urlencode(asked)}"

    def missing_scopes(self, grant: Grant) -> tuple[str, ...]:
        """The needed scopes that neither themselves nor by a broader one were given."""
        given = frozenset(grant.scopes)
        return tuple(scope for scope, enough in NEEDED.items() if not given & enough)

    def can_make_calendars(self, scopes: Collection[str]) -> bool:
        """Whether these scopes allow a calendar of our own; nobody has to give that permission."""
        return bool(_MAKING.intersection(scopes))

    def exchange(self, *, code: str, verifier: str, redirect_uri: str, now: datetime) -> Grant:
        """The grant behind an authorization code; without refresh token where Google sends none."""
        reply = self._post_grant(
            {
                "grant_type": "authorization_code",
                "code": code,
                "code_verifier": verifier,
                "redirect_uri": redirect_uri,
            }
        )
        person = self._person(reply, now)
        return Grant(
            access_token=required_text(reply, "access_token"),
            refresh_token=text_of(reply, "refresh_token"),
            expires_at=now + lifetime(reply),
            scopes=granted_scopes(reply) or SCOPES,
            account=person.account,
            identity=person.identity,
        )

    def refresh(self, grant: Grant, *, now: datetime) -> Grant:
        """A grant with a fresh access token; what Google does not send again stays."""
        if not grant.refresh_token:
            raise GrantRevoked("there is no refresh token", code="no_refresh_token")
        reply = self._post_grant(
            {"grant_type": "refresh_token", "refresh_token": grant.refresh_token}, doubted=DOUBTED
        )
        return replace(
            grant,
            access_token=required_text(reply, "access_token"),
            refresh_token=text_of(reply, "refresh_token") or grant.refresh_token,
            expires_at=now + lifetime(reply),
            scopes=granted_scopes(reply) or grant.scopes,
            # Grants of before this was kept: whose it is comes with the next refresh.
            identity=grant.identity or self._person(reply, now).identity,
        )

    def revoke(self, grant: Grant) -> bool:
        """Give back everything that this person granted us; a refresh token that is dead already is fine.

        An access token that has ended is refused in the same way while the grant lives on: without a refresh
        token a refusal proves nothing, and the access is still listed at Google.
        https://developers.google.com/identity/protocols/oauth2/web-server#tokenrevoke
        """
        answer = self._post(
            self._registration.revoke_uri, {"token": grant.refresh_token or grant.access_token}
        )
        if answer.status_code == HTTPStatus.OK:
            return True
        if answer.status_code == HTTPStatus.BAD_REQUEST and _error(answer) == "invalid_token":
            return grant.refresh_token is not None
        raise _refusal(answer)

    def _person(self, reply: Mapping[str, Any], now: datetime) -> Person:
        return person_of(reply, client_id=self._registration.client_id, issuer=self.issuer, now=now)

    def _post_grant(self, form: Mapping[str, str], *, doubted: Collection[str] = ()) -> Mapping[str, Any]:
        client = {
            "client_id": self._registration.client_id,
            "client_secret": self._registration.client_secret,
        }
        answer = self._post(self._registration.token_uri, {**form, **client})
        if answer.status_code != HTTPStatus.OK:
            raise _refusal(answer, doubted=doubted)
        reply = _body(answer)
        if not isinstance(reply, dict):
            raise ProviderUnavailable("Google's answer is not whole", code="unreadable_reply")
        return reply

    def _post(self, address: str, form: Mapping[str, str]) -> requests.Response:
        try:
            return self._session.post(address, data=form, timeout=self._timeout, allow_redirects=False)
        # Without the cause: it can hold the request, and with it the code or the token.
        except requests.RequestException:
            raise ProviderUnavailable("Google's OAuth endpoint could not be reached") from None


def _refusal(answer: requests.Response, *, doubted: Collection[str] = ()) -> SyncError:
    word, wait = _error(answer), retry_after(answer.headers)
    kind = REFUSALS.get(word)
    if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS or kind is RateLimited:
        return RateLimited("Google's OAuth endpoint limits us", retry_after=wait)
    if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR or kind is ProviderUnavailable:
        return ProviderUnavailable(f"Google's OAuth endpoint answered {answer.status_code}", retry_after=wait)
    if word in doubted:
        return GrantDoubted(f"Google refused the grant ({word})", code=word, retry_after=wait)
    if kind is None:
        return UnexpectedReply(f"Google's OAuth endpoint answered {answer.status_code}")
    return kind(f"Google refused the grant ({word})", code=word)


def _body(answer: requests.Response) -> object:
    try:
        return answer.json()
    except (ValueError, RecursionError):
        return None


def _error(answer: requests.Response) -> str:
    body = _body(answer)
    return (text_of(body, "error") or "") if isinstance(body, dict) else ""


_ASSUMED_LIFE = timedelta(minutes=10)
_LONGEST_LIFE = 86_400


def lifetime(reply: Mapping[str, Any]) -> timedelta:
    """How long the access token lives; it is only recommended to say so (RFC 6749 section 5.1).

    Raises:
        UnexpectedReply: It is no number of seconds.
    """
    told = reply.get("expires_in")
    if told is None:
        return _ASSUMED_LIFE
    try:
        seconds = int(told)
    except (OverflowError, TypeError, ValueError):
        seconds = -1
    if seconds < 0:
        raise UnexpectedReply("a token answer with an odd expires_in")
    return timedelta(seconds=min(seconds, _LONGEST_LIFE))


@dataclass(frozen=True, slots=True)
class Person:
    """Who consented: the verified address, else the subject; and the subject, which stays for good.

    https://developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload
    """

    account: str | None = field(default=None, repr=False)
    identity: str | None = field(default=None, repr=False)


def person_of(reply: Mapping[str, Any], *, client_id: str, issuer: str | None, now: datetime) -> Person:
    """Who consented; nobody where no ID token came.

    The token came over TLS straight from the token endpoint, which stands in for its signature:
    https://openid.net/specs/openid-connect-core-1_0.html#IDTokenValidation (point 6).

    Raises:
        UnexpectedReply: The ID token is not for us, or of somebody else than ``issuer``.
    """
    id_token = text_of(reply, "id_token")
    if id_token is None:
        return Person()
    claims = _claims(id_token)
    expires, audience = claims.get("exp"), claims.get("aud")
    issued = issuer is None or claims.get("iss") in {issuer, issuer.removeprefix("https://")}
    ours = client_id in (audience if isinstance(audience, list) else [audience])
    if not (issued and ours and isinstance(expires, int | float) and expires > now.timestamp()):
        raise UnexpectedReply("an ID token that is not for us", code="id_token")
    verified = claims.get("email_verified") is True
    subject = text_of(claims, "sub")
    return Person((text_of(claims, "email") if verified else None) or subject, subject)


def _claims(id_token: str) -> Mapping[str, Any]:
    try:
        payload = id_token.split(".")[1]
        claims = json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (IndexError, ValueError, RecursionError):
        claims = None
    if not isinstance(claims, dict):
        raise UnexpectedReply("an ID token that cannot be read", code="id_token")
    return claims
