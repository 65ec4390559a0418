"""Graph's words: its enumerations, the bodies that are sent, and the shapes in which a refusal comes."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from urllib.parse import quote, urlencode

from common.domain.calendar.event import Marker, Response, ShowAs
from common.domain.calendar.sync_state import Channel
from common.domain.export.exported_event import EventDraft, Part
from common.mail_address import ascii_address
from common.ports.provider import ChannelRequest
from common.providers.answers import retry_after

Reply = Mapping[str, Any]
# One constant name each: https://learn.microsoft.com/graph/api/resources/extended-properties-overview
_OURS = "String {6f6d1c63-52bb-4f0e-9d0b-3c1d7c2a8b41} Name"
MARKER = f"{_OURS} SlotbridgeBooking"
KEY = f"{_OURS} SlotbridgeKey"
LONGEST_REMINDER = 40_320
# Exchange refuses many IANA names: https://learn.microsoft.com/graph/api/resources/datetimetimezone
_UTC = ("UTC", UTC)
# Below the 10,080 minutes of https://learn.microsoft.com/graph/api/resources/subscription
LONGEST_CHANNEL = timedelta(minutes=10_000)
SHOWN: Mapping[str, ShowAs] = {
    "free": ShowAs.FREE,
    "tentative": ShowAs.TENTATIVE,
    "busy": ShowAs.BUSY,
    "oof": ShowAs.OUT_OF_OFFICE,
    "workingElsewhere": ShowAs.WORKING_ELSEWHERE,
}
RESPONSES: Mapping[str, Response] = {
    "organizer": Response.OWNER,
    "tentativelyAccepted": Response.TENTATIVE,
    "accepted": Response.ACCEPTED,
    "declined": Response.DECLINED,
    "notResponded": Response.NEEDS_ACTION,
}


@dataclass(frozen=True, slots=True)
class GraphRequest:
    """One request, before it has a token; ``path`` is relative to the endpoint, or one of Graph's own links.

    ``texts`` says that an event's words are wanted, and wanted as plain text.
    """

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    etag: str | None = None
    page_size: int | None = None
    texts: bool = False

    @property
    def target(self) -> str:
        """The path with its parameters; blanks are ``%20``, because ``+`` is a plus to Exchange."""
        if not self.params:
            return self.path
        return f"{self.path}?{urlencode(self.params, safe='$', quote_via=quote)}"

    @property
    def headers(self) -> Mapping[str, str]:
        """What every single request has to say again, also for a next page: links do not hold it.

        https://learn.microsoft.com/graph/outlook-immutable-id and https://learn.microsoft.com/graph/delta-query-events
        """
        prefer = ['IdType="ImmutableId"', 'outlook.timezone="UTC"']
        if self.texts:
            prefer.append('outlook.body-content-type="text"')
        if self.page_size:
            prefer.append(f"odata.maxpagesize={self.page_size}")
        headers = {"Prefer": ", ".join(prefer)}
        if self.body is not None:
            headers["Content-Type"] = "application/json"
        if self.etag:
            headers["If-Match"] = self.etag
        return headers


def events_path(calendar_id: str, event_id: str | None = None) -> str:
    """The address of a calendar's events, or of one of them; ids are case-sensitive."""
    one = f"/{quote(event_id, safe='')}" if event_id is not None else ""
    return f"{calendar_path(calendar_id)}/events{one}"


def calendar_path(calendar_id: str) -> str:
    """The address of a calendar."""
    return f"/me/calendars/{quote(calendar_id, safe='')}"


def rfc3339(at: datetime) -> str:
    """An instant as a parameter."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def new_event(draft: EventDraft) -> dict[str, Any]:
    """The body that creates a booking's event; the same ``transactionId`` never makes a second one.

    https://learn.microsoft.com/graph/api/user-post-events
    """
    return {
        **changed_event(draft, frozenset({"title", "description", "time", "attendee", "reminder"})),
        "transactionId": draft.event_id,
        "singleValueExtendedProperties": [
            {"id": MARKER, "value": Marker(draft.booking, draft.epoch).text},
            {"id": KEY, "value": draft.event_id},
        ],
        "showAs": "busy",
        "allowNewTimeProposals": False,
    }


def changed_event(
    draft: EventDraft, changed: Collection[str], *, zone: tuple[str, tzinfo] = _UTC
) -> dict[str, Any]:
    """The body that changes these fields and leaves every other one to the owner.

    ``zone`` is the zone in which the times are written, by Graph's name for it.

    Guests are named only where they may be mailed: Exchange invites whomever a write adds, and sends a
    cancellation to whomever it takes off.
    """
    fields: Mapping[str, Mapping[str, Any]] = {
        "title": {"subject": draft.title},
        "description": {"body": {"contentType": "text", "content": draft.description}},
        "time": {
            "isAllDay": False,
            "start": _when(draft.interval.start, zone),
            "end": _when(draft.interval.end, zone),
        },
        "attendee": _guests(draft) if draft.notify else {},
        "reminder": {} if Part.REMINDER in draft.left_out else _reminder(draft.reminder),
    }
    return {key: value for name in fields if name in changed for key, value in fields[name].items()}


def _when(at: datetime, zone: tuple[str, tzinfo]) -> dict[str, str]:
    name, place = zone
    return {
        "dateTime": at.astimezone(place).replace(tzinfo=None).isoformat(timespec="seconds"),
        "timeZone": name,
    }


def _guests(draft: EventDraft) -> dict[str, Any]:
    """The customer as a guest; nobody can accept in a guest's name here, only not ask for an answer."""
    if not draft.attendee:
        return {"attendees": []}
    address, name = draft.attendee
    guest = {"emailAddress": {"address": ascii_address(address), "name": name or address}, "type": "required"}
    return {"attendees": [guest], "responseRequested": not draft.accepted}


def _reminder(minutes: int | None) -> dict[str, Any]:
    """Always explicit; without a number of minutes Exchange takes the mailbox's own."""
    if minutes is None:
        return {"isReminderOn": True}
    return {"isReminderOn": True, "reminderMinutesBeforeStart": min(max(minutes, 0), LONGEST_REMINDER)}


def subscription_body(calendar_id: str, request: ChannelRequest) -> dict[str, Any]:
    """The body that opens a subscription; both kinds of notification go to one address.

    One for each calendar: ``me/events`` tells of the default calendar alone.
    https://learn.microsoft.com/graph/api/resources/subscription
    """
    return {
        "changeType": "created,updated,deleted",
        "resource": subscription_resource(calendar_id),
        "notificationUrl": request.address,
        "lifecycleNotificationUrl": request.address,
        "clientState": request.token,
        "expirationDateTime": rfc3339(min(request.expires_at, request.created_at + LONGEST_CHANNEL)),
    }


def subscription_resource(calendar_id: str) -> str:
    """What a subscription to a calendar's events names: the id as it is, for this is no address.

    That the id of a calendar is taken percent-encoded here is nowhere said.
    """
    return f"/me/calendars/{calendar_id}/events"


def subscription_path(subscription: str) -> str:
    """The address of a subscription."""
    return f"/subscriptions/{quote(subscription, safe='')}"


def renewal_request(channel: Channel, *, now: datetime, until: datetime) -> GraphRequest:
    """A longer life for a subscription.

    A PATCH authorizes it again as well: https://learn.microsoft.com/graph/change-notifications-lifecycle-events
    """
    wished = rfc3339(min(until, now + LONGEST_CHANNEL))
    return GraphRequest("PATCH", subscription_path(channel.resource_id), body={"expirationDateTime": wished})


_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,59}")
_DEPTH = 6


@dataclass(frozen=True, slots=True)
class GraphRefusal:
    """What Graph said instead of an answer: every code that it named, the innermost and most exact first.

    ``existing_event`` is the id of the event that was made with the same transaction, where it says so.
    """

    status: int
    codes: tuple[str, ...] = ()
    retry_after: float | None = None
    existing_event: str | None = None

    @property
    def word(self) -> str:
        """The first code that is safe to show."""
        return next((code for code in self.codes if _WORD.fullmatch(code)), "no code")


def read_refusal(status: int, headers: Mapping[str, str], body: object) -> GraphRefusal:
    """What a refusal says, as JSON, or as HTML, which says nothing."""
    error = body.get("error") if isinstance(body, dict) else None
    existing = error.get("@event.existingEventId") if isinstance(error, dict) else None
    return GraphRefusal(
        status=status,
        codes=tuple(_codes(body))[::-1],
        retry_after=retry_after(headers),
        existing_event=existing if isinstance(existing, str) and existing else None,
    )


def _codes(body: object) -> Iterator[str]:
    """Codes from the outside in, however ``innererror`` is spelled: https://learn.microsoft.com/graph/errors."""
    node = body.get("error") if isinstance(body, dict) else None
    for _ in range(_DEPTH):
        if not isinstance(node, dict):
            return
        code = node.get("code")
        if isinstance(code, str) and code:
            yield code
        node = next((node[name] for name in ("innerError", "innererror", "InnerError") if name in node), None)
