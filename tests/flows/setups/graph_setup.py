"""A connected and synchronised Microsoft account, and what the tests of its flows check."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, timedelta

from common.domain.calendar.connection import ProviderKind
from common.domain.calendar.interval import Interval
from common.domain.connect.settings import ExportSettings, ImportMode, ImportSettings, PrivateMode, Settings
from common.flows.shared.enqueue import request_sync
from tests.flows.setups.sync_setup import Synced
from tests.world import OUTLOOK, World

OWN = Settings(imports=ImportSettings(mode=ImportMode.FULL, private=PrivateMode.FULL))
INVITING = replace(OWN, exports=ExportSettings(attendee=True, notify=True))


def stamps(start, minutes=60):
    """Graph's start and end of an event."""
    return {"start": stamp(start), "end": stamp(start + timedelta(minutes=minutes))}


def stamp(moment):
    return {"dateTime": moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"}


def weekly(start, count):
    """A series on Mondays."""
    return {
        "recurrence": {
            "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": ["monday"]},
            "range": {"type": "numbered", "startDate": f"{start:%Y-%m-%d}", "numberOfOccurrences": count},
        }
    }


class Outlook(Synced):
    """A world whose Microsoft account was connected, its default calendar switched on, and listed once."""

    def __init__(self, *, settings=OWN, calendars=(), prepare=None, sync=True, **options):
        World.__init__(self, **options)
        self.catalogue()
        self.calendar = self.outlook()
        self.others = [self.microsoft.admin.add_calendar(OUTLOOK, name) for name in calendars]
        if prepare:
            prepare(self)
        connection = self.connect(OUTLOOK, provider=ProviderKind.MICROSOFT)
        self.key = connection.default_calendar.key
        self.start(connection, settings)
        if sync:
            for key in connection.calendars:
                request_sync(
                    self.ports,
                    tenant=self.connection.tenant,
                    connection=self.connection.id,
                    calendar=key,
                    cause=f"first-{key}",
                )
            self.drain()

    def enter(self, start, minutes=60, *, calendar=None, subject="Lunch", **more):
        """Somebody enters an event in Outlook; its id."""
        body = {"subject": subject, **stamps(start, minutes), **more}
        return self.microsoft.owner.put_event(calendar or self.calendar, body)["id"]

    def events(self):
        """What is in the default calendar, ours by their transaction."""
        return self.microsoft.inspect.events(self.calendar)

    def imported_starts(self, *, days=40, key=None):
        """The imported times, in order."""
        window = Interval(self.clock.now(), self.clock.now() + timedelta(days=days))
        found = self.ports.sync_states.imported("t1", self.connection_id, key or self.key, window)
        return sorted(event.interval.start for event in found)

    def calls(self, method):
        """The requests of one kind that Microsoft was sent."""
        return [call for call in self.microsoft.admin.calls() if call["method"] == method]

    def sync_reasons(self):
        """The reasons of the sync tasks that ran, in order."""
        return [done.task.payload.get("reason") for done in self.done]


def settled(world, *, hours=0, minutes=20):
    """Let the scheduler and the queue do their work for a while."""
    for _ in range(max(1, (hours * 60 + minutes) // 20)):
        world.maintain()
        world.advance(minutes=20)
