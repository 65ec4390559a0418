"""Carries msal's requests to the identity platform, and says what a failed one means before msal sees it."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode

import requests
from msal.application import ConfidentialClientApplication
from msal.token_cache import TokenCache

from common.domain.calendar.connection import Grant, ProviderKind
from common.domain.connect.consent import challenge
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
from common.providers import answers
from common.providers.answers import parsed_json, required_text, retry_after, text_of
from common.providers.microsoft.client import forgetful

ORIGIN = "https://login.microsoftonline.com"
# Below WARNING the library logs addresses and accounts.
logging.getLogger("msal").setLevel(logging.WARNING)


class LoginClient:
    """The ``http_client`` of msal: one session, a time-out on every call, no redirects, no second attempt.

    msal insists on https addresses, so whatever stands in for ``ORIGIN`` takes its place here. Its discovery
    document is read once; msal asks for it with every new application object.
    """

    def __init__(self, session: requests.Session, *, stand_in: str, timeout: float) -> None:
        self._stand_in = stand_in.rstrip("/")
        self._session = forgetful(session, home=self.moved(f"{ORIGIN}/"))
        self._timeout = timeout
        self._documents: dict[str, requests.Response] = {}

    def moved(self, address: str) -> str:
        """An address of the identity platform, at whatever stands in for it."""
        if self._stand_in and address.startswith(f"{ORIGIN}/"):
            return f"{self._stand_in}{address.removeprefix(ORIGIN)}"
        return address

    def get(self, url: str, **sent: Any) -> requests.Response:
        """A document that hardly ever changes."""
        if url not in self._documents:
            answer = self._whole("GET", url, **sent)
            if answer.status_code != HTTPStatus.OK:
                return answer
            self._documents[url] = answer
        return self._documents[url]

    def post(self, url: str, **sent: Any) -> requests.Response:
        """A request for tokens."""
        return self._whole("POST", url, **sent)

    def close(self) -> None:
        """Close the connections that are open and idle."""
        self._session.close()

    def _whole(self, method: str, url: str, **sent: Any) -> requests.Response:
        """An answer that msal can read: it logs what it cannot, and that may hold a token.

        Raises:
            RateLimited: The identity platform limits us.
            ProviderUnavailable: It could not be reached, or failed on its side.
        """
        sent |= {"timeout": self._timeout, "allow_redirects": False}
        try:
            answer = self._session.request(method, self.moved(url), **sent)
        # Without the cause: it can hold the request, and with it the code or the token.
        except requests.RequestException:
            raise ProviderUnavailable("Microsoft's sign-in could not be reached") from None
        wait = retry_after(answer.headers)
        if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS:
            raise RateLimited("Microsoft's sign-in limits us", retry_after=wait)
        if answer.status_code >= HTTPStatus.INTERNAL_SERVER_ERROR:
            text = f"Microsoft's sign-in answered {answer.status_code}"
            raise ProviderUnavailable(text, retry_after=wait)
        if not isinstance(parsed_json(answer.content), dict):
            raise ProviderUnavailable("Microsoft's answer is not whole", code="unreadable_reply")
        return answer


class _Forgetful(TokenCache):
    """Keeps nothing: grants live encrypted in the store, and nowhere else."""

    def add(self, event: object, now: int | None = None) -> None:
        """Forget it."""


# msal has no annotations.
_APPLICATION: Any = ConfidentialClientApplication
_CACHE: Any = _Forgetful


def application(client: LoginClient, *, authority: str, client_id: str, client_secret: str) -> Any:
    """The object of msal for one call: an older one would repeat from memory what others were refused.

    Raises:
        OperatorFault: The authority is none.
    """
    try:
        return _APPLICATION(
            client_id,
            client_credential=client_secret,
            authority=authority,
            instance_discovery=False,
            http_client=client,
            token_cache=_CACHE(),
        )
    except (ValueError, KeyError):
        raise OperatorFault("there is no such authority", code="authority") from None


RESOURCE = "https://graph.microsoft.com/"
_LONGEST_LIFE = 86_400


def claims_of(reply: Mapping[str, Any], *, client_id: str, now: datetime) -> Mapping[str, Any]:
    """What the ID token says; nothing where none came.

    The token came over TLS straight from the token endpoint, which stands in for its signature:
    https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference
    """
    claims = reply.get("id_token_claims")
    if not isinstance(claims, dict):
        return {}
    expires = claims.get("exp")
    ours = claims.get("aud") == client_id
    if not (ours and isinstance(expires, int | float) and expires > now.timestamp()):
        raise UnexpectedReply("an ID token that is not for us", code="id_token")
    return claims


def identity(claims: Mapping[str, Any]) -> str | None:
    """Tenant and object, which a new name leaves as they are; the name itself must never identify anybody.

    Personal accounts share one tenant, and have an object in it as well; where none is told, ``sub`` names
    the person to our application: https://learn.microsoft.com/entra/identity-platform/id-token-claims-reference
    """
    tenant, person = text_of(claims, "tid"), text_of(claims, "oid") or text_of(claims, "sub")
    return f"{tenant}/{person}" if tenant and person else None


def lifetime(reply: Mapping[str, Any]) -> timedelta:
    """How long the access token lives."""
    seconds = reply.get("expires_in")
    if not isinstance(seconds, int) or seconds < 0:
        raise UnexpectedReply("a token answer without expires_in")
    return timedelta(seconds=min(seconds, _LONGEST_LIFE))


def scopes(reply: Mapping[str, Any]) -> tuple[str, ...]:
    """What was given, by the short names: Graph is the resource of whatever names none."""
    return tuple(name.removeprefix(RESOURCE) for name in answers.granted_scopes(reply))


# https://learn.microsoft.com/graph/permissions-reference; reading is asked for beside writing, because
# subscriptions were once documented to need exactly that.
READ, WRITE = "Calendars.Read", "Calendars.ReadWrite"
# An administrator may have given the second, which nobody is asked for: it tells the mailbox's zone.
_USED = ("Calendars.", "MailboxSettings.")
# Each needed permission with those that include it.
NEEDED: Mapping[str, frozenset[str]] = {WRITE: frozenset({WRITE, f"{WRITE}.Shared"})}
# msal adds the others by itself, and refuses to be told.
PERMISSIONS = (READ, WRITE)
SCOPES = ("openid", "profile", "offline_access", *PERMISSIONS)
# https://learn.microsoft.com/entra/identity-platform/reference-error-codes: ``error`` decides. Only the first
# line ends a connection; everything else is ours to mend, or passes.
_DEAD = ("invalid_grant", "interaction_required", "consent_required", "login_required", "access_denied")
_OURS = ("invalid_client", "unauthorized_client", "invalid_scope", "invalid_resource", "invalid_request")
_SETUP = ("unsupported_grant_type", "unsupported_response_type", "invalid_tenant")
REFUSALS: Mapping[str, type[SyncError]] = {
    **dict.fromkeys(_DEAD, GrantRevoked),
    **dict.fromkeys((*_OURS, *_SETUP), OperatorFault),
    **dict.fromkeys(("server_error", "temporarily_unavailable"), ProviderUnavailable),
    **dict.fromkeys(("slow_down",), RateLimited),
}
# Numbers only where the word alone would blame the wrong one, or leave out who can help.
_SECRETS = (70002, 7000215, 7000218, 7000222, 700027)
_REGISTRATION = (500011, 650056, 650057, 50194, 700016)
_PASSING = (40010, 50033, 50087, 50088, 70012, 80005, 90006, 90012, 90024, 90033, 90055)
# With these "invalid_grant" is the last word: what has expired, was revoked or is forbidden by a policy does
# not come back without a new sign-in. Other numbers have passed by themselves (70000 did, for personal
# accounts), and new ones are made without notice: they end a grant only after a day.
FINAL = frozenset(
    {
        *(50020, 50034, 50055, 50057, 50072, 50074, 50076, 50078, 50079, 50089, 50097, 50105, 50129),
        *(50132, 50133, 50158, 50173, 53000, 53001, 53002, 53003, 53004, 65001, 65004, 70008, 70043),
        *(90094, 90095, 135011, 500341, 700003, 700081, 700082, 700084),
    }
)
NUMBERS: Mapping[int, tuple[type[SyncError], str | None]] = {
    **dict.fromkeys((65001, 90094, 90095), (GrantRevoked, "consent_required")),
    65004: (GrantRevoked, "access_denied"),
    700084: (GrantRevoked, "spa_redirect"),
    50105: (GrantRevoked, "admin_policy_enforced"),
    50196: (RateLimited, "client_loop"),
    **dict.fromkeys((*_SECRETS, *_REGISTRATION), (OperatorFault, None)),
    **dict.fromkeys(_PASSING, (ProviderUnavailable, None)),
}


@dataclass(frozen=True, slots=True)
class MicrosoftRegistration:
    """Our application at Microsoft, and where the identity platform is."""

    client_id: str
    client_secret: str = field(repr=False)
    authority: str = f"{ORIGIN}/common"
    login_endpoint: str = ""


class MicrosoftAuthorizer:
    """Microsoft's OAuth endpoints; see ``Authorizer``."""

    kind: ProviderKind = ProviderKind.MICROSOFT

    def __init__(
        self,
        registration: MicrosoftRegistration,
        *,
        session: requests.Session | None = None,
        timeout: float = 10.0,
    ) -> None:
        """``timeout`` bounds the connection and every wait for the answer, each in seconds."""
        self._registration = registration
        stand_in = registration.login_endpoint
        self._login = LoginClient(
            session or requests.Session(), stand_in=stand_in, timeout=min(timeout, 20.0)
        )

    @property
    def issuer(self) -> str | None:
        """None: callbacks do not name their issuer, and every tenant is one."""
        return None

    def authorize_url(self, request: ConsentRequest) -> str:
        """Where the person's browser goes to consent, with the account already chosen where one is known.

        https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow
        """
        known = {"login_hint": request.login_hint} if request.login_hint else {"prompt": "select_account"}
        asked = {
            "client_id": self._registration.client_id,
            "redirect_uri": request.redirect_uri,
            "response_type": "code",
            "response_mode": "query",
            "scope": " ".join(SCOPES),
            "state": request.state,
            "code_challenge": request.challenge,
            "code_challenge_method": "S256",
            "nonce": _hashed(_nonce(request.challenge)),
            **known,
        }
        return f"{self._login.moved(self._registration.authority)}/oauth2/v2.0/authorize?{urlencode(asked)}"

    def missing_scopes(self, grant: Grant) -> tuple[str, ...]:
        """The needed permissions that neither themselves nor by a broader one were given."""
        given = frozenset(grant.scopes)
        return tuple(scope for scope, enough in NEEDED.items() if not given & enough)

    def can_make_calendars(self, scopes: Collection[str]) -> bool:  # noqa: ARG002
        """Always: the permission to write, without which nothing works, includes it."""
        return True

    def exchange(self, *, code: str, verifier: str, redirect_uri: str, now: datetime) -> Grant:
        """The grant behind an authorization code; the ID token must be of the consent that we began."""
        # What msal calls a flow; its state was checked when the browser came back.
        flow = {
            "state": "checked",
            "redirect_uri": redirect_uri,
            "scope": list(SCOPES),
            "code_verifier": verifier,
            "nonce": _nonce(challenge(verifier)),
            "claims_challenge": None,
        }
        reply = self._asked("acquire_token_by_auth_code_flow", flow, {"state": "checked", "code": code})
        claims = self._claims(reply, now)
        return Grant(
            access_token=required_text(reply, "access_token"),
            refresh_token=text_of(reply, "refresh_token"),
            expires_at=now + lifetime(reply),
            scopes=scopes(reply) or PERMISSIONS,
            account=text_of(claims, "preferred_username") or identity(claims),
            identity=identity(claims),
        )

    def refresh(self, grant: Grant, *, now: datetime) -> Grant:
        """A grant with a fresh access token; what Microsoft does not send again stays."""
        if not grant.refresh_token:
            raise GrantRevoked("there is no refresh token", code="no_refresh_token")
        # No more than was given: whoever asks for more has to consent again.
        given = [name for name in grant.scopes if name.startswith(_USED)] or list(PERMISSIONS)
        reply = self._asked("acquire_token_by_refresh_token", grant.refresh_token, given, final=FINAL)
        return replace(
            grant,
            access_token=required_text(reply, "access_token"),
            refresh_token=text_of(reply, "refresh_token") or grant.refresh_token,
            expires_at=now + lifetime(reply),
            scopes=scopes(reply) or grant.scopes,
            # Grants of before this was kept: whose it is comes with the next refresh.
            identity=grant.identity or identity(self._claims(reply, now)),
        )

    def revoke(self, grant: Grant) -> bool:  # noqa: ARG002
        """Nothing, and says so: Microsoft has no call that ends one application's grant.

        What there is signs the person out of everything. People end a grant themselves, at
        https://myapps.microsoft.com or https://account.live.com/consent/Manage.
        """
        return False

    def _asked(self, call: str, *given: object, final: Collection[int] | None = None) -> Mapping[str, Any]:
        ours = self._registration
        app = application(
            self._login,
            authority=ours.authority,
            client_id=ours.client_id,
            client_secret=ours.client_secret,
        )
        try:
            reply = getattr(app, call)(*given)
        # What msal raises over an ID token shows its claims.
        except (RuntimeError, ValueError, LookupError, TypeError, AttributeError):
            raise UnexpectedReply("an ID token that is not for us", code="id_token") from None
        if "error" in reply:
            raise refusal(reply, final=final)
        return dict(reply)

    def _claims(self, reply: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
        return claims_of(reply, client_id=self._registration.client_id, now=now)


def _nonce(challenged: str) -> str:
    """Follows from the verifier that the server keeps, so that it need not be kept as well."""
    return f"nonce-{challenged}"


def _hashed(nonce: str) -> str:
    return hashlib.sha256(nonce.encode()).hexdigest()


# Words that do not say whether the grant is dead or was refused this once.
_UNCLEAR = frozenset({"invalid_grant", "access_denied"})


def refusal(reply: Mapping[str, Any], *, final: Collection[int] | None = None) -> SyncError:
    """The error for a refusal of the token endpoint, by number where one says more, else by word.

    Args:
        reply: What msal returned.
        final: The numbers with which an unclear word ends a grant; None where none is at stake.
    """
    word, listed = text_of(reply, "error") or "", reply.get("error_codes")
    numbers = [one for one in listed if isinstance(one, int)] if isinstance(listed, list) else []
    kind, code = next(
        (NUMBERS[one] for one in numbers if one in NUMBERS), (REFUSALS.get(word, UnexpectedReply), None)
    )
    unclear = kind is GrantRevoked and word in _UNCLEAR
    if final is not None and unclear and not set(final).intersection(numbers):
        kind, code = GrantDoubted, word
    named = word if word in REFUSALS else "another reason"
    told = f"Microsoft refused ({named}, {', '.join(f'AADSTS{one}' for one in numbers) or 'no number'})"
    return kind(
        told, code=code or (word if kind in {GrantRevoked, OperatorFault} and word in REFUSALS else None)
    )
