"""Turns Google's events into the domain's, one at a time, so that a bad one harms no other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from common.domain.calendar.connection import AccessRole, CalendarEntry, calendar_key
from common.domain.calendar.event import (
    Change,
    Detail,
    EventType,
    ExternalEvent,
    Flaw,
    Kind,
    Marker,
    Removal,
    Response,
    SeriesTouched,
    ShowAs,
    Unreadable,
    Upsert,
)
from common.domain.calendar.event_times import EventTimes, event_times
from common.domain.calendar.interval import EARLIEST, LATEST
from common.domain.calendar.sync_state import Channel
from common.domain.calendar.zones import zone
from common.domain.export.exported_event import EventRef
from common.domain.export.own_events import seen_fingerprint
from common.errors import UnexpectedReply
from common.ports.provider import ChannelRequest
from common.providers.answers import NamelessEvent, moment_of, text_of, whole_characters, words_of
from common.providers.google.event_structs import GoogleItem, GoogleTime, Guest, Properties, item_of
from common.providers.google.request_bodies import MARKER, RESPONSES, ROLES, TYPES, Reply

# Bound once: looking up a member of an enumeration takes as long as calling a function.
_SINGLE, _SERIES, _OCCURRENCE = Kind.SINGLE, Kind.SERIES, Kind.OCCURRENCE
_BUSY, _UNKNOWN, _FULL = ShowAs.BUSY, EventType.UNKNOWN, Detail.FULL
_OWNER, _NEEDS_ACTION = Response.OWNER, Response.NEEDS_ACTION
_PRIVATE = frozenset({"private", "confidential"})
# Whoever invites needs no answer, but may decline the own event.
_NO_ANSWER = frozenset({Response.ACCEPTED, Response.NEEDS_ACTION})


@dataclass(frozen=True, slots=True)
class GoogleContext:
    """Where events are read: the zone of all-day events, and how much was asked for."""

    zone: ZoneInfo
    detail: Detail

    @staticmethod
    def of(names: Iterable[object], detail: Detail) -> GoogleContext:
        """The first zone that exists, so that an odd name never costs an event."""
        return GoogleContext(next(zones_of(names), ZoneInfo("UTC")), detail)


def zones_of(names: Iterable[object]) -> Iterator[ZoneInfo]:
    """Those of the names that are zones."""
    for name in names:
        try:
            yield zone(name if isinstance(name, str) else "")
        except ValueError:
            continue


def valid_zone(name: object) -> str | None:
    """A zone's name as an answer gives it; None where it is none."""
    found = next(zones_of([name]), None)
    return found.key if found else None


def change_of(item: GoogleItem | None, place: GoogleContext, *, snapshot: bool) -> Change | None:
    """What an item of a feed says, or None where it is no news: a cancelled event in a full listing."""
    if item is None:
        return Unreadable("", Flaw.NOT_AN_OBJECT)
    id_, series = item.id, item.recurring_event_id or None
    if not id_:
        return Unreadable("", Flaw.NO_ID)
    if item.status == "cancelled":
        gone = None if snapshot else Removal(id_)
        return SeriesTouched(series, id_) if series else gone
    if item.recurrence and not series:
        return SeriesTouched(id_)
    event = event_of(item, place)
    return SeriesTouched(series, id_, event) if series else Upsert(event)


def event_of(item: GoogleItem, place: GoogleContext) -> ExternalEvent:
    """One event, however odd its dates are.

    Raises:
        NamelessEvent: It has no id.
    """
    if not item.id:
        raise NamelessEvent("no_id")
    series, original = item.recurring_event_id or None, item.original_start_time
    start, end, all_day, flaw = _times(item, place)
    first = _moment(original, place.zone) if series else None
    if series and first is None:
        flaw = flaw or Flaw.NO_ORIGINAL_START
    full = place.detail is _FULL
    # In order and without names, which would take longer than the event itself.
    return ExternalEvent(
        item.id,
        _OCCURRENCE if series else _SERIES if item.recurrence else _SINGLE,
        start,
        end,
        _show_as(item),
        TYPES.get(item.event_type or "default", _UNKNOWN),
        _response(item.attendees) if item.attendees else _OWNER,
        item.visibility in _PRIVATE,
        item.status == "cancelled",
        all_day,
        series,
        _original_start(item.id, first) if series else None,
        item.etag or None,
        moment_of(item.updated),
        whole_characters(item.summary) if full else None,
        whole_characters(item.description) if full else None,
        _marker(item.extended_properties) if item.extended_properties else None,
        None,
        flaw,
    )


def _times(item: GoogleItem, place: GoogleContext) -> EventTimes:
    first, last = item.start, item.end
    if first and last and first.date is None and last.date is None:
        # Nearly every time says its offset; only a wall clock has to know where it hangs.
        start, end = moment_of(first.date_time), moment_of(last.date_time)
        if start and end and EARLIEST <= start <= end <= LATEST:
            return start, end, None, None
    return event_times(
        _moment(first, place.zone),
        _moment(last, place.zone),
        place.zone,
        known=_instant(item.original_start_time, place.zone),
    )


def _moment(when: GoogleTime | None, home: ZoneInfo) -> date | datetime | None:
    """A day or an instant; None where it is neither."""
    return _day(when) or _instant(when, home)


def _day(when: GoogleTime | None) -> date | None:
    try:
        return date.fromisoformat(when.date) if when and when.date else None
    except ValueError:
        return None


def _instant(when: GoogleTime | None, home: ZoneInfo) -> datetime | None:
    if when is None:
        return None
    return moment_of(when.date_time) or moment_of(when.date_time, next(zones_of([when.time_zone]), home))


def _show_as(item: GoogleItem) -> ShowAs:
    if item.transparency == "transparent":
        return ShowAs.FREE
    if item.event_type == "outOfOffice":
        return ShowAs.OUT_OF_OFFICE
    return ShowAs.TENTATIVE if item.status == "tentative" else _BUSY


def _response(attendees: Sequence[Guest]) -> Response:
    for attendee in attendees:
        if attendee.self:
            answer = RESPONSES.get(attendee.response_status or "", _NEEDS_ACTION)
            return _OWNER if attendee.organizer and answer in _NO_ANSWER else answer
    return _OWNER


def _original_start(id_: str, first: date | datetime | None) -> str:
    """The identity of an occurrence: its original start, or else its id."""
    if isinstance(first, datetime):
        return first.strftime("%Y%m%dT%H%M%SZ")
    return first.strftime("%Y%m%d") if first else id_


def original_start_of(series: ExternalEvent) -> str:
    """The identity of the date at the series' own start."""
    return f"{series.all_day[0]:%Y%m%d}" if series.all_day else f"{series.start:%Y%m%dT%H%M%SZ}"


def first_of(events: Iterable[ExternalEvent], series: ExternalEvent) -> ExternalEvent | None:
    """The date at the series' own start, if it is among ``events``."""
    wanted = original_start_of(series)
    return next(
        (event for event in events if (event.series_id, event.original_start) == (series.id, wanted)), None
    )


def guests_of(reply: Reply) -> tuple[str, ...] | None:
    """The addresses of those who are invited; None where the answer does not name all of them.

    https://developers.google.com/workspace/calendar/api/v3/reference/events (attendees, attendeesOmitted)
    """
    named = reply.get("attendees") or ()
    if reply.get("attendeesOmitted") or not isinstance(named, list | tuple):
        return None
    guests = [one for one in named if isinstance(one, dict) and not (one.get("self") or one.get("organizer"))]
    return tuple(address for one in guests if (address := text_of(one, "email")))


def _marker(properties: Properties) -> Marker | None:
    return Marker.of_text(text_of(properties.private or {}, MARKER) or "")


def is_private(item: Reply) -> bool:
    """Whether an item of a listing, of which little was asked for, is a private event."""
    return item.get("visibility") in _PRIVATE


def unit_of(item: Reply) -> str:
    """The id of the single event or series that such an item belongs to."""
    return str(item.get("recurringEventId") or item["id"])


def written_of(reply: Reply) -> EventRef:
    """The answer to a write.

    Raises:
        UnexpectedReply: It does not say which event was written.
    """
    id_ = text_of(reply, "id")
    if id_ is None:
        raise UnexpectedReply("a written event without id")
    sequence = reply.get("sequence")
    return EventRef(
        id=id_,
        etag=text_of(reply, "etag"),
        updated=moment_of(reply.get("updated")),
        ical_uid=text_of(reply, "iCalUID"),
        sequence=sequence if isinstance(sequence, int) else 0,
    )


def answer_of(reply: Reply) -> EventRef:
    """The answer to a write of an event, with what Google made of it: it stores some texts otherwise.

    Raises:
        UnexpectedReply: It does not say which event was written.
    """
    try:
        event = event_of(item_of(reply) or GoogleItem(), GoogleContext.of((), Detail.FULL))
    except NamelessEvent:
        return written_of(reply)
    return replace(written_of(reply), shown=seen_fingerprint(event))


_MILLISECONDS = re.compile("[0-9]{1,14}")


def calendar_of(item: Mapping[str, Any]) -> CalendarEntry | None:
    """One entry of the account's list, or None for one that was removed; the owner's own name comes first."""
    id_ = text_of(item, "id")
    if id_ is None or item.get("deleted") is True:
        return None
    place = next(zones_of([item.get("timeZone")]), None)
    primary, role = item.get("primary") is True, text_of(item, "accessRole")
    return CalendarEntry(
        key=calendar_key(id_),
        provider_id=id_,
        name=words_of(item, "summaryOverride") or words_of(item, "summary"),
        zone=place.key if place else None,
        # Unknown roles come with new kinds of access; reading is what all of them had in common so far.
        role=AccessRole.OWNER if primary and role is None else ROLES.get(role or "none", AccessRole.READER),
        primary=primary,
    )


def channel_of(reply: Reply, request: ChannelRequest) -> Channel:
    """An open push channel, with the life that Google gave it.

    Raises:
        UnexpectedReply: It does not say what it watches, or until when.
    """
    resource, expiration = text_of(reply, "resourceId"), str(reply.get("expiration"))
    if resource is None or not _MILLISECONDS.fullmatch(expiration):
        raise UnexpectedReply("a channel without resource or end")
    expires_at = datetime.fromtimestamp(int(expiration) // 1000, UTC)
    return Channel(request.id, resource, expires_at=expires_at, created_at=request.created_at)
