"""Microsoft's identity platform: consent with PKCE, and tokens through msal, which keeps none of them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import requests

from common.domain.account import Grant, ProviderKind
from common.domain.consent import challenge
from common.errors import (
    GrantRevoked,
    OperatorFault,
    ProviderUnavailable,
    RateLimited,
    SyncError,
    UnexpectedReply,
)
from common.ports.provider import ConsentRequest
from common.providers.microsoft.login import ORIGIN, LoginClient, application
from common.providers.microsoft.tokens import claims_of, identity, lifetime, scopes
from common.providers.tokens import required, text

# https://learn.microsoft.com/graph/permissions-reference; reading is asked for beside writing, because
# subscriptions were once documented to need exactly that.
READ, WRITE = "Calendars.Read", "Calendars.ReadWrite"
_CALENDARS = "Calendars."
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
_PASSING = (90033, 90024, 90012, 90006, 50087, 90055)
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
            access_token=required(reply, "access_token"),
            refresh_token=text(reply, "refresh_token"),
            expires_at=now + lifetime(reply),
            scopes=scopes(reply) or PERMISSIONS,
            account=text(claims, "preferred_username") or identity(claims),
            identity=identity(claims),
        )

    def refresh(self, grant: Grant, *, now: datetime) -> Grant:
        """A grant with a fresh access token; what Microsoft does not send again stays."""
        if not grant.refresh_token:
            raise GrantRevoked("there is no refresh token", code="no_refresh_token")
        # No more than was given: whoever asks for more has to consent again.
        given = [name for name in grant.scopes if name.startswith(_CALENDARS)] or list(PERMISSIONS)
        reply = self._asked("acquire_token_by_refresh_token", grant.refresh_token, given)
        return replace(
            grant,
            access_token=required(reply, "access_token"),
            refresh_token=text(reply, "refresh_token") or grant.refresh_token,
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

    def _asked(self, call: str, *given: object) -> Mapping[str, Any]:
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
            raise refusal(reply)
        return dict(reply)

    def _claims(self, reply: Mapping[str, Any], now: datetime) -> Mapping[str, Any]:
        return claims_of(reply, client_id=self._registration.client_id, now=now)


def _nonce(challenged: str) -> str:
    """Follows from the verifier that the server keeps, so that it need not be kept as well."""
    return f"nonce-{challenged}"


def _hashed(nonce: str) -> str:
    return hashlib.sha256(nonce.encode()).hexdigest()


def refusal(reply: Mapping[str, Any]) -> SyncError:
    """The error for a refusal of the token endpoint, by number where one says more, else by word."""
    word, listed = text(reply, "error") or "", reply.get("error_codes")
    numbers = [one for one in listed if isinstance(one, int)] if isinstance(listed, list) else []
    kind, code = next(
        (NUMBERS[one] for one in numbers if one in NUMBERS), (REFUSALS.get(word, UnexpectedReply), None)
    )
    named = word if word in REFUSALS else "another reason"
    told = f"Microsoft refused ({named}, {', '.join(f'AADSTS{one}' for one in numbers) or 'no number'})"
    return kind(
        told, code=code or (word if kind in {GrantRevoked, OperatorFault} and word in REFUSALS else None)
    )
