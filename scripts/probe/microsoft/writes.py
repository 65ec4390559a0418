"""Facts about creating once, etags and extended properties at Microsoft."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from scripts.probe.account import needed
from scripts.probe.fact import Facts
from scripts.probe.microsoft.account import BETWEEN_LOOKS, PROPERTY, MicrosoftAccount
from scripts.probe.web import Answer, Json

FACTS = Facts()
OTHER_BODY = {
    "400 ErrorDuplicateTransactionId": "refused, with the id of the event that is there",
    "409 ErrorDuplicateTransactionId": "refused as a conflict",
}


def _again(first: Json, answer: Answer) -> str:
    if not answer.good:
        hint = "@event.existingEventId" in answer.found.get("error", {})
        return f"{answer.said}{' existingEventId' if hint else ''}"
    return f"{answer.said} {'the first event' if answer.found['id'] == first['id'] else 'a new event'}"


def _posted(at: MicrosoftAccount, about: str) -> tuple[Json, Json]:
    body = at.event(about, transactionId=at.transaction())
    return body, needed(at.post(body))


@FACTS.fact("M39", "the same transactionId with the same body", double="201 the first event")
def same_body(at: MicrosoftAccount) -> str:
    """Create twice."""
    body, first = _posted(at, "M39")
    return _again(first, at.post(body))


@FACTS.fact(
    "M40",
    "the same transactionId with another body",
    double="400 ErrorDuplicateTransactionId existingEventId",
    others={"201 the first event": "the body does not count", **OTHER_BODY},
)
def other_body(at: MicrosoftAccount) -> str:
    """Create twice, at another time."""
    body, first = _posted(at, "M40")
    later = {"start": at.moment(1), "end": at.moment(1, hours=1)}
    return _again(first, at.post(body | later))


@FACTS.fact(
    "M42",
    "the same transactionId after the event was deleted",
    double="201 the first event",
    others={"201 a new event": "made anew", **OTHER_BODY},
)
def after_a_deletion(at: MicrosoftAccount) -> str:
    """Create, delete, and create again."""
    body, first = _posted(at, "M42")
    needed(at.delete(first["id"]))
    return _again(first, at.post(body))


@FACTS.fact(
    "M42-calendar", "the same transactionId in another calendar", double="201 a new event", others=OTHER_BODY
)
def in_another_calendar(at: MicrosoftAccount) -> str:
    """Create in both calendars."""
    body, first = _posted(at, "M42 calendar")
    return _again(first, at.post(body, calendar=at.other))


@FACTS.fact(
    "M43",
    "transactionId of an event that was made without",
    double="absent",
    others={"null": "there, and empty"},
)
def no_transaction(at: MicrosoftAccount) -> str:
    """Read an event that was made without."""
    found = needed(at.get(at.made("M43")["id"]))
    if "transactionId" not in found:
        return "absent"
    return "null" if found["transactionId"] is None else "present"


@FACTS.fact("M43-change", "PATCH of the transactionId", double="400 ErrorInvalidPropertySet")
def transaction_changed(at: MicrosoftAccount) -> str:
    """Change what cannot be changed."""
    _, first = _posted(at, "M43 change")
    return at.patch(first["id"], {"transactionId": at.transaction()}).said


@FACTS.fact(
    "M47",
    "the etag of a new event half a minute later",
    double="the same",
    others={"another": "Exchange touched it by itself"},
)
def etag_by_itself(at: MicrosoftAccount) -> str:
    """Create, wait, and read."""
    event = at.made("M47")
    at.web.wait(3 * BETWEEN_LOOKS)
    return "the same" if needed(at.get(event["id"]))["@odata.etag"] == event["@odata.etag"] else "another"


@FACTS.fact("M48", "a change under an etag that is no longer current", double="412 ErrorIrresolvableConflict")
def stale_etag(at: MicrosoftAccount) -> str:
    """Change twice, the second time with the first etag."""
    event = at.made("M48")
    needed(at.patch(event["id"], {"location": {"displayName": "one"}}))
    old = {"If-Match": event["@odata.etag"]}
    return at.patch(event["id"], {"location": {"displayName": "two"}}, headers=old).said


def _marked(at: MicrosoftAccount, about: str, **more: Any) -> Json:
    return at.made(about, singleValueExtendedProperties=[{"id": PROPERTY, "value": about}], **more)


def _expand() -> str:
    inner = quote(f"id eq '{PROPERTY}'")
    return f"$expand=singleValueExtendedProperties($filter={inner})"


def _filter(value: str) -> str:
    test = f"singleValueExtendedProperties/Any(ep: ep/id eq '{PROPERTY}' and ep/value eq '{value}')"
    return f"$filter={quote(test)}"


def _shown(event: Json) -> str:
    return "present" if event.get("singleValueExtendedProperties") else "absent"


@FACTS.fact("M49", "an extended property without $expand, and with", double="absent, present")
def property_expanded(at: MicrosoftAccount) -> str:
    """Read an event in both ways."""
    event = _marked(at, "M49")
    answers = (needed(at.get(event["id"], query=query)) for query in ("", f"?{_expand()}"))
    return ", ".join(_shown(each) for each in answers)


@FACTS.fact("M50", "events found by an extended property", double="1 found")
def property_filtered(at: MicrosoftAccount) -> str:
    """Filter by id and value."""
    _marked(at, "M50")
    found = at.pages(at.call("GET", f"{at.events()}?{_filter('M50')}"))
    return f"{len(found)} found"


@FACTS.fact(
    "M50-id",
    "a filter by the property's id alone",
    double="400 ErrorInvalidUrlQueryFilter",
    others={"400 ErrorInvalidProperty": "refused"},
)
def filter_by_id_alone(at: MicrosoftAccount) -> str:
    """Filter in a form that is not documented."""
    test = quote(f"singleValueExtendedProperties/id eq '{PROPERTY}'")
    return at.call("GET", f"{at.events()}?$filter={test}").said


@FACTS.fact(
    "M51",
    "events found by an extended property just after the event was made",
    double="1 found",
    others={"0 found": "not yet"},
)
def property_found_at_once(at: MicrosoftAccount) -> str:
    """Filter at once, three times."""
    counts = []
    for number in range(3):
        _marked(at, f"M51-{number}")
        found = at.pages(at.call("GET", f"{at.events()}?{_filter(f'M51-{number}')}"))
        counts.append(len(found))
    return f"{min(counts)} found"


@FACTS.fact(
    "M52",
    "a filter by an extended property on calendarView",
    double="500 ErrorInternalServerError",
    others={"200 1 found": "filtered"},
)
def property_on_a_view(at: MicrosoftAccount) -> str:
    """Filter a view."""
    _marked(at, "M52")
    view = f"me/calendars/{at.calendar}/calendarView?{at.window()}&{_filter('M52')}"
    answer = at.call("GET", view)
    return f"{answer.said} {len(answer.found['value'])} found" if answer.good else answer.said


@FACTS.fact(
    "M53", "an extended property by $expand on calendarView", double="present", others={"absent": "left out"}
)
def property_in_a_view(at: MicrosoftAccount) -> str:
    """Expand in a view."""
    event = _marked(at, "M53")
    view = f"me/calendars/{at.calendar}/calendarView?{at.window()}&{_expand()}"
    return _shown(next(each for each in at.pages(at.call("GET", view)) if each["id"] == event["id"]))
