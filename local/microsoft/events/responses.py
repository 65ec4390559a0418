"""Answers an attendee's response to an invitation: accept, tentativelyAccept and decline.

https://learn.microsoft.com/graph/api/event-accept, https://learn.microsoft.com/graph/api/event-decline
"""

from dataclasses import replace

from local.microsoft.api import schema
from local.microsoft.api.context import Context
from local.microsoft.errors import invalid
from local.microsoft.events import attendees, edits
from local.microsoft.events.edits import change_occurrence
from local.microsoft.events.expansion import ListedEvent
from local.microsoft.model import Item
from local.microsoft.state import State
from local.microsoft.times import format_timestamp

RESPONSES = {
    "accept": ("accepted", "busy"),
    "tentativelyAccept": ("tentativelyAccepted", "tentative"),
    "decline": ("declined", "free"),
}


def respond(context: Context, action: str) -> None:
    """Answer a response of the caller; the organizer gets a mail unless sendResponse is false."""
    schema.check_action(f"event/{action}", context.body)
    found = context.target(write=True)
    if found.item.is_organizer:
        message = (
            "Your request can't be completed. You can't respond to this meeting because you're the organizer."
        )
        raise invalid("ErrorInvalidRequest", message)
    if context.body.get("proposedNewTime") and not found.body.get("allowNewTimeProposals", True):
        raise invalid("ErrorInvalidRequest", "The organizer doesn't allow new time proposals.")
    record_response(context.state, found, action)
    if context.body.get("sendResponse", True) and found.body.get("responseRequested", True):
        attendees.log_response(context.state, found.item, RESPONSES[action][0], by=context.caller.account)
    context.status = 202


def record_response(state: State, found: ListedEvent, action: str) -> None:
    """Record a response on the attendee's copy; a declined event is deleted unless `keep_declined` is set."""
    response, show_as = RESPONSES[action]
    if action == "decline" and not state.settings.keep_declined:
        edits.delete_event(state, found, notify_attendees=False)
        return
    kept = {
        "responseStatus": {"response": response, "time": format_timestamp(state.now())},
        "showAs": show_as,
    }
    if found.day:
        change_occurrence(state, found, {"showAs": show_as}, found.item.properties)
        items = state.calendars[found.item.calendar].items
        master_key = found.item.series or found.item.key
        exception: Item = items[f"{master_key}:{found.day}"]
        state.store(replace(exception, body=exception.body | kept))
        return
    state.store(replace(found.item, body=found.item.body | kept))
