"""A connected and synchronised account, and what the tests of the sync flows check."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from common.domain.booking.booking import Booking, BookingStatus, Customer
from common.domain.booking.booking_change import BookingChange
from common.domain.booking.cells import claimed_time
from common.domain.calendar.connection import CalendarUse, Phase, Status, SyncRun, calendar_key
from common.domain.calendar.interval import Interval
from common.domain.catalogue.records import OwnerEditPolicy, Tenant
from common.domain.connect.settings import Settings
from common.domain.shared.outbox import export_entries
from common.flows.booking.commit import commit_change
from common.flows.shared.enqueue import request_sync
from tests.whole_lists import every
from tests.world import ACCOUNT, RETURN_TO, World

MONDAY = datetime(2027, 3, 22, tzinfo=UTC)


def at(hour, minute=0, *, day=0):
    """A time on the Monday after the world begins, in UTC, or some days later."""
    return MONDAY + timedelta(days=day, hours=hour, minutes=minute)


def stamps(start, minutes=60):
    """Google's start and end of an event."""
    return {
        "start": {"dateTime": start.isoformat(), "timeZone": "Europe/Zurich"},
        "end": {"dateTime": (start + timedelta(minutes=minutes)).isoformat(), "timeZone": "Europe/Zurich"},
    }


class Synced(World):
    """A world whose account was connected, its primary calendar switched on, and synchronised once."""

    def __init__(self, *, settings=None, calendars=(), prepare=None, sync=True, **options):
        super().__init__(**options)
        self.catalogue()
        self.account()
        for name in calendars:
            self.google.admin.add_calendar(ACCOUNT, name, calendar_id=name)
        if prepare:
            prepare(self)
        connection = self.connect()
        self.key = calendar_key(ACCOUNT)
        self.start(connection, settings or Settings())
        if sync:
            self.request_sync()
            self.drain()

    def start(self, connection, settings):
        """Begin to synchronise, with every calendar switched on, as after a finished first run."""
        run = SyncRun(id="run1", phase=Phase.DONE, seq=1, calendars=(self.key,), started_at=self.clock.now())
        calendars = {
            key: replace(entry, use=CalendarUse.IMPORT) for key, entry in connection.calendars.items()
        }
        self.connection_id = connection.id
        self.ports.connections.save(
            replace(connection, status=Status.ACTIVE, run=run, settings=settings, calendars=calendars)
        )

    @property
    def connection(self):
        return self.ports.connections.get(self.tenant, self.connection_id)

    def choose(self, **imports):
        """Change the import settings."""
        current = self.connection
        changed = replace(current.settings, imports=replace(current.settings.imports, **imports))
        self.ports.connections.save(replace(current, settings=replace(changed, version=changed.version + 1)))

    def request_sync(self, key=None):
        """Request a sync of a calendar, as a poll would."""
        request_sync(
            self.ports,
            tenant=self.connection.tenant,
            connection=self.connection.id,
            calendar=key or self.key,
            cause=self.ports.keys.token(),
        )

    def sync_state(self, key=None):
        return self.ports.sync_states.get(self.tenant, self.connection_id, key or self.key)

    def imported(self, key=None):
        """What is stored of a calendar, in order of time."""
        window = Interval(self.clock.now() - timedelta(days=8), self.clock.now() + timedelta(days=700))
        found = self.ports.sync_states.imported(self.tenant, self.connection_id, key or self.key, window)
        return sorted(found, key=lambda event: (event.interval, event.key))

    def busy(self, key=None):
        """The starts of the stored events that block."""
        return [event.interval.start for event in self.imported(key) if event.blocks]

    def enter(self, start, *, minutes=60, calendar=ACCOUNT, **body):
        """The owner enters an event; its id."""
        event = stamps(start, minutes) | {"summary": "secret plan"} | body
        return self.google.owner.put_event(calendar, event)["id"]

    def confirmed(self, start, name="b1"):
        """A booking as the booking flow makes it, not stored yet."""
        service = self.ports.catalogue.service(self.tenant, "cut")
        now = self.clock.now()
        return Booking(
            id=name,
            tenant=self.tenant,
            resource="anna",
            service="cut",
            interval=Interval(start, start + service.duration),
            claimed=claimed_time(start, service),
            status=BookingStatus.CONFIRMED,
            customer=Customer(name="Carla", email="carla@example.com"),
            created_at=now,
            updated_at=now,
        )

    def book(self, start, name="b1", *, export=True):
        """A booking as the booking flow stores it, exported unless ``export`` is false."""
        booking = self.confirmed(start, name)
        outbox = export_entries(booking, [self.connection], now=self.clock.now()) if export else ()
        return commit_change(self.ports, BookingChange(before=None, after=booking, outbox=outbox))

    def reschedule(self, booking, start):
        """The customer moves a booking; the export waits in the queue."""
        service = self.ports.catalogue.service(self.tenant, "cut")
        after = replace(
            booking,
            interval=Interval(start, start + service.duration),
            claimed=claimed_time(start, service),
            revision=booking.revision + 1,
            updated_at=self.clock.now(),
        )
        outbox = export_entries(after, [self.connection], now=self.clock.now())
        return commit_change(self.ports, BookingChange(before=booking, after=after, outbox=outbox))

    def booking(self, name="b1"):
        return self.ports.bookings.get(self.tenant, name)

    def link(self, name="b1"):
        return self.ports.bookings.link(self.tenant, self.connection_id, name)

    def notices(self):
        """The kinds of all notices, oldest first."""
        return [notice.kind.value for notice in reversed(every(self.ports.lists.notices, self.tenant))]

    def existing_events(self, calendar=ACCOUNT):
        """The events that Google has, without cancelled ones."""
        return self.google.inspect.events(calendar, cancelled=False)

    def writes(self):
        """The writing calls that Google got."""
        calls = (call["method"] for call in self.google.admin.calls())
        return [
            name
            for name in calls
            if name in {"events.insert", "events.patch", "events.update", "events.delete"}
        ]


def exported(world=None, **options):
    """A world with one exported booking whose echo has arrived."""
    world = world or Synced(**options)
    world.book(at(9))
    world.drain()
    return world


def policy(world, **parts):
    """The tenant decides what becomes of owners' edits."""
    world.ports.catalogue.save_tenant(
        Tenant(
            id=world.tenant,
            name="Salon",
            zone="Europe/Zurich",
            return_addresses=(RETURN_TO,),
            owner_edits=OwnerEditPolicy(**parts),
        )
    )


def channels(world):
    return [channel for channel in world.google.inspect.channels() if channel["live"]]
