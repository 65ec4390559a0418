"""Bookings and their export links in documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import islice
from typing import Any

from common.domain.booking.booking import Booking, BookingStatus
from common.domain.booking.booking_change import BookingChange, IdempotencyRecord
from common.domain.booking.cells import LONGEST_CLAIM
from common.domain.calendar.interval import Interval
from common.domain.export.exported_event import ExportLink
from common.errors import AlreadyExists, Conflict, UnknownResource
from common.store import paths
from common.store.booking.commit import BOOKING, IDEMPOTENCY, LINK, commit, link_write
from common.store.firestore.documents import (
    MOST_DISJUNCTIONS,
    NAME,
    Delete,
    Documents,
    Operator,
    Query,
    Snapshot,
)

_PAGE = 200
_Bounds = tuple[tuple[str, Operator, Any], ...]
_START = "interval.start"


class Bookings:
    """Bookings, their cells, and their export links."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def get(self, tenant: str, booking: str) -> Booking:
        """Raises UnknownResource where there is none."""
        (found,) = self._documents.get([paths.booking(tenant, booking)])
        if found.data is None:
            raise UnknownResource("there is no such booking")
        return _read(found)

    def commit(self, change: BookingChange) -> Booking:
        """One atomic commit: cells, booking, sessions, agenda, outbox, links, notices, idempotency.

        Raises:
            SlotTaken: another booking holds one of the new cells or places.
            Conflict: ``before.version`` (or a link's, or a session's) is not the stored one.
            AlreadyExists: the idempotency record or the booking id is there already.
        """
        return commit(self._documents, change)

    def idempotency(self, tenant: str, record: str) -> IdempotencyRecord | None:
        """The first request under this key; it may have expired and wait for its removal."""
        (found,) = self._documents.get([paths.idempotency(tenant, record)])
        return IDEMPOTENCY.read(found.data) if found.data else None

    def starting_from(
        self, tenant: str, resource: str, start: datetime, *, after: str | None, limit: int
    ) -> tuple[Booking, ...]:
        """Active bookings that end after ``start``, in order of (start, id), from ``after`` (exclusive).

        A session stands for all of its seats.
        """
        since = start - LONGEST_CLAIM
        position = self._position(tenant, after) if after is not None else None
        held = self._held(tenant, resource, ((_START, ">", since),), position)
        found = (item for item in held if item.interval.end > start and not item.is_seat)
        return tuple(islice(found, limit))

    def overlapping(
        self,
        tenant: str,
        resource: str,
        window: Interval,
        *,
        status: BookingStatus = BookingStatus.CONFIRMED,
        seats: bool = False,
    ) -> tuple[Booking, ...]:
        """Bookings of a status (active ones) that overlap ``window``; ``seats`` of sessions only if asked."""
        bounds: _Bounds = ((_START, ">", window.start - LONGEST_CLAIM), (_START, "<", window.end))
        found = self._held(tenant, resource, bounds, None, status)
        return tuple(item for item in found if item.interval.overlaps(window) and (seats or not item.is_seat))

    def ended_holds(self, now: datetime, limit: int) -> tuple[Booking, ...]:
        """Holds of all tenants that ended at or before ``now``, the oldest first."""
        query = Query(
            "bookings",
            filters=(("held_until", "<=", now),),
            order=("held_until",),
            limit=limit,
            group=True,
        )
        return tuple(map(_read, self._documents.query(query)))

    def ever_booked(self, tenant: str, service: str) -> bool:
        """Whether any booking names the service, past or to come, whatever became of it."""
        named = Query(paths.within(tenant, "bookings"), filters=(("service", "==", service),), limit=1)
        return bool(self._documents.query(named))

    def page(self, tenant: str, *, after: str | None, limit: int) -> tuple[Booking, ...]:
        """All of a tenant's bookings, whatever became of them, by id from ``after`` (exclusive)."""
        position = None if after is None else (paths.booking(tenant, after),)
        query = Query(paths.within(tenant, "bookings"), order=(NAME,), after=position, limit=limit)
        return tuple(map(_read, self._documents.query(query)))

    def link(self, tenant: str, connection: str, booking: str) -> ExportLink | None:
        """The export link of a booking in one connection."""
        (found,) = self._documents.get([paths.export(tenant, connection, booking)])
        return _read_link(found) if found.data else None

    def links_by_event(
        self, tenant: str, connection: str, event_ids: Sequence[str]
    ) -> Mapping[str, ExportLink]:
        """Links by provider event id; ids that are not ours are left out."""
        links = self._links_where(tenant, connection, "event_id", event_ids)
        return {link.event_id: link for link in links}

    def links_by_series(
        self, tenant: str, connection: str, series_ids: Sequence[str]
    ) -> Mapping[str, ExportLink]:
        """Links to single dates of series, by the series' id; series without a booking are left out."""
        links = self._links_where(tenant, connection, "series_id", series_ids)
        return {link.root_id: link for link in links}

    def _links_where(
        self, tenant: str, connection: str, field: str, values: Sequence[str]
    ) -> Iterator[ExportLink]:
        wanted = list(dict.fromkeys(values))
        for at in range(0, len(wanted), MOST_DISJUNCTIONS):
            some = wanted[at : at + MOST_DISJUNCTIONS]
            query = Query(paths.exports(tenant, connection), filters=((field, "in", some),))
            yield from map(_read_link, self._documents.query(query))

    def links(self, tenant: str, connection: str, *, after: str | None, limit: int) -> tuple[ExportLink, ...]:
        """The connection's links in order of booking id, from ``after`` (exclusive)."""
        position = None if after is None else (paths.export(tenant, connection, after),)
        query = Query(paths.exports(tenant, connection), order=(NAME,), after=position, limit=limit)
        return tuple(map(_read_link, self._documents.query(query)))

    def unseen_links(
        self, tenant: str, connection: str, *, before: datetime, limit: int
    ) -> tuple[ExportLink, ...]:
        """Links to events that were made ``before`` then and that nobody has seen yet, the oldest first."""
        query = Query(
            paths.exports(tenant, connection),
            filters=(("unseen_since", "<=", before),),
            order=("unseen_since",),
            limit=limit,
        )
        return tuple(map(_read_link, self._documents.query(query)))

    def save_link(self, link: ExportLink) -> ExportLink:
        """Store a link if ``link.version`` is still the stored one (None: must be new); else Conflict."""
        try:
            (written,) = self._documents.commit([link_write(link)])
        except AlreadyExists as error:
            raise Conflict("somebody else made this link first") from error
        return replace(link, version=written.version)

    def delete_link(self, link: ExportLink) -> None:
        """Forget a link."""
        self._documents.commit([Delete(paths.export(link.tenant, link.connection, link.booking))])

    def _position(self, tenant: str, booking: str) -> tuple[datetime, str]:
        return self.get(tenant, booking).interval.start, paths.booking(tenant, booking)

    def _held(
        self,
        tenant: str,
        resource: str,
        bounds: _Bounds,
        position: tuple[datetime, str] | None,
        status: BookingStatus = BookingStatus.CONFIRMED,
    ) -> Iterator[Booking]:
        held: _Bounds = (("resource", "==", resource), ("status", "==", status.value))
        query = Query(
            paths.within(tenant, "bookings"), filters=held + bounds, order=(_START, NAME), limit=_PAGE
        )
        while True:
            page = self._documents.query(replace(query, after=position))
            yield from map(_read, page)
            if len(page) < _PAGE:
                return
            last = _read(page[-1])
            position = last.interval.start, page[-1].path


def _read(found: Snapshot) -> Booking:
    return replace(BOOKING.read(found.data), version=found.version)


def _read_link(found: Snapshot) -> ExportLink:
    return replace(LINK.read(found.data), version=found.version)
