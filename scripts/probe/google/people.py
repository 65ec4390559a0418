"""Facts about attendees at Google; nobody is mailed, as every request says so."""

from __future__ import annotations

from typing import Any

from scripts.probe.account import needed
from scripts.probe.fact import Facts, Need
from scripts.probe.google.account import GoogleAccount
from scripts.probe.web import Json, one_of

FACTS = Facts()
ANSWERS = ("accepted", "declined", "needsAction", "tentative")
# A domain that nobody can have: https://www.rfc-editor.org/rfc/rfc2606
NOBODY = ("probe.one@example.invalid", "probe.two@example.invalid")


def _with(at: GoogleAccount, about: str, *attendees: Json, **more: Any) -> str:
    return at.insert(at.event(about, attendees=list(attendees), **more)).said


@FACTS.fact("G72", "an attendee's address with brackets", double="400 invalid", others={"200": "taken"})
def address_with_brackets(at: GoogleAccount) -> str:
    """Insert with an address that Google is said to refuse."""
    return _with(at, "G72", {"email": "Probe(2002)@example.invalid"})


@FACTS.fact(
    "G72-letters",
    "an attendee's address with letters beyond ASCII",
    double="400 invalid",
    others={"200": "taken"},
)
def address_with_other_letters(at: GoogleAccount) -> str:
    """Insert with an umlaut before the @."""
    return _with(at, "G72", {"email": "pröbe@example.invalid"})


@FACTS.fact("G72-no-at", "an attendee's address without @", double="400 invalid")
def address_without_at(at: GoogleAccount) -> str:
    """Insert with a word for an address."""
    return _with(at, "G72", {"email": "probe"})


@FACTS.fact("G73", "an attendee without address", double="400 required")
def no_address(at: GoogleAccount) -> str:
    """Insert with a name alone."""
    return _with(at, "G73", {"displayName": "Probe"})


@FACTS.fact("G36", "PATCH with one of two attendees: who is left", double="1")
def attendees_replaced(at: GoogleAccount) -> str:
    """Send a list that leaves one out."""
    event = at.made("G36", attendees=[{"email": each} for each in NOBODY])
    after = needed(at.patch(event["id"], {"attendees": [{"email": NOBODY[0]}]}))
    return str(len(after["attendees"]))


@FACTS.fact("G37", "the same with attendeesOmitted", double="2", others={"1": "the whole list was replaced"})
def attendees_omitted(at: GoogleAccount) -> str:
    """Send one of two attendees, and say that others are omitted."""
    event = at.made("G37", attendees=[{"email": each} for each in NOBODY])
    needed(at.patch(event["id"], {"attendeesOmitted": True, "attendees": [{"email": NOBODY[0]}]}))
    return str(len(needed(at.get(event["id"])).get("attendees", ())))


@FACTS.fact(
    "G80",
    "an attendee written as accepted",
    Need.GUEST,
    double="accepted",
    others={"needsAction": "the guest's own settings decide"},
)
def written_answer(at: GoogleAccount) -> str:
    """Invite the guest as somebody who has accepted."""
    event = at.made("G80", attendees=[{"email": at.guest, "responseStatus": "accepted"}])
    return one_of(needed(at.get(event["id"]))["attendees"][0]["responseStatus"], *ANSWERS)


@FACTS.fact("G36-answer", "PATCH of attendees without the answer that was stored", double="needsAction")
def answer_left_out(at: GoogleAccount) -> str:
    """Send the attendee again, without the answer."""
    event = at.made("G36 answer", attendees=[{"email": NOBODY[0], "responseStatus": "accepted"}])
    after = needed(at.patch(event["id"], {"attendees": [{"email": NOBODY[0]}]}))
    return one_of(after["attendees"][0]["responseStatus"], *ANSWERS)


@FACTS.fact("G81", "the organizer among the attendees of an event with one guest", double="no")
def organizer_among_attendees(at: GoogleAccount) -> str:
    """Insert with one attendee, and look who is listed."""
    event = at.made("G81", attendees=[{"email": NOBODY[0]}])
    listed = needed(at.get(event["id"]))["attendees"]
    return "yes" if any(each.get("organizer") or each.get("self") for each in listed) else "no"
