"""Turns Graph's events into the domain's, one at a time, so that a bad one harms no other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from operator import itemgetter
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import UNSET

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
from common.domain.export.exported_event import EventDraft, EventRef
from common.domain.export.own_events import fingerprint, seen_fingerprint
from common.errors import UnexpectedReply
from common.ports.provider import ChannelRequest
from common.providers.answers import NamelessEvent, decoded_leniently, moment_of, text_of, words_of
from common.providers.microsoft.event_structs import GraphItem, GraphTime, Property, WordedItem, item_of
from common.providers.microsoft.request_bodies import MARKER, RESPONSES, SHOWN, Reply
from common.providers.microsoft.zones import zone_of

# Bound once: looking up a member of an enumeration takes as long as calling a function.
_SINGLE, _SERIES, _OCCURRENCE = Kind.SINGLE, Kind.SERIES, Kind.OCCURRENCE
_UNKNOWN, _DEFAULT, _FULL = ShowAs.UNKNOWN, EventType.DEFAULT, Detail.FULL
_OWNER, _NEEDS_ACTION = Response.OWNER, Response.NEEDS_ACTION
_UTC_NAMES = frozenset({"", "utc", "etc/utc", "etc/gmt", "tzone://microsoft/utc"})
_PLAIN = (None, "normal")
_MIDNIGHT = "T00:00:00"
_DATE = 10
_IDENTITY = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True, slots=True)
class GraphContext:
    """Where events are read: the zone of all-day events, and how much was asked for."""

    zone: ZoneInfo
    detail: Detail

    @staticmethod
    def of(name: str, detail: Detail) -> GraphContext:
        """The zone of this name, or UTC, so that an odd name never costs an event."""
        return GraphContext(zone_of(name) or ZoneInfo("UTC"), detail)


def change_of(item: GraphItem | None, place: GraphContext) -> Change:
    """What an item of a feed says; every part of a series only says that the series has to be read again.

    https://learn.microsoft.com/graph/api/event-delta: a removal may also be an event that left the window,
    and an occurrence comes without anything but its times.
    """
    if item is None:
        return Unreadable("", Flaw.NOT_AN_OBJECT)
    id_ = item.id
    if not id_:
        return Unreadable("", Flaw.NO_ID)
    if item.removed is not UNSET:
        return Removal(id_, proven=False)
    master = id_ if item.type == "seriesMaster" else item.series_master_id or None
    event = event_of(item, place)
    if master is None:
        return Upsert(event)
    return SeriesTouched(master, id_, None if item.show_as is UNSET else event)


def event_of(item: GraphItem, place: GraphContext) -> ExternalEvent:
    """One event, however odd its dates are.

    Raises:
        NamelessEvent: It has no id.
    """
    if not item.id:
        raise NamelessEvent("no_id")
    series = item.series_master_id or None
    single = _SERIES if item.type == "seriesMaster" else _SINGLE
    start, end, all_day, flaw = _times(item, place)
    title, words = item.texts if place.detail is _FULL else (None, None)
    marks = item.single_value_extended_properties
    # In order and without names, which would take longer than the event itself.
    return ExternalEvent(
        item.id,
        _OCCURRENCE if series else single,
        start,
        end,
        # What Exchange may invent tomorrow takes time as well.
        SHOWN.get(item.show_as or "", _UNKNOWN),
        _DEFAULT,
        _response(item),
        item.sensitivity not in _PLAIN,
        item.is_cancelled is True,
        all_day,
        series,
        _original_start(item, item.id, None if flaw else start) if series else None,
        item.etag or None,
        moment_of(item.last_modified_date_time),
        title,
        words,
        _marker(marks) if marks else None,
        item.transaction_id or None,
        flaw,
    )


def _times(item: GraphItem, place: GraphContext) -> EventTimes:
    if plain := _plain(item):
        return *plain, None, None
    first: date | datetime | None = _instant(item.start, place.zone)
    last: date | datetime | None = _instant(item.end, place.zone)
    if item.is_all_day:
        # Midnights of whatever zone was asked for, never shifted: https://learn.microsoft.com/graph/api/resources/event
        # (isAllDay). Some that old programs wrote are at other times of the day: those are instants.
        days = _day(item.start), _day(item.end)
        if (first is None or days[0]) and (last is None or days[1]):
            first, last = days
    return event_times(first, last, place.zone, known=moment_of(item.original_start))


def _day(when: GraphTime | None) -> date | None:
    text = when.date_time if when else None
    if not text or not text[_DATE:].startswith(_MIDNIGHT):
        return None
    try:
        return date.fromisoformat(text[:_DATE])
    except ValueError:
        return None


def _instant(when: GraphTime | None, home: ZoneInfo) -> datetime | None:
    """A wall time as an instant; in a zone that nobody knows it is the owner's own wall time."""
    if when is None:
        return None
    name = str(when.time_zone or "")
    universal = name.lower() in _UTC_NAMES
    return moment_of(when.date_time, UTC if universal else zone_of(name) or home)


def _plain(item: GraphItem) -> tuple[datetime, datetime] | None:
    """Two wall times of UTC, which is what is asked for and nearly always sent; None for anything else."""
    first, last = item.start, item.end
    if item.is_all_day or first is None or last is None or not first.time_zone == "UTC" == last.time_zone:
        return None
    try:
        start, end = (
            datetime.fromisoformat(f"{first.date_time}Z"),
            datetime.fromisoformat(f"{last.date_time}Z"),
        )
    except ValueError:
        return None
    return (start, end) if EARLIEST <= start <= end <= LATEST else None


def _response(item: GraphItem) -> Response:
    """The owner's answer; ``none`` is said of own events, and of invitations nobody has looked at."""
    answer = (item.response_status and item.response_status.response) or "none"
    if answer == "none":
        return _NEEDS_ACTION if item.is_organizer is False else _OWNER
    return RESPONSES.get(answer, _NEEDS_ACTION)


def _original_start(item: GraphItem, id_: str, start: datetime | None) -> str:
    """The identity of an occurrence: its original start, or else its immutable id."""
    at = moment_of(item.original_start) or (start if item.type == "occurrence" else None)
    return at.strftime(_IDENTITY) if at else id_


def first_of(events: Iterable[ExternalEvent], series: ExternalEvent) -> ExternalEvent | None:
    """The date at the series' own start, if it is among ``events``.

    Graph keeps original starts to the minute, and for all-day events as a midnight of the mailbox's zone,
    which may not be the one that they are read in.
    """
    within = timedelta(hours=12) if series.all_day else timedelta(minutes=1)
    apart = [
        (abs(original - series.start), event)
        for event in events
        if event.series_id == series.id and (original := _instant_of(event.original_start))
    ]
    near = [found for found in apart if found[0] < within]
    return min(near, key=itemgetter(0))[1] if near else None


def _instant_of(original_start: str | None) -> datetime | None:
    try:
        return datetime.strptime(original_start or "", _IDENTITY).replace(tzinfo=UTC)
    except ValueError:
        return None


def guests_of(reply: Reply) -> tuple[str, ...] | None:
    """The addresses of those who are invited, without the organizer; None where the answer does not say.

    https://learn.microsoft.com/graph/api/resources/event (attendees, organizer)
    """
    named = reply.get("attendees")
    if not isinstance(named, list):
        return None
    organizer = _address(reply.get("organizer"))
    guests = [address for one in named if (address := _address(one))]
    return tuple(one for one in guests if organizer is None or one.casefold() != organizer.casefold())


def _address(person: object) -> str | None:
    held = person.get("emailAddress") if isinstance(person, dict) else None
    return text_of(held, "address") if isinstance(held, dict) else None


def _marker(held: Sequence[Property]) -> Marker | None:
    for one in held:
        if one.id == MARKER:
            return Marker.of_text(one.value or "")
    return None


def written_of(reply: Reply) -> EventRef:
    """The answer to a write.

    Raises:
        UnexpectedReply: It does not say which event was written.
    """
    id_ = text_of(reply, "id")
    if id_ is None:
        raise UnexpectedReply("a written event without id")
    updated = moment_of(reply.get("lastModifiedDateTime"))
    uid = text_of(reply, "iCalUId")
    return EventRef(id=id_, etag=text_of(reply, "@odata.etag"), updated=updated, ical_uid=uid)


def answer_of(reply: Reply) -> EventRef:
    """The answer to a write of an event, with what Exchange made of it: it stores some texts otherwise.

    Raises:
        UnexpectedReply: It does not say which event was written.
    """
    try:
        event = event_of(item_of(reply) or WordedItem(), GraphContext.of("UTC", Detail.FULL))
    except NamelessEvent:
        return written_of(reply)
    return replace(written_of(reply), shown=seen_fingerprint(event))


def shows(reply: Reply, draft: EventDraft) -> bool:
    """Whether a written event looks like its draft, and not as an earlier attempt left it."""
    try:
        event = event_of(decoded_leniently(reply, WordedItem), GraphContext(ZoneInfo("UTC"), Detail.FULL))
    except NamelessEvent:
        return False
    wanted = fingerprint(draft)
    same = all(wanted[name] == value for name, value in seen_fingerprint(event).items())
    return same and event.flaw is None


def calendar_of(item: Mapping[str, Any]) -> CalendarEntry | None:
    """One calendar of the account, or None for one without identity; Graph's calendars have no zone."""
    id_ = text_of(item, "id")
    if id_ is None:
        return None
    primary = item.get("isDefaultCalendar") is True
    return CalendarEntry(
        key=calendar_key(id_),
        provider_id=id_,
        name=words_of(item, "name"),
        zone=None,
        role=_role(item, primary=primary),
        primary=primary,
        owner=_owner(item.get("owner")),
    )


def _owner(person: object) -> str | None:
    """A name for a calendar's owner: ids of calendars were seen to change, name and owner do not.

    https://github.com/microsoftgraph/microsoft-graph-docs/issues/11296
    """
    address = text_of(person, "address") if isinstance(person, dict) else None
    return calendar_key(address.casefold()) if address else None


def _role(item: Mapping[str, Any], *, primary: bool) -> AccessRole:
    """Only who made a calendar can share it: https://learn.microsoft.com/graph/api/resources/calendar."""
    if item.get("canEdit") is not True:
        return AccessRole.READER
    if primary or item.get("canShare") is True:
        return AccessRole.OWNER
    blind = item.get("canViewPrivateItems") is False
    return AccessRole.WRITER_WITHOUT_PRIVATE if blind else AccessRole.WRITER


def channel_of(reply: Reply, request: ChannelRequest) -> Channel:
    """An open subscription under our own id, with the life that Graph gave it.

    It works: Graph opens none before its address has answered.
    """
    now = request.created_at
    opened = Channel(request.id, "", expires_at=request.expires_at, created_at=now, verified_at=now)
    return renewed_of(reply, opened)


def renewed_of(reply: Reply, channel: Channel) -> Channel:
    """A subscription with the life that Graph gives it now.

    Raises:
        UnexpectedReply: It does not say which it is, or until when.
    """
    resource, expires_at = text_of(reply, "id"), moment_of(reply.get("expirationDateTime"))
    if resource is None or expires_at is None:
        raise UnexpectedReply("a subscription without id or end")
    return replace(channel, resource_id=resource, expires_at=expires_at)
