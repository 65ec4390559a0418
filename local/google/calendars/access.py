"""Decides what a token and a role together allow on one calendar."""

from local.google.api.schema import Method
from local.google.errors import forbidden, needs_access, not_found, scope_insufficient
from local.google.model import WRITER_ROLES, Calendar, Caller, rank
from local.google.state import State

READ_SCOPES = frozenset(
    {
        "calendar",
        "calendar.readonly",
        "calendar.events",
        "calendar.events.readonly",
    }
)
OWNED_SCOPES = frozenset({"calendar.events.owned", "calendar.events.owned.readonly"})


def check_scopes(method: Method, caller: Caller) -> None:
    """403 unless one of the token's scopes is declared for the method."""
    if not method.scopes & caller.scopes:
        raise scope_insufficient(method.title)


def effective_role(method: Method, caller: Caller, calendar: Calendar) -> str:
    """The role that the narrower of scopes and sharing leaves on a calendar."""
    role = calendar.role(caller.account)
    usable = method.scopes & caller.scopes
    if method.id.startswith("events."):
        if usable & READ_SCOPES:
            return role
        if usable & OWNED_SCOPES and role == "owner":
            return role
        if "calendar.app.created" in usable and calendar.made_by == caller.project:
            return role
        if "calendar.events.public.readonly" in usable and calendar.public_role != "none":
            return calendar.public_role
        if "calendar.events.freebusy" in usable:
            return min(role, "freeBusyReader", key=rank)
        return "none"
    if usable == {"calendar.app.created"} and calendar.made_by != caller.project:
        return "none"
    return role


def calendar_with_role(
    state: State, method: Method, caller: Caller, calendar_id: str
) -> tuple[Calendar, str]:
    """A calendar and the caller's effective role on it; 404 without any."""
    calendar = state.calendar(calendar_id, caller.account)
    if calendar.role(caller.account) == "none":
        raise not_found()
    role = effective_role(method, caller, calendar)
    if role == "none":
        raise forbidden()
    return calendar, role


def require_writer(role: str) -> None:
    """403 unless the role may write events."""
    if role not in WRITER_ROLES:
        raise needs_access("writer")


def require_owner(role: str) -> None:
    """403 unless the role owns the calendar."""
    if role != "owner":
        raise needs_access("owner")
