"""Google's words: its enumerations, the bodies that are sent, and the shapes in which a refusal comes."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from common.domain.calendar.connection import AccessRole
from common.domain.calendar.event import EventType, ExternalEvent, Marker, Response
from common.domain.calendar.zones import zone
from common.domain.export.exported_event import EventDraft, Part
from common.mail_address import ascii_address
from common.ports.provider import ChannelRequest
from common.providers.answers import retry_after

Reply = Mapping[str, Any]
MARKER = "slotbridge"
LONGEST_REMINDER = 40_320
ROLES: Mapping[str, AccessRole] = {
    "none": AccessRole.NONE,
    "freeBusyReader": AccessRole.FREE_BUSY,
    "reader": AccessRole.READER,
    "writerWithoutPrivateAccess": AccessRole.WRITER_WITHOUT_PRIVATE,
    "writer": AccessRole.WRITER,
    "owner": AccessRole.OWNER,
}
TYPES: Mapping[str, EventType] = {
    "default": EventType.DEFAULT,
    "focusTime": EventType.FOCUS_TIME,
    "outOfOffice": EventType.OUT_OF_OFFICE,
    "workingLocation": EventType.WORKING_LOCATION,
    "birthday": EventType.BIRTHDAY,
    "fromGmail": EventType.FROM_MAIL,
}
RESPONSES: Mapping[str, Response] = {
    "accepted": Response.ACCEPTED,
    "tentative": Response.TENTATIVE,
    "needsAction": Response.NEEDS_ACTION,
    "declined": Response.DECLINED,
}


def rfc3339(at: datetime) -> str:
    """An instant as Google takes it, in whole seconds."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def new_event(draft: EventDraft) -> dict[str, Any]:
    """The body that creates a booking's event under an id of our own."""
    return {
        "id": draft.event_id,
        **changed_event(draft, frozenset({"title", "description"})),
        # There is nothing stored yet that could clash with the default.
        **(
            {"reminders": {"useDefault": True}}
            if draft.reminder is None
            else changed_event(draft, frozenset({"reminder"}))
        ),
        "start": _when(draft.interval.start, draft.zone),
        "end": _when(draft.interval.end, draft.zone),
        **({"attendees": _attendees(draft)} if draft.attendee else {}),
        "extendedProperties": {"private": {MARKER: Marker(draft.booking, draft.epoch).text}},
        "transparency": "opaque",
        "guestsCanInviteOthers": False,
        "guestsCanModify": False,
        "guestsCanSeeOtherGuests": False,
    }


def changed_event(draft: EventDraft, changed: Collection[str]) -> dict[str, Any]:
    """The body that changes these fields and leaves every other one to the owner."""
    # A null removes the date of an event that the owner had made an all-day one.
    fields: Mapping[str, Mapping[str, Any]] = {
        "title": {"summary": draft.title},
        "description": {"description": draft.description},
        "time": {
            "start": {"date": None, **_when(draft.interval.start, draft.zone)},
            "end": {"date": None, **_when(draft.interval.end, draft.zone)},
        },
        "attendee": {"attendees": _attendees(draft)},
        "reminder": {} if Part.REMINDER in draft.left_out else {"reminders": _reminders(draft.reminder)},
        "status": {"status": "confirmed"},
    }
    return {key: value for name in fields if name in changed for key, value in fields[name].items()}


def _when(at: datetime, name: str) -> dict[str, str]:
    try:
        return {"dateTime": at.astimezone(zone(name)).isoformat(timespec="seconds"), "timeZone": name}
    except ValueError:
        return {"dateTime": rfc3339(at), "timeZone": "UTC"}


def _attendees(draft: EventDraft) -> list[dict[str, str]]:
    if not draft.attendee:
        return []
    address, name = draft.attendee
    named = {"displayName": name} if name else {}
    return [
        {
            "email": ascii_address(address),
            **named,
            **({"responseStatus": "accepted"} if draft.accepted else {}),
        }
    ]


def _reminders(minutes: int | None) -> dict[str, Any]:
    if minutes is None:
        # Stored overrides stay through a PATCH that does not name them, and clash with the default:
        # https://developers.google.com/workspace/calendar/api/v3/reference/events (reminders.overrides)
        return {"useDefault": True, "overrides": []}
    clamped = min(max(minutes, 0), LONGEST_REMINDER)
    return {"useDefault": False, "overrides": [{"method": "popup", "minutes": clamped}]}


def channel_body(request: ChannelRequest) -> dict[str, Any]:
    """The body that opens a push channel; Google may shorten the life that is asked for."""
    return {
        "id": request.id,
        "type": "web_hook",
        "address": request.address,
        "token": request.token,
        "expiration": str(int(request.expires_at.timestamp() * 1000)),
    }


def original_start_parameter(series: ExternalEvent) -> str:
    """The start of a series' first date, as ``events.instances`` takes it."""
    return series.all_day[0].isoformat() if series.all_day else rfc3339(series.start)


def send_updates_parameter(*, notify: bool) -> Mapping[str, Any]:
    """Whether Google mails the guests about this one write."""
    return {"sendUpdates": "all" if notify else "none"}


NO_REASON = "no_reason"
"""Stands for the reason in a refusal of Google's own shape that names none: its status has to do."""
_WORD = re.compile(r"[A-Za-z][A-Za-z0-9_.]{0,59}")


@dataclass(frozen=True, slots=True)
class GoogleRefusal:
    """What Google said instead of an answer: every reason that it named, the most exact first."""

    status: int
    reasons: tuple[str, ...] = ()
    retry_after: float | None = None
    conditional: bool = False

    @property
    def word(self) -> str:
        """The first reason that is safe to show."""
        return next((reason for reason in self.reasons if _WORD.fullmatch(reason)), "no reason")


def read_refusal(status: int, headers: Mapping[str, str], body: bytes, *, conditional: bool) -> GoogleRefusal:
    """What a refusal says, in the classic shape, in the newer one, or in HTML."""
    return GoogleRefusal(
        status=status,
        reasons=tuple(_reasons(body)),
        retry_after=retry_after(headers),
        conditional=conditional,
    )


# Reasons of our own for what Google says in words alone: its reason is "invalid", whatever it is about.
_SAID = {
    "invalid attendee email": "#attendee",
    "invalid time zone definition": "#time_zone",
}


def _reasons(body: bytes) -> Iterator[str]:
    try:
        error = json.loads(body).get("error")
    except (ValueError, AttributeError, RecursionError):
        return
    if not isinstance(error, dict):
        return
    lists = (part for part in (error.get("details"), error.get("errors")) if isinstance(part, list))
    named = [word for item in chain.from_iterable(lists) if isinstance(item, dict) for word in _named(item)]
    yield from named
    if status := _text(error.get("status")):
        yield status
    if not named:
        yield NO_REASON


def _named(item: Mapping[str, Any]) -> Iterator[str]:
    reason, location = _text(item.get("reason")), _text(item.get("location"))
    said = (_text(item.get("message")) or "").casefold()
    yield from (word for words, word in _SAID.items() if said.startswith(words))
    if reason:
        yield reason
    if location and item.get("locationType") == "parameter":
        yield f"@{location}"


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
