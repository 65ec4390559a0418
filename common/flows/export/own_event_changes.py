"""Finds our own events in what a calendar reports, and lets each booking follow its event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

from common.domain.booking.booking import Booking
from common.domain.calendar.connection import CalendarEntry, Connection
from common.domain.calendar.event import (
    Change,
    Detail,
    ExternalEvent,
    Gone,
    Removal,
    SeriesTouched,
    Upsert,
    id_signature,
)
from common.domain.calendar.interval import Interval
from common.domain.calendar.sync_state import CalendarSync, Held
from common.domain.export.exported_event import ExportLink, LinkState
from common.domain.export.own_events import Deleted, Edited, Impossible, Stale, judge
from common.domain.shared.outbox import export_entries
from common.domain.shared.task_records import VerifyMoved
from common.domain.shared.tasks import Lane
from common.domain.sync.followed_calendars import SyncPurpose
from common.errors import CalendarGone, Forbidden, UnknownResource
from common.flows.export.lost_events import handle_missing_events, mark_missing
from common.flows.export.owner_deletions import follow_deletion
from common.flows.export.owner_edits import ExportedBooking, follow_edit
from common.flows.shared.calendar_access import CalendarAccess, ask, reference
from common.flows.shared.outbox import enqueue_entries
from common.flows.shared.own_events import genuine_marker
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class OwnEventsOnPage:
    """Which events on a page are ours (by id, with their bookings' times), and what is held, if anything.

    ``held`` is set where so many events vanished at once that a person has to confirm the deletions.
    """

    own: Mapping[str, Interval | None]
    held: Held | None = None


def apply_own_event_changes(
    ports: Ports, access: CalendarAccess, state: CalendarSync, changes: Iterable[Change]
) -> OwnEventsOnPage:
    """Let bookings follow what a page says of their events; repeating it changes nothing.

    An event is ours because of the link that knows its id, or because its marker belongs to exactly this id.
    A copy that somebody made of it carries the marker too, but has another id: it is foreign.
    """
    named = dict(_candidates(changes))
    if not named:
        return OwnEventsOnPage({})
    connection = access.connection
    # Customers wait for what becomes of their bookings: never held back, not even in a listing.
    access = replace(access, lane=Lane.LIVE)
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
        if link and link.calendar == access.entry.key and _is_known_state(link, event):
            own[event_id] = None
            continue
        booking = _booking_of_resource(
            ports, access, link.booking if link else _marked_booking(ports, access, event)
        )
        if booking is None:
            continue
        if link is not None and _is_given_up(link, booking):
            if isinstance(event, ExternalEvent) and _never_confirmed(link) and not event.cancelled:
                _enqueue_removal(ports, access, replace(link, event_id=event.id), booking)
                own[event_id] = None
            continue
        own[event_id] = booking.interval
        if link is not None and connection.settings.exports.on:
            lost += check_own_event(ports, access, ExportedBooking(connection, booking, link), event)
    return OwnEventsOnPage(own, handle_missing_events(ports, access, state, lost))


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


def _marked_booking(ports: Ports, access: CalendarAccess, event: ExternalEvent | Gone | None) -> str | None:
    if not isinstance(event, ExternalEvent):
        return None
    marker = genuine_marker(ports.keys, access.connection.tenant, event)
    return marker.booking if marker else None


def _booking_of_resource(ports: Ports, access: CalendarAccess, booking: str | None) -> Booking | None:
    """The booking behind an event; another resource's booking is foreign here, like any event."""
    if booking is None:
        return None
    try:
        found = ports.bookings.get(access.connection.tenant, booking)
    except UnknownResource:
        return None
    return found if found.resource == access.connection.resource else None


def _is_given_up(link: ExportLink, booking: Booking) -> bool:
    """Cancelled by deleting the event, then restored by its owner: from now on that is a foreign event."""
    return link.state is LinkState.GONE and not booking.active


def _never_confirmed(link: ExportLink) -> bool:
    """Whether the provider never showed the event: its creation was not answered, nor was it found later."""
    return link.etag is None and link.updated is None


def _enqueue_removal(ports: Ports, access: CalendarAccess, link: ExportLink, booking: Booking) -> None:
    """Have an event removed that is shown only now, when its booking is off and its link was given up."""
    entries = export_entries(booking, [access.connection], now=ports.clock.now(), cause="late")
    for export in entries:
        ports.ledger.put_outbox(export)
    entry = access.entry
    ports.bookings.save_link(
        replace(link, state=LinkState.LIVE, revision=0, calendar=entry.key, calendar_id=entry.provider_id)
    )
    enqueue_entries(ports, entries)


def check_own_event(
    ports: Ports, access: CalendarAccess, exported: ExportedBooking, event: ExternalEvent | Gone | None
) -> list[ExportLink]:
    """Judge one exported event as reported (None: unknown), and act; the link, if the event is not there."""
    if exported.link.calendar != access.entry.key:
        if not isinstance(event, ExternalEvent) or _is_at_home(ports, access, exported.link):
            return []
        exported = replace(exported, link=record_move(ports, exported.link, access.entry))
    link = exported.link
    if isinstance(event, ExternalEvent):
        if _is_known_state(link, event) or isinstance(judge(link, event, exported.booking), Stale):
            return []
        # Texts are asked of our own events only, whatever the import mode hides of others.
        event = event if event.title is not None else None
    event = event or _read_event(ports, access, link.event_id)
    verdict = judge(link, event, exported.booking)
    if isinstance(verdict, Deleted):
        return [mark_missing(ports, link)]
    if isinstance(verdict, Edited | Impossible) and isinstance(event, ExternalEvent):
        follow_edit(ports, exported, event, verdict)
    return []


def _is_known_state(link: ExportLink, event: ExternalEvent | Gone | None) -> bool:
    if link.state is not LinkState.LIVE or not isinstance(event, ExternalEvent):
        return False
    return event.etag is not None and event.etag == link.etag


def _read_event(ports: Ports, access: CalendarAccess, event_id: str) -> ExternalEvent | Gone:
    return ask(
        ports,
        access,
        lambda provider, token: provider.get_event(token, access.calendar, event_id, detail=Detail.FULL),
    )


def _is_at_home(ports: Ports, access: CalendarAccess, link: ExportLink) -> bool:
    """Whether the event is in the calendar that we wrote it to, so that what we see here is only a copy."""
    entry = access.connection.calendars.get(link.calendar)
    if entry is None:
        return False
    calendar = reference(ports, access.connection, entry)
    found = ask(
        ports,
        access,
        lambda provider, token: provider.get_event(token, calendar, link.event_id, detail=Detail.TIMES),
    )
    return not isinstance(found, Gone)


def record_move(ports: Ports, link: ExportLink, entry: CalendarEntry) -> ExportLink:
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


class SearchResult(StrEnum):
    """What a search for a missing event found."""

    SETTLED = "settled"
    BACK = "back"
    MOVED = "moved"
    DELETED = "deleted"
    HELD = "held"


def verify_moved(ports: Ports, command: VerifyMoved) -> SearchResult:
    """Look for the event by its id, which it keeps when its owner moves it to another calendar.

    Only a provider that says "gone" for every calendar in which it may be proves a deletion. Any error ends
    this without one.

    Raises:
        Retry: The provider could not be asked.
        Stop: The account or the event's own calendar is out of reach.
    """
    exported = _missing_export(ports, command)
    if exported is None:
        return SearchResult.SETTLED
    connection, link = exported.connection, exported.link
    if ports.sync_states.get(connection.tenant, connection.id, link.calendar).deletions_held:
        return SearchResult.HELD
    home = connection.calendars[link.calendar]
    found = _read_in(ports, connection, home, link.event_id)
    if isinstance(found, ExternalEvent):
        check_own_event(ports, _access(ports, connection, home), exported, found)
        return SearchResult.BACK
    for entry in _other_calendars(connection, home):
        there = _find_in(ports, connection, entry, link)
        if there is not None:
            moved = ExportedBooking(connection, exported.booking, record_move(ports, link, entry))
            check_own_event(ports, _access(ports, connection, entry), moved, there)
            return SearchResult.MOVED
    if exported.booking.interval.end <= ports.clock.now():
        # Who tidies up last week's calendar cancels nobody's appointment.
        ports.bookings.save_link(replace(link, state=LinkState.GONE, missing_since=None))
        return SearchResult.SETTLED
    follow_deletion(ports, exported)
    return SearchResult.DELETED


def _missing_export(ports: Ports, command: VerifyMoved) -> ExportedBooking | None:
    try:
        connection = ports.connections.get(command.tenant, command.connection)
        booking: Booking = ports.bookings.get(command.tenant, command.booking)
    except UnknownResource:
        return None
    link = ports.bookings.link(command.tenant, command.connection, command.booking)
    if link is None or link.missing_since is None or not booking.active or not connection.usable:
        return None
    if link.calendar not in connection.calendars:
        return None
    return ExportedBooking(connection, booking, link)


def _access(ports: Ports, connection: Connection, entry: CalendarEntry) -> CalendarAccess:
    return CalendarAccess(
        connection=connection,
        entry=entry,
        calendar=reference(ports, connection, entry),
        purpose=SyncPurpose(imports=False, own=True),
        detail=Detail.FULL,
        fields="",
        lane=Lane.LIVE,
    )


def _other_calendars(connection: Connection, home: CalendarEntry) -> list[CalendarEntry]:
    """Where an owner can have moved it to."""
    calendars = sorted(connection.calendars.items())
    return [entry for key, entry in calendars if key != home.key and entry.writable]


def _read_in(
    ports: Ports, connection: Connection, entry: CalendarEntry, event_id: str
) -> ExternalEvent | Gone:
    access = _access(ports, connection, entry)
    return ask(
        ports,
        access,
        lambda provider, token: provider.get_event(token, access.calendar, event_id, detail=Detail.FULL),
    )


def _find_in(
    ports: Ports, connection: Connection, entry: CalendarEntry, link: ExportLink
) -> ExternalEvent | None:
    try:
        found = _read_in(ports, connection, entry, link.event_id)
    except (CalendarGone, Forbidden):
        # That calendar was deleted or closed since it was listed: nobody can have moved anything there.
        return None
    return found if isinstance(found, ExternalEvent) else None
