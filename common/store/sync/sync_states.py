"""Stores a calendar's synchronisation state, its imported events, and the number of its sync requests."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain
from typing import Any

from common.domain.calendar.interval import Interval
from common.domain.calendar.sync_state import (
    CalendarSync,
    Cursor,
    CursorReading,
    Held,
    PendingKind,
    PendingUnit,
    Quarantined,
)
from common.domain.shared.paging import Page, PageRequest
from common.domain.slots.agenda import weeks_of
from common.domain.sync.imported_events import ImportedEvent, UnitEvents
from common.errors import AlreadyExists, Conflict
from common.store import paths
from common.store.connect import _CHANNEL
from common.store.firestore.codec import INTERVAL, PLAIN, TEXTS, array_of, enum_value, record
from common.store.firestore.documents import (
    Create,
    Delete,
    Documents,
    Increment,
    Merge,
    Put,
    Query,
    Replace,
    Snapshot,
    Write,
)
from common.store.sync.commit import fitting, plan, removal
from common.store.sync.imported_weeks import Index, all_weeks, calendar_path, read_page, read_weeks

_TRIES = 5


class SyncStates:
    """The store of calendars' synchronisation states, imported events, sync requests and quarantines."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def get(self, tenant: str, connection: str, key: str) -> CalendarSync:
        """The state; a fresh one where nothing was stored yet (``version`` None)."""
        (found,) = self._documents.get([paths.calendar(tenant, connection, key)])
        return CalendarSync(tenant, connection, key) if found.data is None else _read(found)

    def of_connection(self, tenant: str, connection: str) -> tuple[CalendarSync, ...]:
        """The states of all calendars of a connection."""
        return tuple(map(_read, self._documents.query(Query(paths.calendars(tenant, connection)))))

    def count_request(self, tenant: str, connection: str, key: str, *, now: datetime) -> int:
        """Count one more request to synchronise this calendar; the new number."""
        counted = Merge(
            paths.sync_requests(tenant, connection, key), {("count",): Increment(1), ("at",): now}
        )
        (written,) = self._documents.commit([counted])
        return int(written.results[0])

    def requested(self, tenant: str, connection: str, key: str) -> int:
        """The number of requests so far."""
        (found,) = self._documents.get([paths.sync_requests(tenant, connection, key)])
        return int(found.data["count"]) if found.data else 0

    def save(self, state: CalendarSync) -> CalendarSync:
        """Store the state if ``state.version`` is still the stored one; else raises Conflict.

        Returns the state with its new version.
        """
        return self._commit_with_state(state, [])

    def commit(
        self,
        state: CalendarSync,
        resource: str,
        changes: Iterable[UnitEvents],
        *,
        quarantine: Sequence[Quarantined] | None = None,
    ) -> CalendarSync:
        """Replace the given units' events, the agenda's imports and the state, all in one commit.

        With ``quarantine`` also the list of the calendar's items that could not be read as they should be.

        A page beyond the limits of one commit takes several. Each demands the state's version, the index
        first names both old and new weeks, and the state comes last: a crash between two leaves a page
        that is simply done again.
        """
        planned = plan(self._documents, state, resource, changes)
        batches = fitting(chain(planned.bundles, planned.index_after()))
        first, second = next(batches, []), next(batches, None)
        last = [] if quarantine is None else [_quarantine_write(state, quarantine)]
        if second is None:
            return self._commit_with_state(state, [*first, *last])
        if state.version is None:
            state = replace(
                state, version=self.save(CalendarSync(state.tenant, state.connection, state.key)).version
            )
        guard = Merge(calendar_path(state), {}, version=state.version)
        for batch in chain(fitting(planned.index_around()), (first, second), batches):
            self._documents.commit([guard, *batch])
        return self._commit_with_state(state, last)

    def units(self, state: CalendarSync, units: Sequence[str]) -> Mapping[str, tuple[ImportedEvent, ...]]:
        """The stored events of some units."""
        calendar = calendar_path(state)
        index = Index(self._documents, calendar, units)
        stored = read_weeks(self._documents, calendar, index.all_weeks())
        found: dict[str, list[ImportedEvent]] = {unit: [] for unit in units}
        for event in _distinct(event for week in stored.values() for event in week.events):
            if event.unit in found:
                found[event.unit].append(event)
        return {unit: tuple(events) for unit, events in found.items()}

    def stale(self, state: CalendarSync) -> tuple[ImportedEvent, ...]:
        """All stored events of an older generation than ``state.generation``."""
        stored = all_weeks(self._documents, calendar_path(state))
        events = (event for week in stored.values() for event in week.events)
        return _distinct(event for event in events if event.generation < state.generation)

    def imported(self, tenant: str, connection: str, key: str, window: Interval) -> tuple[ImportedEvent, ...]:
        """Imported events that overlap ``window``, each once."""
        calendar = paths.calendar(tenant, connection, key)
        stored = read_weeks(self._documents, calendar, weeks_of(window))
        events = (event for week in stored.values() for event in week.events)
        return _distinct(event for event in events if event.interval.overlaps(window))

    def page(
        self, tenant: str, connection: str, key: str, span: Interval, window: PageRequest
    ) -> Page[ImportedEvent]:
        """The same page by page, by the first week of ``span`` that has them, and then by time.

        Raises:
            InvalidRequest: the window's place is none of this list.
        """
        return read_page(self._documents, paths.calendar(tenant, connection, key), span, window)

    def purge(self, state: CalendarSync, resource: str) -> int:
        """Remove all imported events of a calendar here and in the agenda, and its quarantine.

        Returns how many events there were.

        Raises:
            Conflict: The state was saved since ``state`` was read, so that somebody may be importing.
        """
        calendar = calendar_path(state)
        stored = all_weeks(self._documents, calendar)
        count = len(_distinct(event for week in stored.values() for event in week.events))
        bundles = [removal(state, resource, name, week) for name, week in sorted(stored.items())]
        index = self._documents.query(Query(f"{calendar}/index"))
        bundles += [[Delete(shard.path)] for shard in index]
        bundles.append([_quarantine_write(state, ())])
        guard = [Merge(calendar, {}, version=state.version)] if state.version else []
        for batch in fitting(bundles):
            self._documents.commit([*guard, *batch])
        return count

    def delete(self, state: CalendarSync) -> None:
        """Forget the state itself (after a purge)."""
        place = state.tenant, state.connection, state.key
        gone = paths.calendar(*place), paths.sync_requests(*place), paths.quarantine(*place)
        self._documents.commit([Delete(path) for path in gone])

    def quarantine(self, state: CalendarSync) -> tuple[Quarantined, ...]:
        """The items of a calendar that could not be read as they should be."""
        (found,) = self.quarantines([state])
        return found

    def quarantines(self, states: Sequence[CalendarSync]) -> Sequence[tuple[Quarantined, ...]]:
        """The same of several calendars."""
        places = [paths.quarantine(state.tenant, state.connection, state.key) for state in states]
        return [_read_quarantine(found) for found in self._documents.get(places)] if places else ()

    def mark_told(self, state: CalendarSync, ids: Collection[str]) -> None:
        """Note that a calendar's owner was notified of these items of its quarantine.

        Raises:
            Conflict: Others keep changing it.
        """
        for _ in range(_TRIES):
            (found,) = self._documents.get([paths.quarantine(state.tenant, state.connection, state.key)])
            if found.version is None:
                return
            items = [replace(item, told=item.told or item.id in ids) for item in _read_quarantine(found)]
            try:
                self._documents.commit([Replace(found.path, _quarantine_data(items), version=found.version)])
            except Conflict:
                continue
            return
        raise Conflict("others keep changing this quarantine")

    def due_for_poll(
        self, now: datetime, limit: int, *, after: datetime | None = None
    ) -> tuple[CalendarSync, ...]:
        """States of all tenants whose ``poll_at`` has come, the longest due first; those behind ``after``."""
        return self._due("poll_at", now, limit, after)

    def due_for_renewal(
        self, now: datetime, limit: int, *, after: datetime | None = None
    ) -> tuple[CalendarSync, ...]:
        """States of all tenants whose ``renew_at`` has come, likewise."""
        return self._due("renew_at", now, limit, after)

    def _due(
        self, moment: str, now: datetime, limit: int, after: datetime | None
    ) -> tuple[CalendarSync, ...]:
        query = Query(
            paths.CALENDARS,
            group=True,
            filters=((moment, "<=", now),),
            order=(moment,),
            after=(after,) if after else None,
            limit=limit,
        )
        return tuple(map(_read, self._documents.query(query)))

    def _commit_with_state(self, state: CalendarSync, writes: Sequence[Write]) -> CalendarSync:
        path, data = calendar_path(state), CALENDAR_SYNC.write(state)
        last: Write = (
            Create(path, data) if state.version is None else Replace(path, data, version=state.version)
        )
        try:
            *_, written = self._documents.commit([*writes, last])
        except AlreadyExists as error:
            raise Conflict("somebody else stored this state first") from error
        return replace(state, version=written.version)


def _read(found: Snapshot) -> CalendarSync:
    return replace(CALENDAR_SYNC.read(found.data), version=found.version)


def _distinct(events: Iterable[ImportedEvent]) -> tuple[ImportedEvent, ...]:
    """Each event once, though it is stored in every week that it touches; in order of time."""
    by_key = {event.key: event for event in events}
    return tuple(sorted(by_key.values()))


def _quarantine_write(state: CalendarSync, items: Sequence[Quarantined]) -> Write:
    path = paths.quarantine(state.tenant, state.connection, state.key)
    return Put(path, _quarantine_data(items)) if items else Delete(path)


def _quarantine_data(items: Sequence[Quarantined]) -> dict[str, Any]:
    return {"items": [QUARANTINED.write(item) for item in items]}


def _read_quarantine(found: Snapshot) -> tuple[Quarantined, ...]:
    return tuple(map(QUARANTINED.read, found.data["items"])) if found.data else ()


CALENDAR_SYNC = record(
    CalendarSync,
    tenant=PLAIN,
    connection=PLAIN,
    key=PLAIN,
    cursor=record(Cursor, snapshot=PLAIN, window=INTERVAL, token=PLAIN, page=PLAIN, halvings=PLAIN),
    generation=PLAIN,
    done_request=PLAIN,
    lease_holder=PLAIN,
    lease_until=PLAIN,
    covered=INTERVAL,
    fields=PLAIN,
    channel=_CHANNEL,
    old_channels=array_of(_CHANNEL),
    push_refused=PLAIN,
    unannounced=PLAIN,
    units=PLAIN,
    listed=PLAIN,
    quarantined=PLAIN,
    sweeping=PLAIN,
    pending=array_of(
        record(
            PendingUnit,
            id=PLAIN,
            kind=enum_value(PendingKind),
            dates=TEXTS,
            page=PLAIN,
            pages=PLAIN,
            failed_at=PLAIN,
            suspect=PLAIN,
            absent_since=PLAIN,
        )
    ),
    held=record(Held, missing=PLAIN, known=PLAIN, since=PLAIN, released=PLAIN),
    listings=array_of(PLAIN),
    last_push_at=PLAIN,
    last_applied_at=PLAIN,
    moved_at=PLAIN,
    waiting_until=PLAIN,
    poll_at=PLAIN,
    renew_at=PLAIN,
    error=PLAIN,
    failing_since=PLAIN,
    own_series=TEXTS,
    reading=record(
        CursorReading,
        pages=PLAIN,
        repeated=PLAIN,
        empty=PLAIN,
        seen=TEXTS,
        refusals=PLAIN,
        refused_since=PLAIN,
        trials=PLAIN,
    ),
    halvings=PLAIN,
    halved_at=PLAIN,
    given_up=PLAIN,
)
QUARANTINED = record(Quarantined, id=PLAIN, reason=PLAIN, at=PLAIN, generation=PLAIN, told=PLAIN)
