"""Facts about ids, etags, conditions and deletions at Google."""

from __future__ import annotations

from datetime import timedelta

from scripts.probe.account import needed
from scripts.probe.fact import Facts, Need
from scripts.probe.google.account import GoogleAccount, utc, with_status
from scripts.probe.web import Json

FACTS = Facts()


def _own_id(at: GoogleAccount, about: str) -> str:
    """An id of letters and digits that Google accepts, and that no other run uses."""
    digits = f"{int(at.began.timestamp()):x}{about.encode().hex()}"
    return f"probe{digits}"


@FACTS.fact("G22", "a change under an etag that is no longer current", double="412 conditionNotMet")
def stale_etag(at: GoogleAccount) -> str:
    """Change an event twice, the second time with the first etag."""
    event = at.made("G22")
    needed(at.patch(event["id"], {"location": "one"}))
    return at.patch(event["id"], {"location": "two"}, if_match=event["etag"]).said


@FACTS.fact("G23", "the etag as a number: twice the time of the last change in microseconds", double="yes")
def etag_and_updated(at: GoogleAccount) -> str:
    """Compare the etag with the field ``updated``."""
    event = at.made("G23")
    number = str(event["etag"]).strip('"')
    half = (utc(event["updated"]) - utc("1970-01-01T00:00:00+00:00")) // timedelta(microseconds=1)
    return "yes" if number.isdecimal() and abs(int(number) - 2 * half) <= 2000 else "no"  # noqa: PLR2004


@FACTS.fact(
    "G24", "a change of the reminder alone: etag, updated, delta", double="etag moves, updated stays, listed"
)
def reminder_alone(at: GoogleAccount) -> str:
    """Change nothing but the reminder."""
    event = at.made("G24")
    token = at.sync_token()
    wish = {"useDefault": False, "overrides": [{"method": "popup", "minutes": 30}]}
    after = needed(at.patch(event["id"], {"reminders": wish}))
    etag = "moves" if after["etag"] != event["etag"] else "stays"
    updated = "moves" if after["updated"] != event["updated"] else "stays"
    listed = event["id"] in {each["id"] for each in at.changes(token, until=event["id"])}
    return f"etag {etag}, updated {updated}, {'listed' if listed else 'unlisted'}"


@FACTS.fact("G25", "an id of characters that are not allowed", double="400 invalid")
def id_with_other_letters(at: GoogleAccount) -> str:
    """Insert under an id with a letter beyond v."""
    return at.insert(at.event("G25", id="probexyz")).said


@FACTS.fact("G25-short", "an id of four characters", double="400 invalid")
def short_id(at: GoogleAccount) -> str:
    """Insert under an id that is too short."""
    return at.insert(at.event("G25", id="prob")).said


@FACTS.fact("G26", "an insert under the id of a deleted event", double="409 duplicate")
def id_of_a_deleted_event(at: GoogleAccount) -> str:
    """Insert, delete, and insert again."""
    event = at.made("G26", id=_own_id(at, "G26"))
    needed(at.delete(event["id"]))
    return at.insert(at.event("G26", id=event["id"])).said


@FACTS.fact("G26-moved", "an insert under the id of an event that was moved away", double="409 duplicate")
def id_of_a_moved_event(at: GoogleAccount) -> str:
    """Insert, move to the other calendar, and insert again."""
    event = at.made("G26 moved", id=_own_id(at, "G26m"))
    moved = at.call("POST", f"{at.events(event['id'])}/move", destination=at.other, sendUpdates="none")
    needed(moved)
    return at.insert(at.event("G26", id=event["id"])).said


@FACTS.fact("G26-twice", "an insert under the id of an event that is there", double="409 duplicate")
def id_in_use(at: GoogleAccount) -> str:
    """Insert twice."""
    event = at.made("G26 twice", id=_own_id(at, "G26t"))
    return at.insert(at.event("G26", id=event["id"])).said


@FACTS.fact("G27", "PATCH to confirmed, of an event deleted by API", double="200 confirmed")
def revived(at: GoogleAccount) -> str:
    """Delete an event and bring it back."""
    event = at.made("G27")
    needed(at.delete(event["id"]))
    return _with_status(at, event["id"])


@FACTS.fact(
    "G28",
    "PATCH to confirmed, of an event that a person deleted in Google's page",
    Need.HANDS,
    double="403 forbidden",
    others={"200 confirmed": "revived as after a deletion by API"},
)
def revived_after_a_person(at: GoogleAccount) -> str:
    """Let a person delete an event, and bring it back."""
    event = at.made("G28")
    at.act("delete_event", "G28", event["id"])
    return _with_status(at, event["id"])


@FACTS.fact("G29", "deleting an event twice", double="410 deleted")
def deleted_twice(at: GoogleAccount) -> str:
    """Delete an event and delete it again."""
    event = at.made("G29")
    needed(at.delete(event["id"]))
    return at.delete(event["id"]).said


@FACTS.fact("G30", "a deletion that succeeds", double="204 without a body")
def deleted(at: GoogleAccount) -> str:
    """Delete an event."""
    answer = at.delete(at.made("G30")["id"])
    return f"{answer.said} {'with' if answer.text else 'without'} a body"


@FACTS.fact(
    "G31",
    "GET of a deleted event",
    double="200 cancelled",
    others={"404 notFound": "such entries vanish some day"},
)
def get_of_a_deleted_event(at: GoogleAccount) -> str:
    """Delete an event and read it."""
    event = at.made("G31")
    needed(at.delete(event["id"]))
    return _said_with_status(at, event["id"])


@FACTS.fact("G31-unknown", "GET of an id that was never used", double="404 notFound")
def get_of_an_unknown_event(at: GoogleAccount) -> str:
    """Read an event that never was."""
    return at.get(_own_id(at, "G31u")).said


def _import(at: GoogleAccount, uid: str) -> Json:
    body = at.event("G32", iCalUID=uid)
    del body["reminders"]
    return body


@FACTS.fact(
    "G32",
    "an import of an iCalUID that is there",
    double="200",
    others={"409 duplicate": "refused"},
)
def imported_twice(at: GoogleAccount) -> str:
    """Import the same event twice."""
    body = _import(at, f"{_own_id(at, 'G32')}@example.invalid")
    needed(at.call("POST", f"{at.events()}/import", body))
    return at.call("POST", f"{at.events()}/import", body).said


@FACTS.fact("G32-deleted", "an import of an iCalUID whose event was deleted", double="409 duplicate")
def imported_after_a_deletion(at: GoogleAccount) -> str:
    """Import, delete, and import again."""
    body = _import(at, f"{_own_id(at, 'G32d')}@example.invalid")
    event = needed(at.call("POST", f"{at.events()}/import", body))
    needed(at.delete(event["id"]))
    return at.call("POST", f"{at.events()}/import", body).said


def _with_status(at: GoogleAccount, event: str) -> str:
    return with_status(at.patch(event, {"status": "confirmed"}))


def _said_with_status(at: GoogleAccount, event: str) -> str:
    return with_status(at.get(event))
