"""Facts about ids and paths of events at Microsoft, and where a deleted or moved event answers."""

from __future__ import annotations

from scripts.probe.account import needed
from scripts.probe.fact import Facts, Need
from scripts.probe.microsoft.account import MicrosoftAccount
from scripts.probe.web import Json

FACTS = Facts()


@FACTS.fact(
    "M27",
    "an event asked for by the path of another calendar",
    double="404 ErrorItemNotFound",
    others={"200": "the path's calendar does not count"},
)
def path_of_another_calendar(at: MicrosoftAccount) -> str:
    """Create in the first calendar, and read in the second."""
    return at.get(at.made("M27")["id"], calendar=at.other).said


@FACTS.fact(
    "M27-moved",
    "an event that was moved by hand, asked for by the path of the calendar that it left",
    Need.HANDS,
    double="404 ErrorItemNotFound",
    others={"200": "the path's calendar does not count"},
)
def path_of_the_old_calendar(at: MicrosoftAccount) -> str:
    """Let a person move an event, and read it in the first calendar."""
    event = at.made("M27 moved")
    at.act("move_event", "M27 moved", event["id"])
    return at.get(event["id"]).said


@FACTS.fact(
    "M62",
    "an event deleted by API, asked for by its immutable id",
    double="404 ErrorItemNotFound",
    others={"200": "it answers from Deleted Items"},
)
def deleted_by_api(at: MicrosoftAccount) -> str:
    """Delete an event, and read it."""
    event = at.made("M62")
    needed(at.delete(event["id"]))
    return at.get(event["id"]).said


@FACTS.fact(
    "M62-short-path",
    "the same without a calendar in the path",
    double="404 ErrorItemNotFound",
    others={"200": "it answers from Deleted Items"},
)
def deleted_by_api_short(at: MicrosoftAccount) -> str:
    """Delete an event, and read it as ``/me/events/{id}``."""
    event = at.made("M62 short")
    needed(at.delete(event["id"]))
    return at.call("GET", f"me/events/{event['id']}").said


@FACTS.fact(
    "M62-by-hand",
    "an event deleted in Outlook, asked for by its immutable id",
    Need.HANDS,
    double="404 ErrorItemNotFound",
    others={"200": "it answers from Deleted Items"},
)
def deleted_by_hand(at: MicrosoftAccount) -> str:
    """Let a person delete an event, and read it."""
    event = at.made("M62 hand")
    at.act("delete_event", "M62 hand", event["id"])
    return at.get(event["id"]).said


@FACTS.fact("M62-twice", "deleting an event twice", double="404 ErrorItemNotFound")
def deleted_twice(at: MicrosoftAccount) -> str:
    """Delete an event and delete it again."""
    event = at.made("M62 twice")
    needed(at.delete(event["id"]))
    return at.delete(event["id"]).said


@FACTS.fact("M63", "PATCH of an event that was deleted", double="404 ErrorItemNotFound")
def change_of_a_deleted_event(at: MicrosoftAccount) -> str:
    """Delete an event, and change it."""
    event = at.made("M63")
    needed(at.delete(event["id"]))
    return at.patch(event["id"], {"location": {"displayName": "probe"}}).said


@FACTS.fact(
    "M33",
    "an event's id in small letters",
    double="400 ErrorInvalidIdMalformed",
    others={"404 ErrorItemNotFound": "another id"},
)
def small_letters(at: MicrosoftAccount) -> str:
    """Read with the id folded."""
    return at.get(str(at.made("M33")["id"]).lower()).said


@FACTS.fact("M34", "a word in place of an event's id", double="400 ErrorInvalidIdMalformed")
def no_id(at: MicrosoftAccount) -> str:
    """Read what is no id."""
    return at.get("slotbridge-probe").said


@FACTS.fact("M25", "immutable and ordinary id of one event", double="two ids, both answer")
def both_ids(at: MicrosoftAccount) -> str:
    """Read an event without the header, and then by either id."""
    event = at.made("M25")
    found = needed(at.call("GET", f"me/events/{event['id']}", immutable=False))
    ids = {str(event["id"]), str(found["id"])}
    answers = {at.call("GET", f"me/events/{each}").status for each in ids}
    count = "two ids" if len(ids) == 2 else "one id"  # noqa: PLR2004
    return f"{count}, {'both answer' if answers == {200} else 'not all answer'}"


@FACTS.fact(
    "M29",
    "the calendar id by $expand=calendar",
    double="absent",
    others={"the same": "as in the listing", "another": "not in the listing"},
)
def expanded_calendar(at: MicrosoftAccount) -> str:
    """Expand the calendar of an event."""
    answer = at.get(at.made("M29")["id"], query="?$expand=calendar")
    if not answer.good:
        return answer.said
    calendar: Json = answer.found.get("calendar") or {}
    if not calendar:
        return "absent"
    return "the same" if calendar.get("id") == at.calendar else "another"


@FACTS.fact(
    "M36", "originalStart of a date of a series with seconds", double="kept", others={"cut": "whole minutes"}
)
def seconds_of_a_date(at: MicrosoftAccount) -> str:
    """Create a series that begins at 30 seconds past."""
    start = at.day().replace(second=30, tzinfo=None).isoformat()
    series = at.series("M36", start={"dateTime": start, "timeZone": "UTC"})
    text = str(at.instances(series["id"])[1].get("originalStart", ""))
    return "none" if not text else "kept" if ":30" in text[16:19] else "cut"


@FACTS.fact("M37", "how originalStart is written", double="Z", others={"offset": "with an offset"})
def form_of_a_date(at: MicrosoftAccount) -> str:
    """Look at the second date of a series."""
    text = str(at.instances(at.series("M37")["id"])[1].get("originalStart", ""))
    return "Z" if text.endswith("Z") else "offset" if text else "none"


@FACTS.fact("M38", "originalStart of a changed date in /instances", double="present")
def date_of_an_exception(at: MicrosoftAccount) -> str:
    """Change a date, and list the dates."""
    series = at.series("M38")
    changed = at.instances(series["id"])[1]["id"]
    needed(at.patch(changed, {"location": {"displayName": "probe"}}))
    found = [each for each in at.instances(series["id"]) if each.get("type") == "exception"]
    if not found:
        return "no exception"
    return "present" if found[0].get("originalStart") else "absent"


@FACTS.fact("M35", "the ids of five events that were made one after the other", double="5 ids")
def ids_of_quick_events(at: MicrosoftAccount) -> str:
    """Create five events, and count their ids."""
    return f"{len({at.made(f'M35 {number}')['id'] for number in range(5)})} ids"
