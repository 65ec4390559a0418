"""Answers the consent page: account choice, one checkbox per scope, Allow and Deny, and the redirect back."""

from html import escape
from urllib.parse import urlencode, urlsplit

from local.google.errors import Json
from local.google.model import Client
from local.google.oauth.grants import SIGN_IN_SCOPES, Grants
from local.google.oauth.id_tokens import ISSUER
from local.google.state import State

FORM_PARAMETERS = [
    "client_id",
    "redirect_uri",
    "response_type",
    "scope",
    "state",
    "access_type",
    "prompt",
    "login_hint",
    "include_granted_scopes",
    "code_challenge",
    "code_challenge_method",
    "nonce",
]


class ConsentError(Exception):
    """A request that Google shows as an error page, without going back to the client."""

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
        """The client of a request that may be answered by redirect; an error page otherwise."""
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
        """A redirect, if nobody needs to be asked, or else the page: (location, html)."""
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
        return "", self._page(parameters, scopes, hinted)

    def answer(self, parameters: Json, *, decision: str, account: str, ticked: list[str]) -> str:
        """The redirect of a filled-in page; `allow_all` ticks every box."""
        client = self.client(parameters)
        scopes = parameters["scope"].split()
        email = self._account_of(account.lower()) if account else self._hinted_account(parameters)
        if decision == "deny":
            return _redirect_address(parameters, error="access_denied")
        if decision not in {"allow", "allow_all"} or email not in self._state.accounts:
            raise ConsentError("invalid_request", "Choose an account, and allow or deny.")
        if email in self._grants.policy_blocked:
            message = "Your administrator does not allow this app."
            raise ConsentError("admin_policy_enforced", message)
        if decision == "allow" and len(_scopes_with_box(scopes)) > 1:
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

    def _page(self, parameters: Json, scopes: list[str], hinted: str) -> str:
        hidden = "".join(
            f'<input type="hidden" name="{name}" value="{escape(parameters[name])}">'
            for name in FORM_PARAMETERS
            if name in parameters and name != "scope"
        )
        hidden += f'<input type="hidden" name="asked_scope" value="{escape(parameters["scope"])}">'
        chosen = hinted or next(iter(self._state.accounts), "")
        accounts = "".join(
            f'<p><label><input type="radio" name="account" value="{escape(account.address)}"'
            f"{' checked' if account.email == chosen else ''}> {escape(account.name)} "
            f"&lt;{escape(account.address)}&gt;</label></p>"
            for account in self._state.accounts.values()
        )
        return PAGE.format(
            app=escape(parameters["client_id"]), hidden=hidden, accounts=accounts, scopes=_scope_list(scopes)
        )


def _scopes_with_box(scopes: list[str]) -> list[str]:
    return [scope for scope in scopes if scope not in SIGN_IN_SCOPES]


def _scope_list(scopes: list[str]) -> str:
    # https://developers.google.com/identity/protocols/oauth2/resources/granular-permissions
    boxes = _scopes_with_box(scopes)
    if len(boxes) == 1:
        return f"<p>This app will be able to: <code>{escape(boxes[0])}</code></p>"
    return "".join(
        f'<p><label><input type="checkbox" name="scope" value="{escape(scope)}"> '
        f"<code>{escape(scope)}</code></label></p>"
        for scope in boxes
    )


def _redirect_address(parameters: Json, **found: str) -> str:
    extra = {"iss": ISSUER} | ({"state": parameters["state"]} if "state" in parameters else {}) | found
    uri: str = parameters["redirect_uri"]
    return uri + ("&" if urlsplit(uri).query else "?") + urlencode(extra)


def error_page(error: ConsentError) -> str:
    """The page for a request that must not be redirected."""
    return ERROR.format(status=error.status, error=escape(error.error), description=escape(error.description))


HEAD = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Sign in - simulated Google Accounts</title>
<style>body{{font:16px/1.5 sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem}}
button{{font:inherit;padding:.5rem 1.5rem;margin-right:1rem}}code{{word-break:break-all}}</style></head>"""
PAGE = (
    HEAD
    + """<body><h1>Sign in with (simulated) Google</h1>
<p><strong>{app}</strong> wants access to your Google Account.</p>
<form method="post" action="/o/oauth2/v2/auth">{hidden}
<fieldset><legend>Account</legend>{accounts}</fieldset>
<fieldset><legend>What it may do</legend>{scopes}</fieldset>
<p><button name="decision" value="deny">Deny</button><button name="decision" value="allow">Allow</button>
<button name="decision" value="allow_all">Select all and allow</button></p></form></body></html>"""
)
ERROR = (
    HEAD
    + """<body><h1>Access blocked: authorization error</h1>
<p>Error {status}: <code>{error}</code></p><p>{description}</p></body></html>"""
)
