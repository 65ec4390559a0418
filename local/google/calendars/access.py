"""Access rights: what a token's scopes and the sharing of a calendar allow together."""

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
    """Answer 403 unless the token has one of the scopes that the method accepts."""
    if not method.scopes & caller.scopes:
        raise scope_insufficient(method.title)


def effective_role(method: Method, caller: Caller, calendar: Calendar) -> str:
    """Return the role that remains on a calendar when the token's scopes allow less than the sharing."""
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
    """Return a calendar and the caller's effective role.

    Answers 404 if the calendar is not shared with the caller at all (G14), 403 if the scopes leave no role.
    A calendar that was just made can be either for some seconds, whoever asks (G95).
    """
    calendar = state.calendar(calendar_id, caller.account)
    if calendar.usable_from is not None and state.now() < calendar.usable_from and not caller.by_hand:
        raise not_found() if state.settings.fresh_calendar_status == 404 else needs_access("owner")
    if calendar.role(caller.account) == "none":
        raise not_found()
    role = effective_role(method, caller, calendar)
    if role == "none":
        raise forbidden()
    return calendar, role


def require_writer(role: str) -> None:
    """Answer 403 unless the role may write events."""
    if role not in WRITER_ROLES:
        raise needs_access("writer")


def require_owner(role: str) -> None:
    """Answer 403 unless the role is owner."""
    if role != "owner":
        raise needs_access("owner")
