"""Consents, authorization codes and tokens: how they are given, refreshed and refused, by AADSTS numbers."""

import base64
import hashlib
import secrets
from dataclasses import dataclass

from local.microsoft import ids
from local.microsoft.errors import Json, SignInError, token_invalid
from local.microsoft.model import AccessToken, Account, App, AuthorizationCode, Caller, RefreshToken
from local.microsoft.oauth import scopes
from local.microsoft.oauth.id_tokens import IdTokenSigner, client_info
from local.microsoft.state import State

# https://learn.microsoft.com/entra/identity-platform/reference-error-codes: number -> error, suberror, text
# (docs/provider-facts.md, M142, M143, M148, M150). What passes by itself is in PASSING (M144); 70000 is final
# for some and passes for others (M145): `refuse_refresh` says how often.
REFUSALS = {
    50173: (
        "invalid_grant",
        "",
        "FreshTokenNeeded - The provided grant has expired due to it being revoked.",
    ),
    700082: ("invalid_grant", "", "The refresh token has expired due to inactivity."),
    70008: ("invalid_grant", "", "The provided authorization code or refresh token has expired."),
    70000: ("invalid_grant", "", "The grant is not valid."),
    70043: ("invalid_grant", "bad_token", "The refresh token has expired due to sign-in frequency checks."),
    65001: (
        "invalid_grant",
        "consent_required",
        "The user or administrator has not consented to use the app.",
    ),
    65004: ("access_denied", "", "User declined to consent to access the app."),
    50057: ("invalid_grant", "", "The user account is disabled."),
    50076: ("interaction_required", "basic_action", "You must use multi-factor authentication."),
    50079: ("interaction_required", "basic_action", "You must enroll in multi-factor authentication."),
    53003: (
        "interaction_required",
        "message_only",
        "Access has been blocked by Conditional Access policies.",
    ),
    50105: ("interaction_required", "", "The signed in user is not assigned to a role for the application."),
    50020: ("invalid_grant", "", "The user account does not exist in the tenant."),
    7000215: ("invalid_client", "", "Invalid client secret provided."),
    7000222: ("invalid_client", "", "The provided client secret keys are expired."),
    90033: ("temporarily_unavailable", "", "A transient error has occurred. Please try again."),
    90012: ("temporarily_unavailable", "", "The request timed out."),
    50196: (
        "invalid_request",
        "",
        "The server terminated an operation because it encountered a client loop.",
    ),
}
# Fact M144: "try again". The word that goes with them is not documented for all; the least helpful is taken.
PASSING = {
    50033: ("invalid_grant", "RetryableError - a transient error that is not related to the operation."),
    50088: ("invalid_grant", "Limit on telecom MFA calls reached. Please try again in a few minutes."),
    70012: ("invalid_grant", "A server error occurred while authenticating an MSA (consumer) user."),
    40010: ("temporarily_unavailable", "A retryable error has occurred."),
    80005: ("temporarily_unavailable", "The authentication agent processed the request too slowly."),
    90006: ("temporarily_unavailable", "The service is temporarily unavailable."),
    90024: ("temporarily_unavailable", "A transient error has occurred. Please try again."),
    50087: ("temporarily_unavailable", "A transient error has occurred during strong authentication."),
    90055: ("temporarily_unavailable", "There are too many requests."),
}
REFUSALS |= {code: (word, "", text) for code, (word, text) in PASSING.items()}
CLAIMS_CHALLENGE = (
    '{"access_token":{"capolids":{"essential":true,"values":["c03a1b7a-2c4e-4a8e-9f0b-6d1d1c3f7a55"]}}}'
)
WITH_CLAIMS_CHALLENGE = frozenset({50076, 50079, 53003})


def sign_in_error(code: int, *, error: str = "", suberror: str = "", claims: str = "") -> SignInError:
    """The error with this AADSTS number."""
    known = REFUSALS.get(code, ("invalid_grant", "", "The request was refused."))
    return SignInError(
        error or known[0],
        code=code,
        text=known[2],
        status=401 if known[0] == "invalid_client" else 400,
        suberror=suberror or known[1],
        claims=claims or (CLAIMS_CHALLENGE if code in WITH_CLAIMS_CHALLENGE else ""),
    )


@dataclass(slots=True)
class ScriptedRefusal:
    """An error for an account's next refreshes: `times` of them, or all if it is 0."""

    error: SignInError
    times: int


class Grants:
    """Every consent, authorization code and token of the simulator."""

    def __init__(self, state: State, signer: IdTokenSigner) -> None:
        self._state = state
        self._signer = signer
        self.codes: dict[str, AuthorizationCode] = {}
        self.refresh_tokens: dict[str, RefreshToken] = {}
        self.access_tokens: dict[str, AccessToken] = {}
        self.consents: dict[tuple[str, str], list[str]] = {}
        self.refused: dict[str, ScriptedRefusal] = {}
        self.conditional: dict[str, int] = {}
        self.outages: set[str] = set()

    def caller(self, header: str) -> Caller:
        """Return who the access token of a Graph request stands for.

        401 if it is missing, unknown or expired, also in the middle of a delta round (fact M22), and in an
        outage for every token (M147).
        """
        kind, _, text = header.partition(" ")
        if kind.lower() != "bearer" or not text.strip():
            raise token_invalid("Access token is empty.")
        token = self.access_tokens.get(text.strip())
        if token is None:
            raise token_invalid("CompactToken parsing failed with error code: 80049217")
        if token.expires <= self._state.now():
            raise token_invalid("Lifetime validation failed, the token is expired.")
        if self.outages & {"", token.account}:
            raise token_invalid("Signing key is invalid.")
        return Caller(token.account, token.app, token.scopes)

    def authorize(self, parameters: Json, app: App, account: str, granted: list[str]) -> str:
        """Record a consent, and return the authorization code for the redirect."""
        held = self.consents.setdefault((account, app.id), [])
        held.extend(name for name in granted if name not in held)
        code = f"{'M.C' if self._state.accounts[account].personal else '1.'}{secrets.token_urlsafe(48)}"
        self.codes[code] = AuthorizationCode(
            code,
            account,
            app.id,
            parameters["redirect_uri"],
            tuple(granted),
            parameters.get("code_challenge", ""),
            parameters.get("nonce", ""),
            self._state.now() + self._state.settings.code_life,
        )
        return code

    def token(self, form: Json) -> Json:
        """Answer the token endpoint: exchange an authorization code, or use a refresh token.

        Each use gives a new refresh token, and the old one lives on (fact M140).
        https://learn.microsoft.com/entra/identity-platform/refresh-tokens
        """
        app = self._app(form)
        kind = form.get("grant_type")
        if kind == "authorization_code":
            return self._redeem(form, app)
        if kind == "refresh_token":
            return self._refresh(form, app)
        raise SignInError(
            "unsupported_grant_type", code=70003, text="The app requested an unsupported grant type."
        )

    def _app(self, form: Json) -> App:
        app = self._state.apps.get(form.get("client_id", ""))
        if app is None:
            text = "Application with identifier was not found in the directory."
            raise SignInError("unauthorized_client", code=700016, text=text)
        if not form.get("client_secret"):
            text = "The request body must contain: 'client_assertion' or 'client_secret'."
            raise SignInError("invalid_client", code=7000218, text=text, status=401)
        if not secrets.compare_digest(form["client_secret"].encode(), app.secret.encode()):
            raise sign_in_error(7000215)
        if app.secret_expired:
            raise sign_in_error(7000222)
        return app

    def _redeem(self, form: Json, app: App) -> Json:
        code = self.codes.get(form.get("code", ""))
        if code is None or code.app != app.id:
            raise sign_in_error(70000)
        if code.used:
            # Fact M149.
            text = "OAuth2 Authorization code was already redeemed, please retry with a new valid code."
            raise SignInError("invalid_grant", code=54005, text=text)
        if code.expires <= self._state.now():
            raise sign_in_error(70008)
        if form.get("redirect_uri") != code.redirect_uri:
            text = "The reply address does not match the reply address provided when requesting the code."
            raise SignInError("invalid_client", code=500112, text=text)
        if code.challenge and _challenge(form.get("code_verifier", "")) != code.challenge:
            text = (
                "The Code_Verifier does not match the code_challenge supplied in the authorization request."
            )
            raise SignInError("invalid_grant", code=501481, text=text)
        code.used = True
        return self._issue(self._state.accounts[code.account], app, list(code.scopes), code.nonce)

    def _refresh(self, form: Json, app: App) -> Json:
        token = self.refresh_tokens.get(form.get("refresh_token", ""))
        if token is None or token.app != app.id:
            raise sign_in_error(70000)
        if token.revoked:
            raise sign_in_error(token.revoked)
        if token.expires <= self._state.now():
            raise sign_in_error(700082)
        scripted = self.refused.get(token.account)
        if scripted is not None:
            scripted.times -= 1
            if scripted.times == 0:
                del self.refused[token.account]
            raise scripted.error
        if token.account in self.conditional:
            raise sign_in_error(self.conditional[token.account])
        held = self.consents.get((token.account, app.id), [])
        parameters = scopes.parse_scopes(form.get("scope", "")) or held
        if ".default" in parameters:
            parameters = held
        if not held or [
            name for name in parameters if name not in held and name not in scopes.SIGN_IN_SCOPES
        ]:
            raise sign_in_error(65001)
        # Consent given before is in every token, even where the refresh asks for less.
        return self._issue(self._state.accounts[token.account], app, held, "")

    def _issue(self, account: Account, app: App, granted: list[str], nonce: str) -> Json:
        now, settings = self._state.now(), self._state.settings
        access = f"{'EwB' if account.personal else 'eyJ0'}{secrets.token_urlsafe(64)}"
        names = frozenset(granted) - scopes.SIGN_IN_SCOPES
        self.access_tokens[access] = AccessToken(
            access, account.email, app.id, names, now + settings.access_token_life
        )
        seconds = int(settings.access_token_life.total_seconds())
        made: Json = {
            "token_type": "Bearer",
            "scope": scopes.format_scopes(granted, full=settings.full_scope_names),
            "expires_in": seconds,
            "ext_expires_in": seconds,
            "access_token": access,
            "client_info": client_info(uid=account.oid, utid=account.tenant),
        }
        if "offline_access" in granted:
            refresh = f"{'M.C' if account.personal else '1.A'}{secrets.token_urlsafe(64)}"
            expires = now + settings.refresh_token_life
            self.refresh_tokens[refresh] = RefreshToken(refresh, account.email, app.id, expires)
            made["refresh_token"] = refresh
        if "openid" in granted:
            made["id_token"] = self._signer.sign(self._claims(account, app, nonce, granted), now=now)
        return made

    def _claims(self, account: Account, app: App, nonce: str, granted: list[str]) -> Json:
        claims: Json = {
            "aud": app.id,
            "iss": f"{self._state.settings.login_origin}/{account.tenant}/v2.0",
            "name": account.name,
            "oid": account.oid,
            "preferred_username": account.address,
            "sub": ids.guid("sub", account.oid, app.id),
            "tid": account.tenant,
            "ver": "2.0",
        }
        # Fact M154: no e-mail claim without its scope.
        claims |= {"email": account.address} if "email" in granted else {}
        return claims | ({"nonce": nonce} if nonce else {})

    def revoke(self, account: str, *, code: int) -> None:
        """Refuse every refresh token of an account with an AADSTS number; access tokens stay valid."""
        for token in self.refresh_tokens.values():
            if token.account == account:
                token.revoked = code


def _challenge(verifier: str) -> str:
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).decode().rstrip("=")
