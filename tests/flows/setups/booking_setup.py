"""A world in which a customer can book: one resource, one connected account, synchronised or not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from common.domain.booking.booking import Booking, Customer
from common.domain.calendar.connection import Connection, Phase, Status, SyncRun
from common.domain.connect.settings import ExportSettings, Settings
from common.domain.export.exported_event import ExportOutcome
from common.domain.shared.outbox import OutboxEntry, export_entry_id
from common.domain.shared.task_records import ExportBooking
from common.flows.booking.book import Booked, book
from common.flows.export.export_booking import export_booking
from common.flows.slots.list_slots import SlotList, list_slots
from tests.world import ACCOUNT, World

ZURICH = ZoneInfo("Europe/Zurich")
MONDAY = datetime(2027, 3, 22, 0, 0, tzinfo=ZURICH)
CUSTOMER = Customer(
    name="Zoe Zimmer", email="zoe@example.net", phone="+41 79 000 00 00", zone="Europe/Zurich"
)


def at(clock: str, day: datetime = MONDAY) -> datetime:
    """A wall-clock time of that Monday in Zurich."""
    hour, minute = map(int, clock.split(":"))
    return day.replace(hour=hour, minute=minute)


def synchronised(world: World, connection: Connection, **settings: Any) -> Connection:
    """The connection as it is after its first synchronisation, with other settings."""
    run = SyncRun("run", Phase.DONE, 1, (), world.clock.now())
    current = world.ports.connections.get(connection.tenant, connection.id)
    chosen = replace(current.settings, **settings)
    return world.ports.connections.save(replace(current, status=Status.ACTIVE, run=run, settings=chosen))


def shop(*, exports: ExportSettings | None = None, **made: Any) -> tuple[World, Connection]:
    """A world with Anna, her synchronised Google account, and a service of half an hour."""
    world = World(**made)
    world.catalogue()
    world.account()
    connection = world.connect()
    return world, synchronised(world, connection, exports=exports or ExportSettings())


def slots(
    world: World, *, resource: str | None = "anna", service: str = "cut", zone: str = "UTC"
) -> SlotList:
    """The slots of that Monday."""
    end = MONDAY + timedelta(days=1)
    return list_slots(
        world.ports, tenant="t1", service=service, resource=resource, start=MONDAY, end=end, zone=zone
    )


def starts(found: SlotList) -> list[str]:
    """The times on Zurich's clocks."""
    return [f"{slot.start.astimezone(ZURICH):%H:%M}" for slot in found.slots]


def booked(world: World, clock: str = "10:00", **named: Any) -> Booked:
    """Book that time for Zoe."""
    usual = {"resource": "anna", "customer": CUSTOMER}
    return book(world.ports, tenant="t1", service="cut", start=at(clock), **{**usual, **named})


def entries(world: World, connection: Connection) -> tuple[OutboxEntry, ...]:
    """The outbox entries that are still open."""
    return world.ports.ledger.outbox_of("t1", connection.id, 100)


def export(world: World, booking: Booking, connection: Connection) -> ExportOutcome:
    """Run the export of a booking as its task would."""
    entry = export_entry_id(booking, connection.id)
    command = ExportBooking("t1", booking.id, connection.id, booking.revision, entry)
    return export_booking(world.ports, command)


def events(world: World, calendar: str = ACCOUNT) -> Sequence[Any]:
    """The events in the owner's calendar, without deleted ones."""
    found = world.google.inspect.events(calendar)
    return [event for event in found if event.get("status") != "cancelled"]


def enter(world: World, start: str, end: str, *, calendar: str = ACCOUNT, **more: Any) -> Any:
    """The owner enters an event that Monday."""
    times = {
        "start": {"dateTime": at(start).isoformat()},
        "end": {"dateTime": at(end).isoformat()},
    }
    return world.google.owner.put_event(calendar, {"summary": "Dentist", **times, **more})


def utc(clock: str) -> datetime:
    """That Monday's time as an instant in UTC."""
    return at(clock).astimezone(UTC)


def asked(world: World, method: str = "events.list") -> int:
    """How many calls of that method Google got."""
    return sum(call["method"] == method for call in world.google.admin.calls())


__all__ = [
    "ACCOUNT",
    "CUSTOMER",
    "MONDAY",
    "Settings",
    "asked",
    "at",
    "booked",
    "enter",
    "entries",
    "events",
    "export",
    "shop",
    "slots",
    "starts",
    "synchronised",
    "utc",
]
