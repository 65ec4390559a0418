"""Facts about attendees at Microsoft: Exchange mails them, so they need a guest who knows."""

from __future__ import annotations

from scripts.probe.account import needed
from scripts.probe.fact import Facts, Need
from scripts.probe.microsoft.account import RESPONSES, MicrosoftAccount
from scripts.probe.web import Json, one_of

FACTS = Facts()


def _guest(at: MicrosoftAccount, *, response: str = "none") -> Json:
    return {
        "type": "required",
        "emailAddress": {"address": at.guest, "name": "Probe's guest"},
        "status": {"response": response},
    }


@FACTS.fact(
    "M61",
    "/cancel of a meeting, and the event afterwards",
    Need.GUEST,
    double="202, 404 ErrorItemNotFound",
    others={"202, 200": "the immutable id still answers"},
)
def cancelled(at: MicrosoftAccount) -> str:
    """Invite the guest, cancel, and read the event."""
    event = at.made("M61", attendees=[_guest(at)])
    answer = at.call("POST", f"me/events/{event['id']}/cancel", {"comment": "probe"})
    return f"{answer.said}, {at.get(event['id']).said}"


@FACTS.fact(
    "M61-delete",
    "DELETE of a meeting, and the event afterwards",
    Need.GUEST,
    double="204, 404 ErrorItemNotFound",
    others={"204, 200": "the immutable id still answers"},
)
def deleted(at: MicrosoftAccount) -> str:
    """Invite the guest, delete, and read the event."""
    event = at.made("M61 delete", attendees=[_guest(at)])
    answer = at.delete(event["id"])
    return f"{answer.said}, {at.get(event['id']).said}"


@FACTS.fact(
    "M59",
    "the answer of an attendee who was written as accepted",
    Need.GUEST,
    double="accepted",
    others={"none": "reset"},
)
def written_answer(at: MicrosoftAccount) -> str:
    """Invite the guest as somebody who has accepted."""
    event = at.made("M59", attendees=[_guest(at, response="accepted")])
    return one_of(needed(at.get(event["id"]))["attendees"][0]["status"]["response"], *RESPONSES)


@FACTS.fact("M56", "PATCH of the attendees alone: the other fields", Need.GUEST, double="200 kept")
def attendees_alone(at: MicrosoftAccount) -> str:
    """Add the guest to an event."""
    event = at.made("M56")
    answer = at.patch(event["id"], {"attendees": [_guest(at)]})
    kept = answer.found.get("subject") == event["subject"]
    return f"{answer.said} {'kept' if kept else 'changed'}"


@FACTS.fact(
    "M61-alone",
    "/cancel of an event without attendees",
    double="202",
    others={"400 ErrorInvalidRequest": "refused"},
)
def cancelled_alone(at: MicrosoftAccount) -> str:
    """Cancel what nobody was invited to."""
    event = at.made("M61 alone")
    return at.call("POST", f"me/events/{event['id']}/cancel", {"comment": "probe"}).said


@FACTS.fact("M56-no-address", "an attendee without an address", double="400 ErrorInvalidRecipients")
def no_address(at: MicrosoftAccount) -> str:
    """Create with a name alone."""
    nobody = {"type": "required", "emailAddress": {"name": "Probe"}}
    return at.post(at.event("M56", attendees=[nobody])).said
