"""Turns Graph's events into the domain's, one at a time, so that a bad one harms no other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from common.domain.booking import EventDraft, EventRef
from common.domain.event import (
    Change,
    Detail,
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
from common.domain.ownership import fingerprint, seen_fingerprint
from common.domain.zones import day_interval, zone
from common.errors import UnexpectedReply
from common.providers.microsoft.wire import MARKER, RESPONSES, SHOWN, Reply
from common.providers.microsoft.zones import WINDOWS_ZONES

_UTC_NAMES = frozenset({"", "utc", "etc/utc", "etc/gmt", "tzone://microsoft/utc"})
_MIDNIGHT = "T00:00:00"
_DATE = 10


class Unmappable(ValueError):
    """An item that cannot be understood; its text is a stable word."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where events are read: the zone of all-day events, and how much was asked for."""

    zone: ZoneInfo
    detail: Detail

    @staticmethod
    def of(name: str, detail: Detail) -> Place:
        """The zone of this name, or UTC, so that an odd name never costs an event."""
        return Place(zone_of(name) or ZoneInfo("UTC"), detail)


def zone_of(name: str) -> ZoneInfo | None:
    """The zone of an IANA or a Windows name; None for a name that nobody knows."""
    try:
        return zone(WINDOWS_ZONES.get(name, name))
    except ValueError:
        return None


def change_of(item: object, place: Place) -> Change:
    """What an item of a feed says; every part of a series only says that the series has to be read again.

    https://learn.microsoft.com/graph/api/event-delta: a removal may also be an event that left the window,
    and an occurrence comes without anything but its times.
    """
    if not isinstance(item, dict):
        return Unreadable("", "not_an_object")
    id_ = text_of(item, "id")
    if id_ is None:
        return Unreadable("", "no_id")
    if "@removed" in item:
        return Removal(id_, proven=False)
    master = id_ if item.get("type") == "seriesMaster" else text_of(item, "seriesMasterId")
    try:
        event = _event(item, place, id_)
    except Unmappable as error:
        return SeriesTouched(master, id_) if master else Unreadable(id_, str(error))
    if master is None:
        return Upsert(event)
    return SeriesTouched(master, id_, event if "showAs" in item else None)


def event_of(item: Mapping[str, Any], place: Place) -> ExternalEvent:
    """One event.

    Raises:
        Unmappable: It has no identity or no times that could be understood.
    """
    id_ = text_of(item, "id")
    if id_ is None:
        raise Unmappable("no_id")
    return _event(item, place, id_)


def _event(item: Mapping[str, Any], place: Place, id_: str) -> ExternalEvent:
    series = text_of(item, "seriesMasterId")
    start, end, all_day = _times(item, place)
    return ExternalEvent(
        id=id_,
        kind=Kind.OCCURRENCE
        if series
        else Kind.SERIES
        if item.get("type") == "seriesMaster"
        else Kind.SINGLE,
        start=start,
        end=end,
        # What Exchange may invent tomorrow takes time as well.
        show_as=SHOWN.get(text_of(item, "showAs") or "", ShowAs.UNKNOWN),
        response=_response(item),
        private=item.get("sensitivity") not in {None, "normal"},
        cancelled=item.get("isCancelled") is True,
        all_day=all_day,
        series_id=series,
        original_start=_original_start(item, id_, start) if series else None,
        etag=text_of(item, "@odata.etag"),
        updated=moment_of(item.get("lastModifiedDateTime")),
        marker=_marker(item),
        created_as=text_of(item, "transactionId"),
        **(_words(item) if place.detail is Detail.FULL else {}),
    )


def _words(item: Mapping[str, Any]) -> dict[str, Any]:
    body = item.get("body")
    return {
        "title": text_of(item, "subject") or "",
        "description": (text_of(body, "content") if isinstance(body, dict) else None) or "",
    }


def _times(item: Mapping[str, Any], place: Place) -> tuple[datetime, datetime, tuple[date, date] | None]:
    if item.get("isAllDay") is True and (days := _days(item)):
        try:
            span = day_interval(*days, place.zone)
        except (ValueError, OverflowError):
            raise Unmappable("bad_days") from None
        return span.start, span.end, days
    start, end = _instant(item.get("start"), place.zone), _instant(item.get("end"), place.zone)
    if start is None or end is None:
        raise Unmappable("no_times")
    if end < start:
        raise Unmappable("ends_before_start")
    return start, end, None


def _days(item: Mapping[str, Any]) -> tuple[date, date] | None:
    """The dates of an all-day event, which come as midnights of whatever zone was asked for, never shifted.

    https://learn.microsoft.com/graph/api/resources/event (isAllDay)
    """
    first, last = _day(item.get("start")), _day(item.get("end"))
    if first is None or last is None:
        return None
    return first, first + timedelta(days=1) if last == first else last


def _day(value: object) -> date | None:
    text = value.get("dateTime") if isinstance(value, dict) else None
    if not isinstance(text, str) or not text[_DATE:].startswith(_MIDNIGHT):
        return None
    try:
        return date.fromisoformat(text[:_DATE])
    except ValueError:
        return None


def _instant(value: object, home: ZoneInfo) -> datetime | None:
    """A wall time as an instant; in a zone that nobody knows it is the owner's own wall time."""
    item = value if isinstance(value, dict) else {}
    name = str(item.get("timeZone") or "")
    universal = name == "UTC" or name.lower() in _UTC_NAMES
    return moment_of(item.get("dateTime"), UTC if universal else zone_of(name) or home)


def moment_of(text: object, home: tzinfo | None = None) -> datetime | None:
    """An instant out of RFC 3339, or of a wall clock in ``home``; None where there is none."""
    try:
        read = datetime.fromisoformat(text) if isinstance(text, str) else None
        if read and read.tzinfo is None:
            read = read.replace(tzinfo=home) if home else None
        return read.astimezone(UTC) if read else None
    except (ValueError, OverflowError):
        return None


def _response(item: Mapping[str, Any]) -> Response:
    """The owner's answer; ``none`` is said of own events, and of invitations nobody has looked at."""
    status = item.get("responseStatus")
    answer = (text_of(status, "response") if isinstance(status, dict) else None) or "none"
    if answer == "none":
        return Response.NEEDS_ACTION if item.get("isOrganizer") is False else Response.OWNER
    return RESPONSES.get(answer, Response.NEEDS_ACTION)


def _original_start(item: Mapping[str, Any], id_: str, start: datetime) -> str:
    """The identity of an occurrence: its original start, or else its immutable id."""
    at = moment_of(item.get("originalStart")) or (start if item.get("type") == "occurrence" else None)
    return at.strftime("%Y%m%dT%H%M%SZ") if at else id_


def _marker(item: Mapping[str, Any]) -> Marker | None:
    held = item.get("singleValueExtendedProperties")
    for one in held if isinstance(held, list) else ():
        if isinstance(one, dict) and one.get("id") == MARKER:
            booking, _, epoch = (text_of(one, "value") or "").rpartition(".")
            return Marker(booking, int(epoch)) if booking and epoch.isascii() and epoch.isdigit() else None
    return None


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
    updated = moment_of(reply.get("lastModifiedDateTime"))
    return EventRef(id=id_, etag=text_of(reply, "@odata.etag"), updated=updated)


def shows(reply: Reply, draft: EventDraft) -> bool:
    """Whether a written event looks like its draft, and not as an earlier attempt left it."""
    try:
        found = seen_fingerprint(event_of(reply, Place(ZoneInfo("UTC"), Detail.FULL)))
    except Unmappable:
        return False
    wanted = fingerprint(draft)
    return all(wanted[name] == value for name, value in found.items())


def inside(event: ExternalEvent, window: Interval) -> bool:
    """Whether an event overlaps ``window``; one without length counts where it lies."""
    return event.start < window.end and (event.end > window.start or event.start >= window.start)
