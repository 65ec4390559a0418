"""The HTML pages that people see: the consent page, and the error page."""

from html import escape

from local.google.errors import Json
from local.google.model import Account

# The parameters of an authorization request that the page's form sends back.
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

HEAD = """<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width"><title>Sign in - simulated Google Accounts</title>
<style>body{{font:16px/1.5 sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem}}
button{{font:inherit;padding:.5rem 1.5rem;margin-right:1rem}}code{{word-break:break-all}}</style></head>"""
CONSENT = (
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


def consent_page(parameters: Json, *, accounts: list[Account], chosen: str, optional: list[str]) -> str:
    """The page that asks which account to use and what to allow, with a checkbox for each optional scope."""
    hidden = "".join(
        f'<input type="hidden" name="{name}" value="{escape(parameters[name])}">'
        for name in FORM_PARAMETERS
        if name in parameters and name != "scope"
    )
    hidden += f'<input type="hidden" name="asked_scope" value="{escape(parameters["scope"])}">'
    choices = "".join(
        f'<p><label><input type="radio" name="account" value="{escape(account.address)}"'
        f"{' checked' if account.email == chosen else ''}> {escape(account.name)} "
        f"&lt;{escape(account.address)}&gt;</label></p>"
        for account in accounts
    )
    return CONSENT.format(
        app=escape(parameters["client_id"]), hidden=hidden, accounts=choices, scopes=_scope_list(optional)
    )


def _scope_list(optional: list[str]) -> str:
    # https://developers.google.com/identity/protocols/oauth2/resources/granular-permissions
    if len(optional) == 1:
        return f"<p>This app will be able to: <code>{escape(optional[0])}</code></p>"
    return "".join(
        f'<p><label><input type="checkbox" name="scope" value="{escape(scope)}"> '
        f"<code>{escape(scope)}</code></label></p>"
        for scope in optional
    )


def error_page(error: str, description: str, status: int) -> str:
    """The page for a request that must not be redirected."""
    return ERROR.format(status=status, error=escape(error), description=escape(description))
