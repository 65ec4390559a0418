"""Finds our own events in what a calendar reports, and lets each booking follow its event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from functools import partial

from common.domain.booking.booking import Booking
from common.domain.calendar.connection import CalendarEntry, Connection
from common.domain.calendar.event import (
    Change,
    Detail,
    ExternalEvent,
    Gone,
    Marker,
    Removal,
    SeriesTouched,
    Upsert,
    id_signature,
)
from common.domain.calendar.sync_state import CalendarSync, Held
from common.domain.export.exported_event import ExportLink, LinkState, leftover, with_leftover
from common.domain.export.own_events import (
    TIME,
    Deleted,
    Edited,
    Impossible,
    Stale,
    attached,
    judge,
    seen_fingerprint,
    with_guests,
)
from common.domain.shared.outbox import export_entries
from common.domain.shared.task_records import VerifyMoved
from common.domain.shared.tasks import Lane
from common.domain.sync.followed_calendars import SyncPurpose, purpose_of
from common.domain.sync.schedule import absence_proven_after, next_look
from common.errors import (
    AccountClosed,
    CalendarGone,
    Conflict,
    Forbidden,
    GrantDoubted,
    ProviderUnavailable,
    UnexpectedReply,
    UnknownResource,
)
from common.flows.export.lost_events import (
    enqueue_further_search,
    enqueue_searches,
    handle_missing_events,
    mark_missing,
    notify_unanswered_search,
)
from common.flows.export.owner_deletions import follow_deletion
from common.flows.export.owner_edits import ExportedBooking, follow_edit
from common.flows.shared.calendar_access import CalendarAccess, ask, reference
from common.flows.shared.calendar_listing import list_calendars_anew
from common.flows.shared.connection_update import update_connection
from common.flows.shared.enqueue import request_sync
from common.flows.shared.outbox import enqueue_entries
from common.flows.shared.own_events import (
    BookingEvent,
    customer_addresses,
    genuine_marker,
    read_booking_event,
)
from common.ports import Ports

# Each is read with every delta of its calendar; what is beyond that waits for the next listing.
MOST_WATCHED = 20


@dataclass(frozen=True, slots=True)
class OwnEventsOnPage:
    """Which events on a page are ours, and what is held, if anything.

    Attributes:
        own: The events that we wrote, by id, each with the key of what of it is the booking. Of a series
            that its owner made of such an event it is one date, or None where that date was deleted.
        held: Set where so many events vanished at once that a person has to confirm the deletions.
        series: The series with a date that is a booking, where deltas do not tell that a date was deleted.
        displaced: The keys of events of ours that are not where their bookings are, because somebody has to
            decide first, or because we gave up putting them back. They are copied like foreign events, since
            they take their owner's time, but collide with nothing: people know of them.
    """

    own: Mapping[str, str | None]
    held: Held | None = None
    series: tuple[str, ...] = ()
    displaced: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Reported:
    """What a page says of an event that may be ours; ``event`` is None where it has to be read first."""

    event: ExternalEvent | Gone | None
    given_id: str

    @property
    def signed(self) -> bool:
        """Whether the id under which it was created may be one of ours."""
        return id_signature(self.given_id) is not None


def apply_own_event_changes(
    ports: Ports, access: CalendarAccess, state: CalendarSync, changes: Iterable[Change], *, until: datetime
) -> OwnEventsOnPage:
    """Let bookings follow what a page says of their events; repeating it changes nothing.

    An event is ours because of the link that knows its id, or because its marker belongs to exactly this id.
    A copy that somebody made of it carries the marker too, but has another id: it is foreign. Where its owner
    made a series of it, only the date that is the booking is ours.

    Args:
        ports: The outside.
        access: The calendar.
        state: Its state.
        changes: What the page reports.
        until: When to look at no further event that has to be read: each of the others is looked for in a
            task of its own.
    """
    watched = dict.fromkeys(state.own_series)
    reported = _candidates(ports, access, changes)
    in_delta = state.cursor is not None and not state.cursor.snapshot
    if in_delta:
        reported = {**{name: _Reported(None, name) for name in watched}, **reported}
    if not reported:
        return OwnEventsOnPage({}, series=state.own_series)
    # Customers wait for what becomes of their bookings: never held back, not even in a listing.
    access = replace(access, lane=Lane.LIVE)
    links = _links(ports, access, reported)
    own: dict[str, str | None] = {}
    lost: list[ExportLink] = []
    displaced: set[str] = set()
    for name, said in reported.items():
        link = links.get(name) or links.get(said.given_id)
        watched.pop(name, None)
        if link is None:
            own |= _own_without_link(ports, access, name, said, read=in_delta and ports.clock.now() < until)
        elif followed := _follow_or_search(ports, access, link, said, late=ports.clock.now() >= until):
            if followed.displaced and followed.own:
                displaced.add(followed.own)
            else:
                own[name] = followed.own
            lost += followed.lost
            watched |= dict.fromkeys(followed.series)
    held = handle_missing_events(ports, access, state, lost)
    return OwnEventsOnPage(own, held, tuple(watched)[-MOST_WATCHED:], frozenset(displaced))


@dataclass(frozen=True, slots=True)
class _Followed:
    """What became of an event of ours: the key of the booking in it, its link if it is gone, its series.

    ``displaced`` says that it is not where its booking is, whatever was done about that.
    """

    own: str | None
    lost: Sequence[ExportLink] = ()
    series: Sequence[str] = ()
    displaced: bool = False


def _follow_or_search(
    ports: Ports, access: CalendarAccess, link: ExportLink, said: _Reported, *, late: bool
) -> _Followed | None:
    """Let a booking follow its event; one that cannot be read is looked for in a task of its own."""
    try:
        return _follow(ports, access, link, said, late=late)
    except UnexpectedReply:
        lost = [mark_missing(ports, link)] if access.connection.settings.exports.on else []
        return _Followed(None, lost)
    except (GrantDoubted, AccountClosed):
        # That is about the account: nothing else of the page can be read either.
        raise
    except (ProviderUnavailable, Forbidden):
        # The page itself was answered: whatever is refused of one event stops no other.
        return _postponed(ports, access, link, said)


def _postponed(ports: Ports, access: CalendarAccess, link: ExportLink, said: _Reported) -> _Followed:
    """Have an event of a booking that is refused, or has no time left, looked for in a task of its own.

    One that is reported as gone counts as lost: where too many are, all of them are held.
    """
    missing = [mark_missing(ports, link)] if access.connection.settings.exports.on else []
    if not isinstance(said.event, ExternalEvent) and link.series_id is None:
        return _Followed(None, missing)
    enqueue_searches(ports, access.connection, missing)
    return _Followed(link.event_id, series=[link.series_id] if link.series_id else ())


def _is_as_written(access: CalendarAccess, link: ExportLink, said: _Reported) -> bool:
    """Whether an event is where we wrote it and in the state that we know, so that nothing has to be read."""
    return link.calendar == access.entry.key and _is_known_state(link, said.event)


def _follow(
    ports: Ports, access: CalendarAccess, link: ExportLink, said: _Reported, *, late: bool
) -> _Followed | None:
    """Let a booking follow what a page says of its event; None where that is a foreign event by now.

    Where it is ``late``, an event of a booking is not read here.
    """
    event = said.event
    if isinstance(event, ExternalEvent) and _is_as_written(access, link, said):
        # Nearly always.
        _note_seen(ports, link)
        moved = link.written.get(TIME) != seen_fingerprint(event).get(TIME)
        return _Followed(link.event_id, displaced=moved and _is_displaced(ports, access, link, event))
    booking = _booking_of_resource(ports, access, link.booking)
    if booking is None:
        return None
    if _is_given_up(link, booking):
        if not isinstance(event, ExternalEvent) or not _never_confirmed(link) or event.cancelled:
            return None
        _enqueue_removal(ports, access, replace(link, event_id=event.id), booking)
        return _Followed(event.key)
    if late:
        return _postponed(ports, access, link, said)
    if event is None or link.series_id is not None:
        event = _event_of(_read_here(ports, access, link))
    lost: Sequence[ExportLink] = ()
    if access.connection.settings.exports.on:
        lost = check_own_event(ports, access, ExportedBooking(access.connection, booking, link), event)
    else:
        _attach(ports, access, ExportedBooking(access.connection, booking, link), event)
    if isinstance(event, Gone):
        return _Followed(None, lost)
    moved = event.span is not None and not booking.claimed.contains(event.span)
    return _Followed(
        event.key,
        lost,
        _watched_series(ports, access, booking, event),
        displaced=moved and _is_displaced(ports, access, link, event),
    )


def _note_seen(ports: Ports, link: ExportLink) -> None:
    """Remember that the calendar shows an event of ours; nobody has to look for it any more."""
    if link.unseen_since is None:
        return
    # Whoever changes the link at this moment knows its event too.
    with suppress(Conflict):
        ports.bookings.save_link(replace(link, unseen_since=None))


def _is_displaced(ports: Ports, access: CalendarAccess, link: ExportLink, event: ExternalEvent) -> bool:
    """Whether an event takes time that its booking, as it is by now, does not take."""
    if event.cancelled or event.span is None:
        return False
    booking = _booking_of_resource(ports, access, link.booking)
    return booking is not None and booking.active and not booking.claimed.contains(event.span)


def _candidates(ports: Ports, access: CalendarAccess, changes: Iterable[Change]) -> Mapping[str, _Reported]:
    """What may be ours on a page, by id."""
    found: dict[str, _Reported] = {}
    keeps_ids = ports.providers[access.connection.provider].calendar.abilities.keeps_ids
    for change in changes:
        if isinstance(change, Upsert):
            event = change.event
            if event.marker is not None or id_signature(event.created_as or event.id):
                found[event.id] = _Reported(event, event.given_id)
        elif isinstance(change, Removal):
            found[change.id] = _Reported(Gone(change.id) if change.proven else None, change.id)
        elif isinstance(change, SeriesTouched):
            said = _Reported(None, _given_id(change))
            known = found.get(change.series_id)
            # Where the provider names events by ids of its own, only the link tells a series of ours.
            if (said.signed or not keeps_ids) and not (known and known.event is None and known.signed):
                found[change.series_id] = said
    return found


def _watched_series(
    ports: Ports, access: CalendarAccess, booking: Booking, event: ExternalEvent
) -> Sequence[str]:
    """The series of a booking's date, where it is read with every delta: deltas do not tell of a deletion."""
    abilities = ports.providers[access.connection.provider].calendar.abilities
    if event.series_id is None or abilities.relist_every is None:
        return ()
    return (event.series_id,) if booking.interval.end > ports.clock.now() else ()


def _given_id(change: SeriesTouched) -> str:
    """The id under which a series was created, as far as its report says so; its dates say nothing of it."""
    whole = change.occurrence if change.id == change.series_id else None
    return whole.given_id if whole else change.series_id


def _links(
    ports: Ports, access: CalendarAccess, reported: Mapping[str, _Reported]
) -> Mapping[str, ExportLink]:
    """The links of what a page reports, by the ids of events, by ids that we chose, and by ids of series."""
    tenant, connection = access.connection.tenant, access.connection.id
    # Until a write was answered, its link knows only the id that we chose.
    asked = {*reported, *(said.given_id for said in reported.values())}
    links = dict(ports.bookings.links_by_event(tenant, connection, sorted(asked)))
    left = [name for name, said in reported.items() if not {name, said.given_id} & links.keys()]
    return {**links, **ports.bookings.links_by_series(tenant, connection, sorted(left))}


def _own_without_link(
    ports: Ports, access: CalendarAccess, name: str, said: _Reported, *, read: bool
) -> Mapping[str, str | None]:
    """An event without a link that is ours all the same, known by its marker.

    Another connection of the resource wrote it into this calendar, or its booking has a newer one by now and
    its owner brought this one back. Where a delta does not show the marker, it is ``read``.
    """
    event = root = said.event
    hidden = isinstance(event, ExternalEvent) and event.marker is None and said.signed and read
    if (root is None and said.signed) or hidden:
        try:
            found = read_booking_event(partial(ask, ports, access), access.calendar, name)
        except UnexpectedReply:
            return {}
        event, root = _event_of(found), found.root if isinstance(found, BookingEvent) else found
    tenant = access.connection.tenant
    marker = genuine_marker(ports.keys, tenant, root) if isinstance(root, ExternalEvent) else None
    booking = _booking_of_resource(ports, access, marker.booking if marker else None)
    if marker is None or booking is None:
        return {}
    known = ports.bookings.link(tenant, access.connection.id, booking.id)
    if known is not None and isinstance(event, ExternalEvent):
        _settle_twin(ports, access, ExportedBooking(access.connection, booking, known), marker, event)
    elif hidden:
        return {}
    return {name: event.key if isinstance(event, ExternalEvent) else None}


def _event_of(found: BookingEvent | Gone) -> ExternalEvent | Gone:
    return found.event if isinstance(found, BookingEvent) else found


def _settle_twin(
    ports: Ports, access: CalendarAccess, exported: ExportedBooking, marker: Marker, event: ExternalEvent
) -> None:
    """Let a booking have one event where its owner brought an older one back.

    Where the booking has another one by now, the older one is removed with the next export; where it has
    none, it has this one again.
    """
    connection, booking, link = exported.connection, exported.booking, exported.link
    older_one = marker.epoch < link.epoch and event.series_id is None and not event.cancelled
    if not older_one or not connection.settings.exports.on:
        return
    older = replace(
        link,
        calendar=access.entry.key,
        calendar_id=access.entry.provider_id,
        event_id=event.id,
        series_id=None,
        original_start=None,
    )
    if link.state is LinkState.GONE and booking.active:
        back = ports.bookings.save_link(replace(older, etag=None, updated=None))
        check_own_event(ports, access, replace(exported, link=back), event)
    elif leftover(link) is None:
        ports.bookings.save_link(with_leftover(link, replace(older, epoch=marker.epoch)))
        entries = export_entries(booking, [connection], now=ports.clock.now(), cause=f"twin{marker.epoch}")
        for export in entries:
            ports.ledger.put_outbox(export)
        enqueue_entries(ports, entries)


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
        there = attached(link, event)
        if _is_known_state(there, event) or isinstance(judge(there, event, exported.booking), Stale):
            _note_seen(ports, link)
            return []
        # Texts are asked of our own events only, whatever the import mode hides of others.
        event = event if event.title is not None and event.guests is not None else None
    try:
        if event is None:
            event = _event_of(_read_here(ports, access, link))
    except UnexpectedReply:
        # It is looked for in a task of its own, which stops nobody else.
        return [mark_missing(ports, link)]
    there = _as_shown(exported, event) if isinstance(event, ExternalEvent) else link
    verdict = judge(there, event, exported.booking)
    if isinstance(verdict, Deleted):
        return [mark_missing(ports, link)]
    if isinstance(verdict, Edited | Impossible) and isinstance(event, ExternalEvent):
        follow_edit(ports, replace(exported, link=there), event, verdict)
    else:
        _attach(ports, access, exported, event)
    return []


def _as_shown(exported: ExportedBooking, event: ExternalEvent) -> ExportLink:
    """The link with what its event shows beside times and words: what it is now, and who its guests are."""
    link = with_guests(attached(exported.link, event), event, customer_addresses(exported.booking))
    return link if link.unseen_since is None else replace(link, unseen_since=None)


def _attach(
    ports: Ports, access: CalendarAccess, exported: ExportedBooking, event: ExternalEvent | Gone
) -> None:
    """Remember who is a guest, and that the booking is one date of a series now, or an event of its own."""
    link = exported.link
    if not isinstance(event, ExternalEvent) or link.calendar != access.entry.key:
        return
    there = _as_shown(exported, event)
    if there is not link:
        ports.bookings.save_link(replace(there, etag=event.etag, updated=event.updated))


def _is_known_state(link: ExportLink, event: ExternalEvent | Gone | None) -> bool:
    if link.state is not LinkState.LIVE or not isinstance(event, ExternalEvent):
        return False
    return event.etag is not None and event.etag == link.etag


def _is_at_home(ports: Ports, access: CalendarAccess, link: ExportLink) -> bool:
    """Whether the event is in the calendar that we wrote it to, so that what we see here is only a copy."""
    entry = access.connection.calendars.get(link.calendar)
    if entry is None:
        return False
    calendar = reference(ports, access.connection, entry)
    found = ask(
        ports,
        access,
        lambda provider, token: provider.find_event(token, calendar, link.root_id, detail=Detail.TIMES),
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


def _follow_into(ports: Ports, connection: Connection, entry: CalendarEntry) -> None:
    """Have a calendar followed into which an event of ours was moved; what is done to it there counts too."""
    if purpose_of(connection, entry.key).any:
        return

    def with_calendar(current: Connection) -> Connection:
        return replace(current, moved_to=(*current.moved_to, entry.key))

    update_connection(ports, connection.tenant, connection.id, with_calendar)
    request_sync(
        ports,
        tenant=connection.tenant,
        connection=connection.id,
        calendar=entry.key,
        cause=f"moved/{ports.keys.token()}",
    )


class SearchResult(StrEnum):
    """What a search for a missing event found.

    Attributes:
        SETTLED: There is nothing to search for any more.
        BACK: It is where it was.
        MOVED: It is in another calendar, and the link follows.
        ABSENT: It is nowhere, as far as one look can say; another one follows.
        UNANSWERED: Not every calendar said whether it has it; another look follows.
        DELETED: It is nowhere, for the second time: its owner deleted it.
        HELD: So much is missing that a person has to decide first.
    """

    SETTLED = "settled"
    BACK = "back"
    MOVED = "moved"
    ABSENT = "absent"
    UNANSWERED = "unanswered"
    DELETED = "deleted"
    HELD = "held"


def verify_moved(ports: Ports, command: VerifyMoved) -> SearchResult:
    """Look for the event by its id, which it keeps when its owner moves it to another calendar.

    The account's calendars are listed anew first: it may be in one that was made a moment ago. Only two looks
    prove a deletion, with all calendars answering both, further apart than the provider shows events late.

    Raises:
        Retry: The provider could not be asked.
        Stop: The account is out of reach.
    """
    exported = _missing_export(ports, command)
    if exported is None:
        return SearchResult.SETTLED
    connection, link, now = exported.connection, exported.link, ports.clock.now()
    if ports.sync_states.get(connection.tenant, connection.id, link.calendar).deletions_held:
        return SearchResult.HELD
    if exported.booking.interval.end <= now:
        # Who tidies up last week's calendar cancels nobody's appointment.
        ports.bookings.save_link(replace(link, state=LinkState.GONE, missing_since=None))
        return SearchResult.SETTLED
    list_calendars_anew(ports, connection, lane=Lane.LIVE)
    # Its calendar may have another id by now.
    exported = _missing_export(ports, command)
    if exported is None:
        return SearchResult.SETTLED
    connection, link = exported.connection, exported.link
    search = _search(ports, connection, link)
    if search.event is not None and search.entry is not None:
        moved = search.entry.key != link.calendar
        if moved:
            exported = replace(exported, link=record_move(ports, link, search.entry))
            _follow_into(ports, connection, search.entry)
        check_own_event(ports, _access(ports, connection, search.entry), exported, search.event)
        return SearchResult.MOVED if moved else SearchResult.BACK
    if link.missing_since is None:
        # The calendar never showed it: from now on it is missing like one that was seen.
        link = mark_missing(ports, link)
    if not search.answered:
        notify_unanswered_search(ports, link)
        enqueue_further_search(ports, link, next_look(link.missing_since or now, now))
        return SearchResult.UNANSWERED
    pause = absence_proven_after(lags=ports.providers[connection.provider].calendar.abilities.lags)
    if not link.proven_absent(now, after=pause):
        _note_absence(ports, link, pause=pause)
        return SearchResult.ABSENT
    follow_deletion(ports, exported)
    return SearchResult.DELETED


@dataclass(frozen=True, slots=True)
class _Search:
    """Where a missing event is, if anywhere, and whether every calendar in which it may be answered."""

    entry: CalendarEntry | None = None
    event: ExternalEvent | None = None
    answered: bool = True


def _search(ports: Ports, connection: Connection, link: ExportLink) -> _Search:
    """Look for an event where it was, then in all calendars into which its owner can have moved it.

    A calendar that answers with an error may have it.
    """
    home, answered = connection.calendars[link.calendar], True
    for entry in (home, *_other_calendars(connection, home)):
        try:
            found = _read_here(ports, _access(ports, connection, entry), link)
        except (CalendarGone, Forbidden, UnexpectedReply):
            answered = False
            continue
        event = _event_of(found)
        if isinstance(event, ExternalEvent) and not event.cancelled:
            return _Search(entry, event)
        if isinstance(found, BookingEvent) and isinstance(event, Gone):
            # A date that is missing from a series which is still there: no single date can be moved away.
            return _Search()
    return _Search(answered=answered)


def _note_absence(ports: Ports, link: ExportLink, *, pause: timedelta) -> None:
    """Remember the first look that found an event nowhere, and queue the second one."""
    now, first, since = ports.clock.now(), link.absent_at, link.missing_since
    if first is None or since is None or first < since:
        link, first = ports.bookings.save_link(replace(link, absent_at=now)), now
    enqueue_further_search(ports, link, max(now, first + pause))


def _missing_export(ports: Ports, command: VerifyMoved) -> ExportedBooking | None:
    try:
        connection = ports.connections.get(command.tenant, command.connection)
        booking: Booking = ports.bookings.get(command.tenant, command.booking)
    except UnknownResource:
        return None
    link = ports.bookings.link(command.tenant, command.connection, command.booking)
    if link is None or not booking.active or not connection.usable:
        return None
    if link.missing_since is None and link.unseen_since is None:
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


def _read_here(ports: Ports, access: CalendarAccess, link: ExportLink) -> BookingEvent | Gone:
    """What a booking is in this very calendar."""
    return read_booking_event(partial(ask, ports, access), access.calendar, link.root_id, here=True)
