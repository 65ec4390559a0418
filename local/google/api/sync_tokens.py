"""Sync tokens: what they contain, and when they are refused.

A token holds the resource, the account, the change number, the epoch of the resource (raised to expire all
tokens) and the time.
"""

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
    """Make a sync token that covers every change up to a change number."""
    content = [resource, account, epoch, change, int(state.now().timestamp())]
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()


def redeem(state: State, token: str, *, resource: str, account: str, epoch: int) -> int:
    """Return the change number in a sync token.

    Answers 410 (G1) if the token is too old, of an earlier epoch, or of another resource or account; 400 if
    it is not a token. What vanished meanwhile (G31) could not be listed any more.
    """
    try:
        found_resource, found_account, found_epoch, change, issued = json.loads(
            base64.urlsafe_b64decode(token.encode())
        )
    except (ValueError, TypeError) as error:
        raise invalid("Invalid sync token value.", "syncToken") from error
    if (found_resource, found_account, found_epoch) != (resource, account, epoch):
        raise full_sync_required()
    lives = (state.settings.sync_token_life, state.settings.tombstone_life)
    life = min((each for each in lives if each is not None), default=None)
    if life is not None and state.now() - datetime.fromtimestamp(issued, tz=state.now().tzinfo) > life:
        raise full_sync_required()
    return int(change)


def check_events_query(query: Json) -> None:
    """Answer 400 for a parameter of events.list that must not be combined with a sync token (G2)."""
    for name in FORBIDDEN_PARAMETERS:
        if name in query:
            raise bad_request(f"The parameter {name} cannot be combined with syncToken.")
    if query.get("showDeleted") is False:
        raise bad_request("Deleted events are always shown with syncToken.")


def check_calendar_list_query(query: Json) -> None:
    """Answer 400 for a parameter of calendarList.list that must not be combined with a sync token."""
    for name in ("minAccessRole", "showOwnOrganizationOnly"):
        if name in query:
            raise bad_request(f"The parameter {name} cannot be combined with syncToken.")
    if query.get("showDeleted") is False or query.get("showHidden") is False:
        raise bad_request("Deleted and hidden entries are always shown with syncToken.")
