"""Facts about Google's tokens and permissions; the living grant is never touched."""

from __future__ import annotations

from scripts.probe.account import needed
from scripts.probe.fact import Facts, Need
from scripts.probe.google.account import GoogleAccount
from scripts.probe.web import Answer, keys

FACTS = Facts()


def _refreshed(at: GoogleAccount) -> Answer:
    form = {"grant_type": "refresh_token", "refresh_token": at.granted["refresh_token"], **at.client}
    return at.web.ask("POST", at.addresses.token, form=form)


@FACTS.fact("G118", "revoking a token that Google never gave", double="400 invalid_token")
def unknown_token_revoked(at: GoogleAccount) -> str:
    """Revoke a word."""
    return at.web.ask("POST", at.addresses.revoke, form={"token": "slotbridge-probe"}).said


@FACTS.fact("G120", "GET instead of POST on the address that revokes", double="404")
def revoked_by_get(at: GoogleAccount) -> str:
    """Ask with GET, for a token that is none."""
    return str(at.web.ask("GET", at.addresses.revoke, query={"token": "slotbridge-probe"}).status)


@FACTS.fact("G122", "a refresh: is there a new refresh token", Need.REFRESH, double="no")
def new_refresh_token(at: GoogleAccount) -> str:
    """Refresh the access token."""
    return "yes" if "refresh_token" in needed(_refreshed(at)) else "no"


@FACTS.fact("G123", "a refresh: is there an ID token", Need.REFRESH, double="yes")
def id_token_of_a_refresh(at: GoogleAccount) -> str:
    """Refresh the access token of a grant with openid."""
    return "yes" if "id_token" in needed(_refreshed(at)) else "no"


@FACTS.fact(
    "G124",
    "a refresh: the keys of the answer",
    Need.REFRESH,
    double="access_token expires_in id_token scope token_type",
    others={
        "access_token expires_in id_token refresh_token_expires_in scope token_type": "access for a time",
        "access_token expires_in scope token_type": "no ID token",
    },
)
def keys_of_a_refresh(at: GoogleAccount) -> str:
    """Refresh the access token."""
    return keys(needed(_refreshed(at)))


@FACTS.fact(
    "G131",
    "how a refresh writes the scope 'email'",
    Need.REFRESH,
    double="long name",
    others={"as asked": "not expanded"},
)
def written_scopes(at: GoogleAccount) -> str:
    """Look for the long name."""
    given = str(needed(_refreshed(at)).get("scope", "")).split()
    long = "https://www.googleapis.com/auth/userinfo.email"
    return "long name" if long in given else "as asked" if "email" in given else "left out"


@FACTS.fact("G126", "a refresh with a token that Google never gave", double="400 invalid_grant")
def unknown_refresh_token(at: GoogleAccount) -> str:
    """Refresh with a word."""
    form = {"grant_type": "refresh_token", "refresh_token": "slotbridge-probe", **at.client}
    return at.web.ask("POST", at.addresses.token, form=form).said


@FACTS.fact("G129", "a request with an access token that is none", double="401 authError")
def unknown_access_token(at: GoogleAccount) -> str:
    """List with a word for a token."""
    return at.call("GET", at.events(), token="slotbridge-probe").said  # noqa: S106


@FACTS.fact("G132", "a request that the granted scopes do not allow", double="403 insufficientPermissions")
def scope_missing(at: GoogleAccount) -> str:
    """Read who may see the account's first calendar, which no scope of ours allows."""
    return at.call("GET", "calendars/primary/acl").said
