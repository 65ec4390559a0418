"""Consents, authorization codes and tokens: how they are given, refreshed, limited, expired and revoked."""

import base64
import hashlib
import secrets
from datetime import timedelta

from local.google.api.schema import SCOPE_PREFIX
from local.google.errors import Json, auth_error
from local.google.model import AccessToken, AuthorizationCode, Caller, Client, RefreshToken
from local.google.oauth.id_tokens import IdTokenSigner
from local.google.state import State

# https://developers.google.com/identity/protocols/oauth2/web-server
SIGN_IN_SCOPES = frozenset(
    {"openid", "email", "profile", f"{SCOPE_PREFIX}userinfo.email", f"{SCOPE_PREFIX}userinfo.profile"}
)
SPELT_OUT = {name: f"{SCOPE_PREFIX}userinfo.{name}" for name in ("email", "profile")}
LIFETIME = 3599
# Ten minutes at most: https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2
CODE_LIFE = timedelta(minutes=10)
POLICY_TEXT = (
    "Access to your account data is restricted by policies within your organization. "
    "Please contact the administrator of your organization for more information."
)


class TokenError(Exception):
    """The token or revocation endpoint refuses a request."""

    def __init__(self, error: str, description: str, *, status: int = 400, subtype: str = "") -> None:
        super().__init__(error)
        self.status = status
        self.body: Json = {"error": error, "error_description": description}
        if subtype:
            self.body["error_subtype"] = subtype


class Grants:
    """Every consent, authorization code and token of the simulator."""

    def __init__(self, state: State, signer: IdTokenSigner) -> None:
        self._state = state
        self._signer = signer
        self.granted: dict[tuple[str, str], set[str]] = {}
        self.codes: dict[str, AuthorizationCode] = {}
        self.refresh_tokens: dict[str, RefreshToken] = {}
        self.access_tokens: dict[str, AccessToken] = {}
        self.policy_blocked: set[str] = set()
        self.signed_out: set[str] = set()

    def caller(self, token: str) -> Caller:
        """Return who an access token stands for; 401 if it is unknown or expired."""
        found = self.access_tokens.get(token)
        if found is None or found.expires <= self._state.now():
            raise auth_error()
        scopes = frozenset(scope.removeprefix(SCOPE_PREFIX) for scope in found.scopes)
        return Caller(found.account, found.client, found.project, scopes)

    def authorize(self, parameters: Json, client: Client, account: str, scopes: list[str]) -> str:
        """Record a consent, and return the authorization code for the redirect."""
        self.granted.setdefault((account, client.project), set()).update(scopes)
        if parameters.get("include_granted_scopes") == "true":
            scopes = [*scopes, *sorted(self.granted[account, client.project] - set(scopes))]
        code = AuthorizationCode(
            code=f"4/0A{secrets.token_urlsafe(48)}",
            account=account,
            client=client.id,
            redirect_uri=parameters["redirect_uri"],
            scopes=tuple(scopes),
            challenge=parameters.get("code_challenge", ""),
            challenge_method=parameters.get("code_challenge_method", "plain"),
            offline=parameters.get("access_type") == "offline",
            forced="consent" in parameters.get("prompt", "").split(),
            nonce=parameters.get("nonce", ""),
            expires=self._state.now() + CODE_LIFE,
        )
        self.codes[code.code] = code
        return code.code

    def client(self, form: Json) -> Client:
        """Return the client that authenticates itself in a form; 401 if its id or secret is wrong."""
        client = self._state.clients.get(form.get("client_id", ""))
        if client is None:
            raise TokenError("invalid_client", "The OAuth client was not found.", status=401)
        if not secrets.compare_digest(client.secret.encode(), form.get("client_secret", "").encode()):
            raise TokenError("invalid_client", "Unauthorized", status=401)
        return client

    def token(self, form: Json) -> Json:
        """Answer the token endpoint: exchange an authorization code, or refresh an access token."""
        kind = form.get("grant_type")
        if not kind:
            raise TokenError("invalid_request", "Required parameter is missing: grant_type")
        client = self.client(form)
        if kind == "authorization_code":
            return self._exchange(form, client)
        if kind == "refresh_token":
            return self._refresh(form, client)
        raise TokenError("unsupported_grant_type", f"Invalid grant_type: {kind}")

    def _exchange(self, form: Json, client: Client) -> Json:
        # The texts of invalid_grant vary (G126).
        code = self.codes.get(form.get("code", ""))
        if code is None or code.client != client.id:
            raise TokenError("invalid_grant", "Malformed auth code.")
        if code.used or code.expires <= self._state.now():
            raise TokenError("invalid_grant", "Bad Request")
        if form.get("redirect_uri") != code.redirect_uri:
            raise TokenError("redirect_uri_mismatch", "Bad Request")
        _check_verifier(code, form.get("code_verifier", ""))
        code.used = True
        self._check_policy(code.account)
        answer = self._access(code.account, client, code.scopes)
        # Not with every consent (G121): https://developers.google.com/identity/protocols/oauth2/web-server
        if code.offline and (code.forced or not self._has_refresh(code.account, client)):
            answer["refresh_token"] = self._new_refresh(code, client)
            if (life := self._state.settings.refresh_token_life) is not None:
                answer["refresh_token_expires_in"] = int(life.total_seconds())  # G124
        self.signed_out.discard(code.account)
        if "openid" in spelt_out(code.scopes):
            answer["id_token"] = self._id_token(code, client)
        return answer

    def _refresh(self, form: Json, client: Client) -> Json:
        """Answer a refresh: without a refresh token (G122), but with an ID token of the subject (G123)."""
        held = self.refresh_tokens.get(form.get("refresh_token", ""))
        life = self._state.settings.refresh_token_life
        old = held is not None and life is not None and self._state.now() - held.issued_at >= life
        if held is None or held.client != client.id or old:
            raise TokenError("invalid_grant", "Token has been expired or revoked.")
        if held.account in self.signed_out:  # G127
            raise TokenError("invalid_grant", "reauth related error (invalid_rapt)", subtype="invalid_rapt")
        self._check_policy(held.account)
        scopes = tuple(form["scope"].split()) if form.get("scope") else held.scopes
        if not set(scopes) <= set(held.scopes):
            raise TokenError("invalid_scope", "Some requested scopes were invalid.")
        answer = self._access(held.account, client, scopes)
        if "openid" in spelt_out(held.scopes):
            claims = {"sub": self._state.account(held.account).subject}
            answer["id_token"] = self._signer.sign(claims, now=self._state.now(), audience=client.id)
        return answer

    def _check_policy(self, account: str) -> None:
        if account in self.policy_blocked:
            raise TokenError("admin_policy_enforced", POLICY_TEXT)

    def _access(self, account: str, client: Client, scopes: tuple[str, ...]) -> Json:
        token = f"ya29.a0{secrets.token_urlsafe(96)}"
        expires = self._state.now() + timedelta(seconds=LIFETIME)
        self.access_tokens[token] = AccessToken(token, account, client.id, client.project, scopes, expires)
        shown = " ".join(spelt_out(scopes))
        return {"access_token": token, "expires_in": LIFETIME, "scope": shown, "token_type": "Bearer"}

    def _has_refresh(self, account: str, client: Client) -> bool:
        return any(
            (held.account, held.client) == (account, client.id) for held in self.refresh_tokens.values()
        )

    def _new_refresh(self, code: AuthorizationCode, client: Client) -> str:
        # https://developers.google.com/identity/protocols/oauth2: the oldest of more than 100 dies (G133).
        held = [each for each in self.refresh_tokens.values() if each.account == code.account]
        held = sorted((each for each in held if each.client == client.id), key=lambda each: each.serial)
        excess = len(held) + 1 - self._state.settings.refresh_token_limit
        for oldest in held[: max(excess, 0)]:
            del self.refresh_tokens[oldest.token]
        token = f"1//0{secrets.token_urlsafe(72)}"
        self.refresh_tokens[token] = RefreshToken(
            token,
            code.account,
            client.id,
            code.scopes,
            serial=self._state.serial(),
            issued_at=self._state.now(),
        )
        return token

    def _id_token(self, code: AuthorizationCode, client: Client) -> str:
        account = self._state.account(code.account)
        claims: Json = {"sub": account.subject}
        if {"email", f"{SCOPE_PREFIX}userinfo.email"} & set(code.scopes):
            claims |= {"email": account.address, "email_verified": True}
        if account.workspace:
            claims["hd"] = account.email.partition("@")[2]
        if {"profile", f"{SCOPE_PREFIX}userinfo.profile"} & set(code.scopes):
            claims["name"] = account.name
        if code.nonce:
            claims["nonce"] = code.nonce
        return self._signer.sign(claims, now=self._state.now(), audience=client.id)

    def revoke_token(self, token: str) -> None:
        """Revoke the whole grant that an access or refresh token belongs to (G117).

        A token that is dead (G118), or an access token that has expired (G119), revokes nothing.
        """
        refresh, access = self.refresh_tokens.get(token), self.access_tokens.get(token)
        held = refresh or access
        expired = access is not None and access.expires <= self._state.now()
        if held is None or expired:
            raise TokenError("invalid_token", "Token expired or revoked")
        self.revoke(held.account, self._state.clients[held.client].project)

    def revoke(self, account: str, project: str) -> None:
        """Drop an account's consent to a project, with all its tokens."""
        self.granted.pop((account, project), None)
        clients = {client.id for client in self._state.clients.values() if client.project == project}
        for token, refresh in list(self.refresh_tokens.items()):
            if refresh.account == account and refresh.client in clients:
                del self.refresh_tokens[token]
        for token, access in list(self.access_tokens.items()):
            if access.account == account and access.project == project:
                del self.access_tokens[token]


def spelt_out(scopes: tuple[str, ...]) -> list[str]:
    """Return scopes as the token endpoint shows them: in full, in another order, with openid (G131)."""
    shown = {SPELT_OUT.get(scope, scope) for scope in scopes}
    return sorted(shown | ({"openid"} if shown & set(SPELT_OUT.values()) else set()), reverse=True)


def _check_verifier(code: AuthorizationCode, verifier: str) -> None:
    if not code.challenge:
        if verifier:
            raise TokenError("invalid_grant", "code_verifier or verifier is not needed.")
        return
    if not verifier:
        raise TokenError("invalid_grant", "Missing code verifier.")
    derived = verifier
    if code.challenge_method == "S256":
        derived = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    if not secrets.compare_digest(derived, code.challenge):
        raise TokenError("invalid_grant", "Invalid code verifier.")
