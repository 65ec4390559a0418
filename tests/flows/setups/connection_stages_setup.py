"""An account in every state of its connection: not connected yet, connected, synchronised, disconnecting."""

from __future__ import annotations

from datetime import timedelta

from common.domain.booking.booking import Customer
from common.domain.calendar.connection import calendar_key
from common.domain.shared.task_records import Maintain, MaintenanceJob
from common.flows.connect.disconnect import start_disconnect
from common.flows.connect.settings import change_settings
from common.flows.ops.maintain import maintain
from common.flows.sync.initial_sync import read_progress, start_sync
from tests.flows.setups.sync_setup import Synced, at, stamps
from tests.world import ACCOUNT, World

GUEST = Customer(name="Carla", email="carla@example.com")


class Life(Synced):
    """A world with one account, connected but not synchronised unless a test does so."""

    def __init__(self, *, calendars=(), connect=True, **options):
        World.__init__(self, **options)
        self.catalogue()
        self.account()
        for name in calendars:
            self.google.admin.add_calendar(ACCOUNT, name, calendar_id=name)
        self.key = calendar_key(ACCOUNT)
        if connect:
            self.connection_id = self.connect().id

    def set(self, *, calendars=None, **settings):
        """Change settings as the API would."""
        return change_settings(
            self.ports,
            tenant=self.tenant,
            connection=self.connection_id,
            settings=settings,
            calendars=calendars or {},
        )

    def start_sync(self, acknowledged=None):
        return start_sync(
            self.ports,
            tenant=self.tenant,
            connection=self.connection_id,
            acknowledged_invitations=acknowledged,
        )

    def synchronise(self, acknowledged=None):
        """Start a first synchronisation and let it run to its end."""
        self.start_sync(acknowledged)
        self.drain()
        return self.connection.run

    def disconnect(self):
        """Disconnect, and let that run to its end."""
        start_disconnect(self.ports, tenant=self.tenant, connection=self.connection_id)
        self.drain()
        return self.connection

    def progress(self):
        return read_progress(self.ports, tenant=self.tenant, connection=self.connection_id)

    def maintain(self, job=MaintenanceJob.SWEEP):
        found = maintain(self.ports, Maintain(job))
        self.drain()
        return found

    def fill(self, count, *, calendar=ACCOUNT, first=None):
        """Many events, one an hour."""
        begin = first or at(9)
        self.google.admin.bulk_load(
            calendar,
            [
                stamps(begin + timedelta(hours=number), 30) | {"summary": f"secret {number}"}
                for number in range(count)
            ],
        )

    def book_many(self, count, *, first=None):
        """Bookings half an hour apart, before anything is synchronised."""
        begin = first or at(8)
        return [self.book(begin + timedelta(minutes=30 * number), f"b{number:03}") for number in range(count)]

    def own_events(self, calendar=ACCOUNT):
        """The events in Google that are our exports."""
        return [event for event in self.existing_events(calendar) if event["id"].startswith("sb")]

    def channels(self):
        """The calendars that Google pushes at the moment, one entry per live channel."""
        live = [item for item in self.google.inspect.channels() if item["live"]]
        return sorted(item["resource"].removeprefix("calendar:") for item in live)

    def queued(self):
        """Every task that ran, as (work, outcome)."""
        return [(done.task.work.value, done.outcome) for done in self.done]


def calendars(connection):
    """What calendars are used for, by name."""
    return {entry.name: entry.use.value for entry in connection.calendars.values()}


def synchronised(**options):
    """A synchronised account with three events of the owner's."""
    world = Life(**options)
    world.fill(3)
    world.synchronise()
    return world
