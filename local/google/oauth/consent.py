"""Answers the consent page: account choice, one checkbox per scope, Allow and Deny, and the redirect back."""

from html import escape
from urllib.parse import urlencode, urlsplit

from local.google.errors import Json
from local.google.model import Client
from local.google.oauth.grants import SIGN_IN, Grants
from local.google.oauth.id_tokens import ISSUER
from local.google.state import World

KEPT = [
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

    def __init__(self, world: World, grants: Grants) -> None:
        self._world = world
        self._grants = grants

    def client(self, asked: Json) -> Client:
        """The client of a request that may be answered by redirect; an error page otherwise."""
        client = self._world.clients.get(asked.get("client_id", ""))
        if client is None:
            raise ConsentError("invalid_client", "The OAuth client was not found.", status=401)
        if asked.get("redirect_uri") not in client.redirect_uris:
            message = (
                "The redirect URI in the request does not match the ones authorized for the OAuth client."
            )
            raise ConsentError("redirect_uri_mismatch", message)
        if asked.get("response_type") != "code":
            raise ConsentError("unsupported_response_type", "Invalid response_type: only code is supported.")
        if not asked.get("scope", "").split():
            raise ConsentError("invalid_request", "Missing required parameter: scope")
        if asked.get("code_challenge_method", "plain") not in {"plain", "S256"}:
            raise ConsentError("invalid_request", "Invalid parameter value for code_challenge_method.")
        prompts = asked.get("prompt", "").split()
        if not set(prompts) <= {"none", "consent", "select_account"} or ("none" in prompts and prompts[1:]):
            raise ConsentError("invalid_request", "Invalid parameter value for prompt.")
        return client

    def open(self, asked: Json) -> tuple[str, str]:
        """A redirect, if nobody needs to be asked, or else the page: (location, html)."""
        client = self.client(asked)
        scopes = asked["scope"].split()
        hinted = self._hinted(asked)
        prompts = asked.get("prompt", "").split()
        known = hinted and set(scopes) <= self._grants.granted.get((hinted, client.project), set())
        if known and not {"consent", "select_account"} & set(prompts):
            return self._allowed(asked, client, hinted, scopes), ""
        if "none" in prompts:
            return _back(asked, error="interaction_required" if hinted else "login_required"), ""
        return "", self._page(asked, scopes, hinted)

    def answer(self, asked: Json, *, decision: str, account: str, ticked: list[str]) -> str:
        """The redirect of a filled-in page; `allow_all` ticks every box."""
        client = self.client(asked)
        scopes = asked["scope"].split()
        email = self._signed_in(account.lower()) if account else self._hinted(asked)
        if decision == "deny":
            return _back(asked, error="access_denied")
        if decision not in {"allow", "allow_all"} or email not in self._world.accounts:
            raise ConsentError("invalid_request", "Choose an account, and allow or deny.")
        if email in self._grants.policy_blocked:
            message = "Your administrator does not allow this app."
            raise ConsentError("admin_policy_enforced", message)
        if decision == "allow" and len(_boxes(scopes)) > 1:
            scopes = [scope for scope in scopes if scope in SIGN_IN or scope in ticked]
        return self._allowed(asked, client, email, scopes)

    def _allowed(self, asked: Json, client: Client, account: str, scopes: list[str]) -> str:
        code = self._grants.authorize(asked, client, account, scopes)
        granted = self._grants.codes[code].scopes
        return _back(asked, code=code, scope=" ".join(granted), authuser="0", prompt="consent")

    def _hinted(self, asked: Json) -> str:
        return self._signed_in(asked.get("login_hint", "").lower())

    def _signed_in(self, name: str) -> str:
        for account in self._world.accounts.values():
            if name in {account.address, account.subject}:
                return account.email
        return ""

    def _page(self, asked: Json, scopes: list[str], hinted: str) -> str:
        hidden = "".join(
            f'<input type="hidden" name="{name}" value="{escape(asked[name])}">'
            for name in KEPT
            if name in asked and name != "scope"
        )
        hidden += f'<input type="hidden" name="asked_scope" value="{escape(asked["scope"])}">'
        chosen = hinted or next(iter(self._world.accounts), "")
        accounts = "".join(
            f'<p><label><input type="radio" name="account" value="{escape(account.address)}"'
            f"{' checked' if account.email == chosen else ''}> {escape(account.name)} "
            f"&lt;{escape(account.address)}&gt;</label></p>"
            for account in self._world.accounts.values()
        )
        return PAGE.format(
            app=escape(asked["client_id"]), hidden=hidden, accounts=accounts, scopes=_scope_list(scopes)
        )


def _boxes(scopes: list[str]) -> list[str]:
    return [scope for scope in scopes if scope not in SIGN_IN]


def _scope_list(scopes: list[str]) -> str:
    # https://developers.google.com/identity/protocols/oauth2/resources/granular-permissions
    boxes = _boxes(scopes)
    if len(boxes) == 1:
        return f"<p>This app will be able to: <code>{escape(boxes[0])}</code></p>"
    return "".join(
        f'<p><label><input type="checkbox" name="scope" value="{escape(scope)}"> '
        f"<code>{escape(scope)}</code></label></p>"
        for scope in boxes
    )


def _back(asked: Json, **found: str) -> str:
    extra = {"iss": ISSUER} | ({"state": asked["state"]} if "state" in asked else {}) | found
    uri: str = asked["redirect_uri"]
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
