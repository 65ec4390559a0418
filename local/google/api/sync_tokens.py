"""Decides what a sync token remembers (resource, account, change, epoch, age) and when it is refused."""

import base64
import json
from datetime import datetime

from local.google.errors import Json, bad_request, full_sync_required, invalid
from local.google.state import State

# https://developers.google.com/workspace/calendar/api/guides/sync
FORBIDDEN_PARAMETERS = (
    "iCalUID",
    "orderBy",
    "privateExtendedProperty",
    "q",
    "sharedExtendedProperty",
    "timeMin",
    "timeMax",
    "updatedMin",
)


def issue(state: State, *, resource: str, account: str, epoch: int, change: int) -> str:
    """An opaque token for everything up to a change number."""
    content = [resource, account, epoch, change, int(state.now().timestamp())]
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()


def redeem(state: State, token: str, *, resource: str, account: str, epoch: int) -> int:
    """The change number of a token; 410 when it is another's, expired or of an older epoch."""
    try:
        found_resource, found_account, found_epoch, change, issued = json.loads(
            base64.urlsafe_b64decode(token.encode())
        )
    except (ValueError, TypeError) as error:
        raise invalid("Invalid sync token value.", "syncToken") from error
    if (found_resource, found_account, found_epoch) != (resource, account, epoch):
        raise full_sync_required()
    life = state.settings.sync_token_life
    if life is not None and state.now() - datetime.fromtimestamp(issued, tz=state.now().tzinfo) > life:
        raise full_sync_required()
    return int(change)


def check_events_query(query: Json) -> None:
    """400 for a parameter that a sync token forbids."""
    for name in FORBIDDEN_PARAMETERS:
        if name in query:
            raise bad_request(f"The parameter {name} cannot be combined with syncToken.")
    if query.get("showDeleted") is False:
        raise bad_request("Deleted events are always shown with syncToken.")


def check_calendar_list_query(query: Json) -> None:
    """400 for a parameter that a calendar list's sync token forbids."""
    for name in ("minAccessRole", "showOwnOrganizationOnly"):
        if name in query:
            raise bad_request(f"The parameter {name} cannot be combined with syncToken.")
    if query.get("showDeleted") is False or query.get("showHidden") is False:
        raise bad_request("Deleted and hidden entries are always shown with syncToken.")
