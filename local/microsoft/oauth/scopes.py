"""Permissions (scopes): which ones exist, and how they are written.

https://learn.microsoft.com/graph/permissions-reference, https://learn.microsoft.com/entra/identity-platform/scopes-oidc
"""

from local.microsoft.errors import SignInError

GRAPH_PREFIX = "https://graph.microsoft.com/"
SIGN_IN_SCOPES = frozenset({"openid", "profile", "email", "offline_access"})
PERMISSIONS = frozenset(
    [
        "Calendars.Read",
        "Calendars.ReadBasic",
        "Calendars.ReadWrite",
        "Calendars.Read.Shared",
        "Calendars.ReadWrite.Shared",
        "MailboxSettings.Read",
        "MailboxSettings.ReadWrite",
        "User.Read",
        "User.ReadWrite",
        "User.ReadBasic.All",
        "User.Read.All",
    ]
)
_KNOWN = {name.lower(): name for name in PERMISSIONS | SIGN_IN_SCOPES}


def parse_scopes(text: str) -> list[str]:
    """Return the permissions in a `scope` parameter by their short names; SignInError for an unknown one."""
    found: list[str] = []
    for each in text.split():
        short = each.removeprefix(GRAPH_PREFIX)
        if short == ".default":
            if len([one for one in text.split() if one.lower() not in SIGN_IN_SCOPES]) > 1:
                raise _refused(f"{each} can't be combined with resource-specific scopes.")
            found.append(short)
            continue
        if short.lower() not in _KNOWN:
            raise _refused(f"The provided value for the input parameter 'scope' isn't valid: '{each}'.")
        name = _KNOWN[short.lower()]
        if name not in found:
            found.append(name)
    return found


def _refused(text: str) -> SignInError:
    return SignInError("invalid_scope", code=70011, text=text)


def format_scopes(scopes: list[str], *, full: bool) -> str:
    """Write the scope of a token answer; offline_access is never in it."""
    shown = [name for name in scopes if name != "offline_access"]
    return " ".join(name if name in SIGN_IN_SCOPES or not full else f"{GRAPH_PREFIX}{name}" for name in shown)
