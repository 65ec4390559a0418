"""Records for the store's tests, with every field that a test does not care about filled in."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from common.domain.booking.booking import Booking, BookingStatus, Customer
from common.domain.booking.booking_change import BookingChange, IdempotencyRecord
from common.domain.calendar.interval import Interval
from common.domain.export.exported_event import ExportLink, LinkState
from common.domain.shared.outbox import OutboxEntry, OutboxKind
from common.domain.sync.imported_events import UnitChange
from common.store.firestore.documents import Query
from tests.imported_events import imported_event

NINE = datetime(2027, 3, 1, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def booking(name="b1", start=NINE, length=HOUR, **values):
    when = Interval(start, start + length)
    values = {"tenant": "t", "resource": "r", "service": "s", "claimed": when, **values}
    return Booking(
        id=name,
        interval=when,
        status=BookingStatus.CONFIRMED,
        customer=Customer("Ann", email="ann@example.org", zone="Europe/Berlin"),
        created_at=NINE,
        updated_at=NINE,
        **values,
    )


def moved(before, start, **values):
    when = Interval(start, start + before.interval.length)
    return replace(before, interval=when, claimed=when, revision=before.revision + 1, **values)


def create(store, *args, **values):
    return store.bookings.commit(BookingChange(None, booking(*args, **values)))


def outbox(name="o1"):
    return OutboxEntry(name, "t", OutboxKind.EXPORT, "b1", "c", 1, NINE, NINE + HOUR)


def link(**values):
    return ExportLink(
        "t",
        "c",
        values.pop("booking", "b1"),
        "k",
        "id@example.org",
        **{"event_id": "e1", "epoch": 1, "state": LinkState.PENDING, **values},
    )


def record(**values):
    return IdempotencyRecord(
        **{
            "id": "key",
            "tenant": "t",
            "fingerprint": "f",
            "booking": "b1",
            "expires_at": NINE + 24 * HOUR,
            **values,
        }
    )


def cells(documents):
    found = documents.inner.query(Query("tenants/t/resources/r/cells"))
    return {item.id: item.data["booking"] for item in found}


MONDAY = datetime(2027, 3, 1, tzinfo=UTC)
DAY = 24 * HOUR
WEEK = 7 * DAY
COVERED = Interval(MONDAY, MONDAY + 104 * WEEK)


def event(key="e", start=MONDAY, length=HOUR, **values):
    return imported_event(key, Interval(start, start + length), **values)


def unit(*events, name=None):
    return UnitChange(name or events[0].unit, events)


def imports(store, start=MONDAY, length=WEEK):
    found = store.catalogue.agenda("t", "r", Interval(start, start + length)).imports.get("c/k")
    return (found.busy, found.free) if found else ((), ())


def kept(store, start=MONDAY, length=WEEK):
    return [item.key for item in store.sync_states.imported("t", "c", "k", Interval(start, start + length))]


def documents_below(documents, name):
    return [item.id for item in documents.inner.query(Query(f"tenants/t/connections/c/calendars/k/{name}"))]
