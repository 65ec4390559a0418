"""Finds our own events in what a calendar reports, and lets each booking follow its event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from common.domain.account import CalendarEntry
from common.domain.booking import Booking, ExportLink, LinkState
from common.domain.event import Change, Detail, ExternalEvent, Gone, Removal, SeriesTouched, Upsert
from common.domain.feed import Feed, Held
from common.domain.interval import Interval
from common.domain.own_ids import id_signature
from common.domain.ownership import Deleted, Edited, Impossible, Stale, judge
from common.domain.work import Lane
from common.errors import UnknownResource
from common.flows.steps.missing import noted, vanished
from common.flows.steps.outbox import announce, promises
from common.flows.steps.overruled import Exported
from common.flows.steps.own_events import marker_of
from common.flows.steps.owner_edits import follow_edit
from common.flows.steps.reading import Reading, ask, reference
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class Followed:
    """The ids on a page that are ours, with their bookings' times, and the breaker's finding, if any."""

    own: Mapping[str, Interval | None]
    held: Held | None = None


def follow(ports: Ports, reading: Reading, feed: Feed, changes: Iterable[Change]) -> Followed:
    """Let bookings follow what a page says of their events; repeating it changes nothing.

    An event is ours because of the link that knows its id, or because its marker belongs to exactly this id.
    A copy that somebody made of it carries the marker too, but has another id: it is foreign.
    """
    named = dict(_candidates(changes))
    if not named:
        return Followed({})
    connection = reading.connection
    # Customers wait for what becomes of their bookings: never held back, not even in a listing.
    reading = replace(reading, lane=Lane.LIVE)
    given = {
        name: event.given_id if isinstance(event, ExternalEvent) else name for name, event in named.items()
    }
    # Until a write was answered, its link knows only the id that we chose.
    asked = sorted({*given, *given.values()})
    links = ports.bookings.links_by_event(connection.tenant, connection.id, asked)
    own: dict[str, Interval | None] = {}
    lost: list[ExportLink] = []
    for event_id, event in named.items():
        link = links.get(event_id) or links.get(given[event_id])
        if link and link.calendar == reading.entry.key and _known(link, event):
            own[event_id] = None
            continue
        booking = _booking(ports, reading, link.booking if link else _marked(ports, reading, event))
        if booking is None:
            continue
        if link is not None and _given_up(link, booking):
            if isinstance(event, ExternalEvent) and _never_seen(link) and not event.cancelled:
                _take_away(ports, reading, replace(link, event_id=event.id), booking)
                own[event_id] = None
            continue
        own[event_id] = booking.interval
        if link is not None and connection.settings.exports.on:
            lost += check(ports, reading, Exported(connection, booking, link), event)
    return Followed(own, vanished(ports, reading, feed, lost))


def _candidates(changes: Iterable[Change]) -> Iterable[tuple[str, ExternalEvent | Gone | None]]:
    """What may be ours on a page; None where the event has to be read first."""
    for change in changes:
        if isinstance(change, Upsert):
            event = change.event
            if event.marker is not None or id_signature(event.created_as or event.id):
                yield event.id, event
        elif isinstance(change, Removal):
            yield change.id, Gone(change.id) if change.proven else None
        elif isinstance(change, SeriesTouched):
            alone = change.occurrence
            if id_signature(alone.given_id if alone else change.series_id) or id_signature(change.series_id):
                yield change.series_id, None


def _marked(ports: Ports, reading: Reading, event: ExternalEvent | Gone | None) -> str | None:
    if not isinstance(event, ExternalEvent):
        return None
    marker = marker_of(ports.keys, reading.connection.tenant, event)
    return marker.booking if marker else None


def _booking(ports: Ports, reading: Reading, booking: str | None) -> Booking | None:
    """The booking behind an event; another resource's booking is foreign here, like any event."""
    if booking is None:
        return None
    try:
        found = ports.bookings.get(reading.connection.tenant, booking)
    except UnknownResource:
        return None
    return found if found.resource == reading.connection.resource else None


def _given_up(link: ExportLink, booking: Booking) -> bool:
    """Cancelled by deleting the event, then restored by its owner: from now on that is a foreign event."""
    return link.state is LinkState.GONE and not booking.active


def _never_seen(link: ExportLink) -> bool:
    """Whether nobody ever told us of the event: its creation was not answered, nor was it found later."""
    return link.etag is None and link.updated is None


def _take_away(ports: Ports, reading: Reading, link: ExportLink, booking: Booking) -> None:
    """Have an event removed that is shown only now, when its booking is off and its link was given up."""
    entries = promises(booking, [reading.connection], now=ports.clock.now(), cause="late")
    for promise in entries:
        ports.ledger.put_outbox(promise)
    entry = reading.entry
    ports.bookings.save_link(
        replace(link, state=LinkState.LIVE, revision=0, calendar=entry.key, calendar_id=entry.provider_id)
    )
    announce(ports, entries)


def check(
    ports: Ports, reading: Reading, exported: Exported, event: ExternalEvent | Gone | None
) -> list[ExportLink]:
    """Judge one exported event as reported (None: unknown), and act; the link, if the event is not there."""
    if exported.link.calendar != reading.entry.key:
        if not isinstance(event, ExternalEvent) or _still_there(ports, reading, exported.link):
            return []
        exported = replace(exported, link=arrived(ports, exported.link, reading.entry))
    link = exported.link
    if isinstance(event, ExternalEvent):
        if _known(link, event) or isinstance(judge(link, event, exported.booking), Stale):
            return []
        # Texts are asked of our own events only, whatever the import mode hides of others.
        event = event if event.title is not None else None
    event = event or _read(ports, reading, link.event_id)
    verdict = judge(link, event, exported.booking)
    if isinstance(verdict, Deleted):
        return [noted(ports, link)]
    if isinstance(verdict, Edited | Impossible) and isinstance(event, ExternalEvent):
        follow_edit(ports, exported, event, verdict)
    return []


def _known(link: ExportLink, event: ExternalEvent | Gone | None) -> bool:
    if link.state is not LinkState.LIVE or not isinstance(event, ExternalEvent):
        return False
    return event.etag is not None and event.etag == link.etag


def _read(ports: Ports, reading: Reading, event_id: str) -> ExternalEvent | Gone:
    return ask(
        ports,
        reading,
        lambda provider, token: provider.get_event(token, reading.calendar, event_id, detail=Detail.FULL),
    )


def _still_there(ports: Ports, reading: Reading, link: ExportLink) -> bool:
    """Whether the event is in the calendar that we wrote it to, so that what we see here is only a copy."""
    entry = reading.connection.calendars.get(link.calendar)
    if entry is None:
        return False
    calendar = reference(ports, reading.connection, entry)
    found = ask(
        ports,
        reading,
        lambda provider, token: provider.get_event(token, calendar, link.event_id, detail=Detail.TIMES),
    )
    return not isinstance(found, Gone)


def arrived(ports: Ports, link: ExportLink, entry: CalendarEntry) -> ExportLink:
    """The event was moved to another calendar of the account, where it keeps its id: the link follows."""
    return ports.bookings.save_link(
        replace(
            link,
            calendar=entry.key,
            calendar_id=entry.provider_id,
            state=LinkState.LIVE,
            missing_since=None,
            etag=None,
            updated=None,
        )
    )
