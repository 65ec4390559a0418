"""Turns Google's events into the domain's, one at a time, so that a bad one harms no other."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from common.domain.booking import EventRef
from common.domain.event import (
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
from common.domain.interval import Interval
from common.domain.zones import day_interval, zone
from common.errors import UnexpectedReply
from common.providers.google.wire import MARKER, RESPONSES, TYPES, Reply

_PRIVATE = frozenset({"private", "confidential"})
# Whoever invites needs no answer, but may decline the own event.
_NO_ANSWER = frozenset({Response.ACCEPTED, Response.NEEDS_ACTION})


class Unmappable(ValueError):
    """An item that cannot be understood; its text is a stable word."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where events are read: the zone of all-day events, and how much was asked for."""

    zone: ZoneInfo
    detail: Detail

    @staticmethod
    def of(names: Iterable[object], detail: Detail) -> Place:
        """The first zone that exists, so that an odd name never costs an event."""
        return Place(next(zones_of(names), ZoneInfo("UTC")), detail)


def zones_of(names: Iterable[object]) -> Iterator[ZoneInfo]:
    """Those of the names that are zones."""
    for name in names:
        try:
            yield zone(name if isinstance(name, str) else "")
        except ValueError:
            continue


def change_of(item: object, place: Place, *, snapshot: bool) -> Change | None:
    """What an item of a feed says, or None where it is no news: a cancelled event in a full listing."""
    if not isinstance(item, dict):
        return Unreadable("", "not_an_object")
    id_ = text_of(item, "id")
    if id_ is None:
        return Unreadable("", "no_id")
    series = text_of(item, "recurringEventId")
    if item.get("status") == "cancelled":
        gone = None if snapshot else Removal(id_)
        return SeriesTouched(series, id_) if series else gone
    if item.get("recurrence") and not series:
        return SeriesTouched(id_)
    try:
        event = _event(item, place, id_, series)
    except Unmappable as error:
        return SeriesTouched(series, id_) if series else Unreadable(id_, str(error))
    return SeriesTouched(series, id_, event) if series else Upsert(event)


def event_of(item: Mapping[str, Any], place: Place) -> ExternalEvent:
    """One event.

    Raises:
        Unmappable: It has no identity or no times that could be understood.
    """
    id_ = text_of(item, "id")
    if id_ is None:
        raise Unmappable("no_id")
    return _event(item, place, id_, text_of(item, "recurringEventId"))


def _event(item: Mapping[str, Any], place: Place, id_: str, series: str | None) -> ExternalEvent:
    start, end, all_day = _times(item, place)
    return ExternalEvent(
        id=id_,
        kind=Kind.OCCURRENCE if series else Kind.SERIES if item.get("recurrence") else Kind.SINGLE,
        start=start,
        end=end,
        show_as=_show_as(item),
        type=TYPES.get(text_of(item, "eventType") or "default", EventType.UNKNOWN),
        response=_response(item["attendees"]) if "attendees" in item else Response.OWNER,
        private=text_of(item, "visibility") in _PRIVATE,
        cancelled=item.get("status") == "cancelled",
        all_day=all_day,
        series_id=series,
        original_start=_original_start(item, place) if series else None,
        etag=text_of(item, "etag"),
        updated=moment_of(item.get("updated")),
        marker=_marker(item) if "extendedProperties" in item else None,
        **(_words(item) if place.detail is Detail.FULL else {}),
    )


def _words(item: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "title": text_of(item, "summary") or "",
        "description": text_of(item, "description") or "",
    }


def _times(item: Mapping[str, Any], place: Place) -> tuple[datetime, datetime, tuple[date, date] | None]:
    if days := _days(item):
        first, last = days
        try:
            # RFC 5545 section 3.6.1: a date without a later end means that one day.
            last = first + timedelta(days=1) if last == first else last
            span = day_interval(first, last, place.zone)
        except (ValueError, OverflowError):
            raise Unmappable("bad_days") from None
        return span.start, span.end, (first, last)
    start, end = _instant(item.get("start"), place.zone), _instant(item.get("end"), place.zone)
    if start is None or end is None:
        raise Unmappable("no_times")
    if end < start:
        raise Unmappable("ends_before_start")
    return start, end, None


def _days(item: Mapping[str, Any]) -> tuple[date, date] | None:
    first = _day(item.get("start"))
    last = _day(item.get("end")) if first else None
    return (first, last) if first and last else None


def _day(value: object) -> date | None:
    text = value.get("date") if isinstance(value, dict) else None
    try:
        return date.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _instant(value: object, home: ZoneInfo) -> datetime | None:
    item = value if isinstance(value, dict) else {}
    text = item.get("dateTime")
    # Nearly every time says its offset; only a wall clock has to know where it hangs.
    return moment_of(text) or moment_of(text, next(zones_of([item.get("timeZone")]), home))


def moment_of(text: object, home: ZoneInfo | None = None) -> datetime | None:
    """An instant out of RFC 3339, or of a wall clock in ``home``; None where there is none."""
    try:
        read = datetime.fromisoformat(text) if isinstance(text, str) else None
        if read and read.tzinfo is None:
            read = read.replace(tzinfo=home) if home else None
        return read.astimezone(UTC) if read else None
    except (ValueError, OverflowError):
        return None


def _show_as(item: Mapping[str, Any]) -> ShowAs:
    if item.get("transparency") == "transparent":
        return ShowAs.FREE
    if item.get("eventType") == "outOfOffice":
        return ShowAs.OUT_OF_OFFICE
    return ShowAs.TENTATIVE if item.get("status") == "tentative" else ShowAs.BUSY


def _response(attendees: object) -> Response:
    for attendee in attendees if isinstance(attendees, list) else ():
        if isinstance(attendee, dict) and attendee.get("self") is True:
            answer = RESPONSES.get(text_of(attendee, "responseStatus") or "", Response.NEEDS_ACTION)
            owner = attendee.get("organizer") is True
            return Response.OWNER if owner and answer in _NO_ANSWER else answer
    return Response.OWNER


def _original_start(item: Mapping[str, Any], place: Place) -> str:
    value = item.get("originalStartTime")
    if day := _day(value):
        return day.strftime("%Y%m%d")
    if at := _instant(value, place.zone):
        return at.strftime("%Y%m%dT%H%M%SZ")
    raise Unmappable("no_original_start")


def _marker(item: Mapping[str, Any]) -> Marker | None:
    properties = item.get("extendedProperties")
    private = properties.get("private") if isinstance(properties, dict) else None
    text = text_of(private, MARKER) if isinstance(private, dict) else None
    booking, _, epoch = (text or "").rpartition(".")
    return Marker(booking, int(epoch)) if booking and epoch.isascii() and epoch.isdigit() else None


def text_of(item: Mapping[str, Any], name: str) -> str | None:
    """A text that is there and not empty."""
    value = item.get(name)
    return value if isinstance(value, str) and value else None


def written_of(reply: Reply) -> EventRef:
    """The answer to a write.

    Raises:
        UnexpectedReply: It does not say which event was written.
    """
    id_ = text_of(reply, "id")
    if id_ is None:
        raise UnexpectedReply("a written event without id")
    return EventRef(id=id_, etag=text_of(reply, "etag"), updated=moment_of(reply.get("updated")))


def inside(event: ExternalEvent, window: Interval) -> bool:
    """Whether an event overlaps ``window``; one without length counts where it lies."""
    return event.start < window.end and (event.end > window.start or event.start >= window.start)
