"""Facts about the fields of events at Microsoft."""

from __future__ import annotations

from scripts.probe.account import needed
from scripts.probe.fact import Facts
from scripts.probe.microsoft.account import RESPONSES, MicrosoftAccount
from scripts.probe.web import one_of

FACTS = Facts()


@FACTS.fact(
    "M64",
    "PATCH of isCancelled: the stored value",
    double="200 true",
    others={"200 false": "left out", "400 ErrorInvalidPropertySet": "refused"},
)
def cancelled_written(at: MicrosoftAccount) -> str:
    """Write what is read-only."""
    event = at.made("M64")
    answer = at.patch(event["id"], {"isCancelled": True})
    return f"{answer.said} {one_of(answer.found.get('isCancelled'))}" if answer.good else answer.said


@FACTS.fact(
    "M66",
    "PATCH of the organizer: is it changed",
    double="200 no",
    others={"400 ErrorInvalidPropertySet": "refused"},
)
def organizer_written(at: MicrosoftAccount) -> str:
    """Write an organizer that nobody is."""
    event = at.made("M66")
    answer = at.patch(
        event["id"], {"organizer": {"emailAddress": {"address": "probe@example.invalid", "name": "Probe"}}}
    )
    changed = "example.invalid" in str(answer.found.get("organizer"))
    return f"{answer.said} {'yes' if changed else 'no'}" if answer.good else answer.said


@FACTS.fact("M67", "the organizer of an own event", double="present", others={"absent": "null or left out"})
def organizer(at: MicrosoftAccount) -> str:
    """Read an own event."""
    return "present" if needed(at.get(at.made("M67")["id"])).get("organizer") else "absent"


@FACTS.fact("M68", "responseStatus of an own event", double="organizer", others={"none": "the other form"})
def own_response(at: MicrosoftAccount) -> str:
    """Read an own event."""
    return one_of(needed(at.get(at.made("M68")["id"]))["responseStatus"]["response"], *RESPONSES)


@FACTS.fact("M69", "a body that was written as text, read without a wish", double="html")
def text_body(at: MicrosoftAccount) -> str:
    """Write text, and read it."""
    event = at.made("M69", body={"contentType": "text", "content": "Bring papers"})
    return one_of(needed(at.get(event["id"]))["body"]["contentType"], "html", "text")


@FACTS.fact("M69-text", "the same, read with the wish for text", double="text same")
def text_body_as_text(at: MicrosoftAccount) -> str:
    """Write text, and read it as text."""
    event = at.made("M69 text", body={"contentType": "text", "content": "Bring papers"})
    body = needed(at.get(event["id"], prefer=['outlook.body-content-type="text"']))["body"]
    same = str(body["content"]).strip() == "Bring papers"
    return f"{one_of(body['contentType'], 'html', 'text')} {'same' if same else 'changed'}"


@FACTS.fact(
    "M72",
    "a subject of 300 characters: how many are kept",
    double="201 255",
    others={"201 300": "kept", "400 ErrorPropertyValidationFailure": "refused"},
)
def long_subject(at: MicrosoftAccount) -> str:
    """Write a long subject."""
    answer = at.post(at.event(subject="s" * 300))
    if not answer.good:
        return answer.said
    return f"{answer.said} {len(needed(at.get(answer.found['id']))['subject'])}"


@FACTS.fact("M72-answer", "the same in the answer to the POST itself", double="255")
def long_subject_in_the_answer(at: MicrosoftAccount) -> str:
    """Write a long subject, and look at the answer alone."""
    return str(len(needed(at.post(at.event(subject="s" * 300)))["subject"]))


@FACTS.fact("M70", "isOnlineMeeting of an event that was made without a word on it", double="false")
def online_meeting(at: MicrosoftAccount) -> str:
    """Read a new event."""
    return one_of(needed(at.get(at.made("M70")["id"]))["isOnlineMeeting"])


@FACTS.fact(
    "M71", "an event asked for as an online meeting", double="201 true", others={"201 false": "ignored"}
)
def online_meeting_asked_for(at: MicrosoftAccount) -> str:
    """Ask for a meeting online."""
    answer = at.post(at.event("M71", isOnlineMeeting=True))
    return f"{answer.said} {one_of(answer.found.get('isOnlineMeeting'))}" if answer.good else answer.said


@FACTS.fact(
    "M94", "lastModifiedDateTime in a view with $select", double="present", others={"absent": "left empty"}
)
def selected_in_a_view(at: MicrosoftAccount) -> str:
    """Select it in a view."""
    event = at.made("M94")
    view = f"me/calendars/{at.calendar}/calendarView?{at.window()}&$select=id,lastModifiedDateTime"
    found = next(each for each in at.pages(at.call("GET", view)) if each["id"] == event["id"])
    return "present" if found.get("lastModifiedDateTime") else "absent"
