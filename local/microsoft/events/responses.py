"""Answers accept, tentativelyAccept and decline of an attendee."""

from dataclasses import replace

from local.microsoft.api import schema
from local.microsoft.api.context import Context
from local.microsoft.errors import invalid
from local.microsoft.events import attendees, edits
from local.microsoft.events.edits import change_day
from local.microsoft.events.expansion import Row
from local.microsoft.model import Item
from local.microsoft.state import World
from local.microsoft.times import stamp

ANSWERS = {
    "accept": ("accepted", "busy"),
    "tentativelyAccept": ("tentativelyAccepted", "tentative"),
    "decline": ("declined", "free"),
}


def respond(context: Context, action: str) -> None:
    """The caller answers an invitation; the organizer is told unless sendResponse is false."""
    schema.check_action(f"event/{action}", context.body)
    found = context.target(write=True)
    if found.item.mine:
        message = (
            "Your request can't be completed. You can't respond to this meeting because you're the organizer."
        )
        raise invalid("ErrorInvalidRequest", message)
    if context.body.get("proposedNewTime") and not found.body.get("allowNewTimeProposals", True):
        raise invalid("ErrorInvalidRequest", "The organizer doesn't allow new time proposals.")
    answer(context.world, found, action)
    if context.body.get("sendResponse", True) and found.body.get("responseRequested", True):
        attendees.answered(context.world, found.item, ANSWERS[action][0], by=context.caller.account)
    context.status = 202


def answer(world: World, found: Row, action: str) -> None:
    """Keep an answer on the attendee's copy; a declined event leaves the calendar unless kept."""
    response, show_as = ANSWERS[action]
    if action == "decline" and not world.settings.keep_declined:
        edits.remove(world, found, tell_attendees=False)
        return
    kept = {"responseStatus": {"response": response, "time": stamp(world.now())}, "showAs": show_as}
    if found.day:
        change_day(world, found, {"showAs": show_as}, found.item.properties)
        items = world.calendars[found.item.calendar].items
        master_key = found.item.series or found.item.key
        exception: Item = items[f"{master_key}:{found.day}"]
        world.put(replace(exception, body=exception.body | kept))
        return
    world.put(replace(found.item, body=found.item.body | kept))
