"""Turns Google's events into the domain's, one at a time, so that a bad one harms no other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from common.domain.calendar.connection import AccessRole, CalendarEntry, calendar_key
from common.domain.calendar.event import (
    Change,
    Detail,
    EventType,
    ExternalEvent,
    Kind,
    Marker,
    Removal,
    Response,
    SeriesTouched,
    ShowAs,
    Unreadable,
    Upsert,
)
from common.domain.calendar.sync_state import Channel
from common.domain.calendar.zones import day_interval, zone
from common.domain.export.exported_event import EventRef
from common.errors import UnexpectedReply
from common.ports.provider import ChannelRequest
from common.providers.answers import UnmappableEvent, moment_of, text_of, whole_characters
from common.providers.google.event_structs import GoogleItem, GoogleTime, Guest, Properties
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


def change_of(item: GoogleItem | None, place: GoogleContext, *, snapshot: bool) -> Change | None:
    """What an item of a feed says, or None where it is no news: a cancelled event in a full listing."""
    if item is None:
        return Unreadable("", "not_an_object")
    id_, series = item.id, item.recurring_event_id or None
    if not id_:
        return Unreadable("", "no_id")
    if item.status == "cancelled":
        gone = None if snapshot else Removal(id_)
        return SeriesTouched(series, id_) if series else gone
    if item.recurrence and not series:
        return SeriesTouched(id_)
    try:
        event = event_of(item, place)
    except UnmappableEvent as error:
        return SeriesTouched(series, id_) if series else Unreadable(id_, str(error))
    return SeriesTouched(series, id_, event) if series else Upsert(event)


def event_of(item: GoogleItem, place: GoogleContext) -> ExternalEvent:
    """One event.

    Raises:
        UnmappableEvent: It has no identity or no times that could be understood.
    """
    if not item.id:
        raise UnmappableEvent("no_id")
    series = item.recurring_event_id or None
    start, end, all_day = _times(item, place)
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
        _original_start(item, place) if series else None,
        item.etag or None,
        moment_of(item.updated),
        whole_characters(item.summary) if full else None,
        whole_characters(item.description) if full else None,
        _marker(item.extended_properties) if item.extended_properties else None,
    )


def _times(item: GoogleItem, place: GoogleContext) -> tuple[datetime, datetime, tuple[date, date] | None]:
    if item.start and item.start.date and (days := _days(item.start, item.end)):
        try:
            span = day_interval(*days, place.zone)
        except (ValueError, OverflowError):
            raise UnmappableEvent("bad_days") from None
        return span.start, span.end, days
    start, end = _instant(item.start, place.zone), _instant(item.end, place.zone)
    if start is None or end is None:
        raise UnmappableEvent("no_times")
    if end < start:
        raise UnmappableEvent("ends_before_start")
    return start, end, None


def _days(start: GoogleTime, end: GoogleTime | None) -> tuple[date, date] | None:
    """The dates of an all-day event, its end exclusive.

    RFC 5545 section 3.6.1: a date without a later end means that one day.
    """
    first, last = _day(start), _day(end)
    if first is None or last is None:
        return None
    try:
        return first, first + timedelta(days=1) if last == first else last
    except OverflowError:
        raise UnmappableEvent("bad_days") from None


def _day(when: GoogleTime | None) -> date | None:
    try:
        return date.fromisoformat(when.date) if when and when.date else None
    except ValueError:
        return None


def _instant(when: GoogleTime | None, home: ZoneInfo) -> datetime | None:
    if when is None:
        return None
    # Nearly every time says its offset; only a wall clock has to know where it hangs.
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


def _original_start(item: GoogleItem, place: GoogleContext) -> str:
    value = item.original_start_time
    if day := _day(value):
        return day.strftime("%Y%m%d")
    if at := _instant(value, place.zone):
        return at.strftime("%Y%m%dT%H%M%SZ")
    raise UnmappableEvent("no_original_start")


def _marker(properties: Properties) -> Marker | None:
    return Marker.of_text(text_of(properties.private or {}, MARKER) or "")


def written_of(reply: Reply) -> EventRef:
    """The answer to a write.

    Raises:
        UnexpectedReply: It does not say which event was written.
    """
    id_ = text_of(reply, "id")
    if id_ is None:
        raise UnexpectedReply("a written event without id")
    return EventRef(id=id_, etag=text_of(reply, "etag"), updated=moment_of(reply.get("updated")))


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
        name=text_of(item, "summaryOverride") or text_of(item, "summary") or "",
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
