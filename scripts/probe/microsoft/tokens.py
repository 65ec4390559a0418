"""Facts about Microsoft's tokens; the living grant is only refreshed."""

from __future__ import annotations

import base64
import json

from scripts.probe.account import needed
from scripts.probe.fact import Facts, Need
from scripts.probe.microsoft.account import MicrosoftAccount
from scripts.probe.web import Answer, Json

FACTS = Facts()


def _asked(at: MicrosoftAccount, refresh_token: str, **more: str) -> Answer:
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token, **at.client, **more}
    return at.web.ask("POST", at.addresses.token(at.tenant), form=form)


def _numbers(answer: Answer) -> str:
    codes = answer.found.get("error_codes")
    numbers = [str(each) for each in codes if isinstance(each, int)] if isinstance(codes, list) else []
    return " ".join([answer.said, *numbers])


@FACTS.fact(
    "M140", "a refresh: a new refresh token, and the old one afterwards", Need.REFRESH, double="another, 200"
)
def old_refresh_token(at: MicrosoftAccount) -> str:
    """Refresh, and refresh with the old token again."""
    old = str(at.granted["refresh_token"])
    new = needed(_asked(at, old)).get("refresh_token")
    kind = "none" if not new else "the same" if new == old else "another"
    return f"{kind}, {_asked(at, old).said}"


@FACTS.fact("M142-keys", "a refresh: is there an ID token", Need.REFRESH, double="yes")
def id_token(at: MicrosoftAccount) -> str:
    """Refresh a grant with openid."""
    return "yes" if "id_token" in needed(_asked(at, str(at.granted["refresh_token"]))) else "no"


@FACTS.fact(
    "M145",
    "a refresh with a token that Microsoft never gave",
    double="400 invalid_grant 70000",
    others={"400 invalid_grant 9002313": "malformed"},
)
def unknown_refresh_token(at: MicrosoftAccount) -> str:
    """Refresh with a word."""
    return _numbers(_asked(at, "slotbridge-probe"))


@FACTS.fact(
    "M143",
    "a refresh that asks for a permission that was not given",
    Need.REFRESH,
    double="400 invalid_grant 65001",
)
def more_than_given(at: MicrosoftAccount) -> str:
    """Ask for the mailbox's settings."""
    scope = "https://graph.microsoft.com/MailboxSettings.ReadWrite"
    return _numbers(_asked(at, str(at.granted["refresh_token"]), scope=scope))


@FACTS.fact(
    "M154", "an e-mail address in the ID token, where the scope 'email' was not asked for", double="no"
)
def address_claim(at: MicrosoftAccount) -> str:
    """Look whether the claim is there."""
    return "yes" if "email" in _claims(at) else "no"


@FACTS.fact("M154-tenant", "the claims by which an account is known: oid, sub, tid", double="present")
def identity_claims(at: MicrosoftAccount) -> str:
    """Look whether the claims are there."""
    return "present" if {"oid", "sub", "tid"} <= _claims(at).keys() else "not all"


@FACTS.fact("M147", "a request with an access token that is none", double="401 InvalidAuthenticationToken")
def unknown_access_token(at: MicrosoftAccount) -> str:
    """List with a word for a token."""
    return at.call("GET", "me/calendars", token="slotbridge-probe").said  # noqa: S106


@FACTS.fact(
    "M87", "the mailbox's settings, which no permission of ours allows", double="403 ErrorAccessDenied"
)
def permission_missing(at: MicrosoftAccount) -> str:
    """Read the mailbox's zone."""
    return at.call("GET", "me/mailboxSettings").said


@FACTS.fact("M140-scope", "offline_access in the scope of the answer", double="no")
def written_scopes(at: MicrosoftAccount) -> str:
    """Look at the scope of the first answer."""
    return "yes" if "offline_access" in str(at.granted.get("scope", "")).split() else "no"


def _claims(at: MicrosoftAccount) -> Json:
    """The claims of the ID token, which is only looked into."""
    text = str(at.granted["id_token"]).split(".")[1]
    found: Json = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    return found
