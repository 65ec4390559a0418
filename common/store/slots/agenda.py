"""Agenda documents: one for each resource and ISO week, written field by field with what takes the time."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import chain
from typing import Any

from common.domain.booking.booking import Booking, Seat
from common.domain.calendar.interval import Interval, NamedSpans, Seconds, Spans
from common.domain.shared.bounded_cache import BoundedCache
from common.domain.slots.agenda import Agenda, HeldSeats, ImportedTimes, Session, join_weeks
from common.domain.sync.imported_events import BLOCKS, FREE, ImportedEvent
from common.store.firestore.codec import packed_numbers, unpacked_numbers, unreadable
from common.store.firestore.documents import REMOVE, FieldPath, Snapshot
from common.store.firestore.protobuf import snapshot, version

_SECOND = 1_000_000


def stored_interval(interval: Interval) -> list[int]:
    """The smallest whole seconds around a range, as stored."""
    return list(interval.seconds_around())


def booking_fields(booking: Booking) -> dict[FieldPath, Any]:
    """What a week says of a booking that takes its time; a seat has no entry but its session's."""
    if not booking.takes_time or booking.is_seat:
        return {}
    held = booking.held_until
    fields: dict[FieldPath, Any] = {
        ("bookings", booking.id): stored_interval(booking.claimed),
        ("holds", booking.id): REMOVE if held is None else _seconds(held),
    }
    if booking.is_session:
        fields[("sessions", booking.id)] = _session(booking)
    if booking.revision == 1:
        fields[("assigned_at",)] = booking.updated_at
    return fields


def booking_fields_removed(booking: Booking) -> dict[FieldPath, Any]:
    """The removal of ``entry``."""
    return {(kind, booking.id): REMOVE for kind in ("bookings", "holds", "sessions")}


def stored_hold(seat: Seat) -> list[int]:
    """A hold of seats, as stored."""
    return [len(seat.places), _seconds(seat.until) if seat.until else 0]


def _session(booking: Booking) -> dict[str, Any]:
    seats = booking.roster.items()
    return {
        "service": booking.service,
        "start": _seconds(booking.interval.start),
        "booked": sum(len(seat.places) for _, seat in seats if seat.until is None),
        "holds": {name: stored_hold(seat) for name, seat in seats if seat.until is not None},
    }


def _seconds(moment: datetime) -> int:
    return int(moment.timestamp())


def imported_times(events: Collection[ImportedEvent], bounds: Seconds) -> dict[str, Any] | None:
    """One calendar's busy and free times within a week, as stored; None where there are none."""
    busy = _merged(sorted((event.start_us, event.end_us) for event in events if event.marks & BLOCKS))
    free = {(event.start_us, event.end_us) for event in events if event.marks & FREE}
    # The smallest whole seconds around what is busy, a time too few is better than one sold twice; and the
    # largest inside of what is free. Busy times are cut at the week's edges, free ones never: each lays its
    # own booking grid from where it starts, whichever week is asked about.
    first, last = bounds
    offered = ((-(-start // _SECOND), end // _SECOND) for start, end in free)
    times = {
        "busy": _merged(_inside(bounds, ((start // _SECOND, -(-end // _SECOND)) for start, end in busy))),
        "free": sorted(span for span in offered if span[0] < span[1] and span[0] < last and span[1] > first),
    }
    packed = {name: packed_numbers(tuple(chain.from_iterable(found))) for name, found in times.items()}
    return {name: found for name, found in packed.items() if found} or None


def _inside(bounds: Seconds, ranges: Iterable[Seconds]) -> Iterator[Seconds]:
    first, last = bounds
    for start, end in ranges:
        if start < last and end > first and start < end:
            yield max(first, start), min(last, end)


def _merged(ranges: Iterable[Seconds]) -> list[Seconds]:
    """Ranges in order of their starts as few disjoint ones; touching ones are joined."""
    merged: list[Seconds] = []
    begun, until = 0, None
    for start, end in ranges:
        if until is None or start > until:
            if until is not None:
                merged.append((begun, until))
            begun, until = start, end
        elif end > until:
            until = end
    if until is not None:
        merged.append((begun, until))
    return merged


def read_agenda(snapshots: Iterable[Snapshot]) -> Agenda:
    """Several weeks' documents as one agenda; a missing document is an empty week."""
    return join_weeks(_week(snapshot.data, snapshot.version) for snapshot in snapshots if snapshot.data)


def readable_week(stored: Mapping[str, Any]) -> dict[str, Any]:
    """A week's document with its times as ranges and instants.

    Raises:
        StoreUnavailable: It cannot be understood.
    """
    try:
        week = _week(stored, None)
        times = {
            "bookings": dict(week.bookings),
            "absences": dict(week.absences),
            "imports": {
                calendar: {"busy": tuple(times.busy), "free": tuple(times.free)}
                for calendar, times in week.imports.items()
            },
            "holds": week.holds,
            "sessions": week.sessions,
        }
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise unreadable("agenda") from error
    return {**stored, **{name: read for name, read in times.items() if name in stored}}


def _week(data: Mapping[str, Any], version: str | None) -> Agenda:
    return Agenda(
        bookings=NamedSpans(data.get("bookings", {})),
        absences=NamedSpans(data.get("absences", {})),
        imports={
            calendar: ImportedTimes(busy=_spans(times.get("busy", b"")), free=_spans(times.get("free", b"")))
            for calendar, times in data.get("imports", {}).items()
        },
        holds={name: _moment(until) for name, until in data.get("holds", {}).items()},
        sessions={name: _session_of(stored) for name, stored in data.get("sessions", {}).items()},
        assigned_at=data.get("assigned_at"),
        version=version or "",
    )


def _spans(stored: bytes) -> Spans:
    """Starts and ends in turn, packed: a value each would cost more to decode than the question itself."""
    try:
        return Spans(unpacked_numbers(stored))
    except (TypeError, ValueError) as error:
        raise unreadable("agenda") from error


def _session_of(stored: Mapping[str, Any]) -> Session:
    holds = stored.get("holds", {}).items()
    return Session(
        service=stored["service"],
        start=_moment(stored["start"]),
        booked=stored["booked"],
        holds={name: HeldSeats(seats, _moment(until)) for name, (seats, until) in holds},
    )


def _moment(epoch: int) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)


MOST_DECODED = 256
_WEEKS = "/agenda/"


class DecodeCache:
    """Agenda weeks as they were decoded last: a week that has not changed since is not decoded again."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._decoded: BoundedCache[str, Snapshot] = BoundedCache(MOST_DECODED)

    def snapshot(self, root: str, document: Any) -> Snapshot:
        """A document as read; whoever gets it must not change it."""
        name = document.name
        if _WEEKS not in name:
            return snapshot(root, document)
        known = self._decoded.get(name)
        if known is None or known.version != version(document.update_time):
            known = snapshot(root, document)
        # Put again even where it was known: the week that was not read for longest goes first.
        self._decoded.put(name, known)
        return known
