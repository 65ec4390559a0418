"""The authorization endpoint: checks the request, asks for consent, and redirects back to the client."""

from urllib.parse import urlencode, urlsplit

from local.google.errors import Json
from local.google.model import Client
from local.google.oauth.grants import SIGN_IN_SCOPES, Grants
from local.google.oauth.id_tokens import ISSUER
from local.google.oauth.pages import consent_page
from local.google.state import State


class ConsentError(Exception):
    """A request that Google answers with an error page instead of a redirect."""

    def __init__(self, error: str, description: str, *, status: int = 400) -> None:
        super().__init__(error)
        self.error = error
        self.description = description
        self.status = status


class Consent:
    """The authorization endpoint."""

    def __init__(self, state: State, grants: Grants) -> None:
        self._state = state
        self._grants = grants

    def client(self, parameters: Json) -> Client:
        """Return the client of a valid request; an invalid one raises ConsentError."""
        client = self._state.clients.get(parameters.get("client_id", ""))
        if client is None:
            raise ConsentError("invalid_client", "The OAuth client was not found.", status=401)
        if parameters.get("redirect_uri") not in client.redirect_uris:
            message = (
                "The redirect URI in the request does not match the ones authorized for the OAuth client."
            )
            raise ConsentError("redirect_uri_mismatch", message)
        if parameters.get("response_type") != "code":
            raise ConsentError("unsupported_response_type", "Invalid response_type: only code is supported.")
        if not parameters.get("scope", "").split():
            raise ConsentError("invalid_request", "Missing required parameter: scope")
        if parameters.get("code_challenge_method", "plain") not in {"plain", "S256"}:
            raise ConsentError("invalid_request", "Invalid parameter value for code_challenge_method.")
        prompts = parameters.get("prompt", "").split()
        if not set(prompts) <= {"none", "consent", "select_account"} or ("none" in prompts and prompts[1:]):
            raise ConsentError("invalid_request", "Invalid parameter value for prompt.")
        return client

    def redirect_or_page(self, parameters: Json) -> tuple[str, str]:
        """Return (redirect address, "") if nobody needs to be asked, else ("", HTML of the consent page)."""
        client = self.client(parameters)
        scopes = parameters["scope"].split()
        hinted = self._hinted_account(parameters)
        prompts = parameters.get("prompt", "").split()
        known = hinted and set(scopes) <= self._grants.granted.get((hinted, client.project), set())
        if known and not {"consent", "select_account"} & set(prompts):
            return self._redirect_with_code(parameters, client, hinted, scopes), ""
        if "none" in prompts:
            return _redirect_address(
                parameters, error="interaction_required" if hinted else "login_required"
            ), ""
        people = list(self._state.accounts.values())
        chosen = hinted or next(iter(self._state.accounts), "")
        page = consent_page(parameters, accounts=people, chosen=chosen, optional=_optional_scopes(scopes))
        return "", page

    def answer(self, parameters: Json, *, decision: str, account: str, ticked: list[str]) -> str:
        """Return the redirect address after a person decided.

        `decision` is allow, allow_all (every box ticked) or deny; with `allow`, only the `ticked`
        scopes are granted.
        """
        client = self.client(parameters)
        scopes = parameters["scope"].split()
        email = self._account_of(account.lower()) if account else self._hinted_account(parameters)
        if decision == "deny":
            return _redirect_address(parameters, error="access_denied")
        if decision not in {"allow", "allow_all"} or email not in self._state.accounts:
            raise ConsentError("invalid_request", "Choose an account, and allow or deny.")
        # https://developers.google.com/identity/protocols/oauth2/web-server (G134)
        if email in self._grants.policy_blocked:
            message = "Your administrator does not allow this app."
            raise ConsentError("admin_policy_enforced", message)
        # https://developers.google.com/identity/protocols/oauth2/resources/granular-permissions (G130)
        if decision == "allow" and len(_optional_scopes(scopes)) > 1:
            scopes = [scope for scope in scopes if scope in SIGN_IN_SCOPES or scope in ticked]
        return self._redirect_with_code(parameters, client, email, scopes)

    def _redirect_with_code(self, parameters: Json, client: Client, account: str, scopes: list[str]) -> str:
        code = self._grants.authorize(parameters, client, account, scopes)
        granted = self._grants.codes[code].scopes
        return _redirect_address(
            parameters, code=code, scope=" ".join(granted), authuser="0", prompt="consent"
        )

    def _hinted_account(self, parameters: Json) -> str:
        return self._account_of(parameters.get("login_hint", "").lower())

    def _account_of(self, name: str) -> str:
        for account in self._state.accounts.values():
            if name in {account.address, account.subject}:
                return account.email
        return ""


def _optional_scopes(scopes: list[str]) -> list[str]:
    return [scope for scope in scopes if scope not in SIGN_IN_SCOPES]


def _redirect_address(parameters: Json, **found: str) -> str:
    extra = {"iss": ISSUER} | ({"state": parameters["state"]} if "state" in parameters else {}) | found
    uri: str = parameters["redirect_uri"]
    return uri + ("&" if urlsplit(uri).query else "?") + urlencode(extra)
