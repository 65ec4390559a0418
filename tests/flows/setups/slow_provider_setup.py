"""An account whose provider takes as long as the real one, synchronised with production's numbers.

Every call of the provider moves the virtual clock on, by 0.3 to 0.8 seconds in turn. Nothing else takes time.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import cycle

from common.domain.calendar.connection import Phase, ProviderKind
from common.domain.connect.settings import ExportSettings, Settings
from common.flows.connect.health import read_health
from common.flows.sync.initial_sync import read_progress, start_sync
from tests.flows.setups.backfill_setup import SlowProvider
from tests.flows.setups.graph_setup import stamp
from tests.flows.setups.sync_setup import Synced, at, stamps
from tests.world import ACCOUNT, OUTLOOK, World

GOOGLE, MICROSOFT = ProviderKind.GOOGLE, ProviderKind.MICROSOFT
REAL_DELAYS = (0.3, 0.8, 0.5, 0.4, 0.7)


class Slow(Synced):
    """A connected account with some events.

    ``longest`` is for how long a task ran at most, ``after_tasks`` how much was pending after each of them,
    and whether the calendar was unfinished.
    """

    def __init__(self, kind=GOOGLE, *, events=(), delays=REAL_DELAYS, exports=False, **options):
        self.kind, self.waits = kind, cycle(delays)
        self.asleep = True
        self.longest = timedelta()
        self.after_tasks = []
        World.__init__(self, wrap=self._slowed, **options)
        self.catalogue()
        if kind is GOOGLE:
            self.account()
            self.google.admin.bulk_load(ACCOUNT, list(events))
            connection = self.connect()
        else:
            self.calendar = self.outlook()
            self.microsoft.admin.bulk_load(self.calendar, list(events))
            connection = self.connect(OUTLOOK, provider=MICROSOFT)
        self.connection_id, self.key = connection.id, connection.default_calendar.key
        self.ports.connections.save(
            replace(connection, settings=Settings(exports=ExportSettings(on=exports)))
        )
        self.asleep = False

    @property
    def state(self):
        return self.sync_state()

    def _slowed(self, ports):
        provider = ports.providers[self.kind]
        slow = SlowProvider(provider.calendar, self._pass_time, lambda _: None)
        return replace(ports, providers={self.kind: replace(provider, calendar=slow)})

    def _pass_time(self):
        if not self.asleep:
            self.clock.wait(next(self.waits))

    def run(self, work, payload):
        begun = self.clock.now()
        try:
            return super().run(work, payload)
        finally:
            self.longest = max(self.longest, self.clock.now() - begun)
            if not self.asleep:
                self.after_tasks.append((len(self.state.pending), self.state.unfinished))

    def start_sync(self):
        return start_sync(self.ports, tenant=self.tenant, connection=self.connection_id)

    def first_sync(self, *, within=timedelta(hours=2), most=200):
        """Let a first synchronisation run to its end; in how many tasks of its own."""
        before = len(self.done)
        self.start_sync()
        self.drain(within=within, most=most)
        assert not self.errors
        assert self.connection.run.phase is Phase.DONE
        return len([run for run in self.done[before:] if run.task.work.value != "maintenance"])

    def progress(self):
        return read_progress(self.ports, tenant=self.tenant, connection=self.connection_id)

    def health(self):
        return read_health(self.ports, tenant=self.tenant, connection=self.connection_id)

    def units(self):
        """The different series and single events of which something is stored."""
        return {event.unit for event in self.imported()}


def birthdays(count):
    """Yearly all-day series, as Google stores the birthdays of contacts."""
    return [
        {
            "summary": f"birthday {number}",
            "start": {"date": f"{at(0, day=number % 300):%Y-%m-%d}"},
            "end": {"date": f"{at(0, day=number % 300 + 1):%Y-%m-%d}"},
            "recurrence": ["RRULE:FREQ=YEARLY"],
        }
        for number in range(count)
    ]


def weekly(count, *, minutes=30):
    """Weekly series of Google's."""
    return [
        stamps(at(8) + timedelta(minutes=number), minutes)
        | {"summary": "secret", "recurrence": ["RRULE:FREQ=WEEKLY"]}
        for number in range(count)
    ]


def singles(count):
    """Single events of Google's, one an hour."""
    return [stamps(at(9) + timedelta(hours=number), 30) | {"summary": "secret"} for number in range(count)]


def outlook_yearly(count):
    """Yearly series of Outlook's."""
    return [
        {
            "subject": f"birthday {number}",
            "start": stamp(start := at(8, day=number % 300)),
            "end": stamp(start + timedelta(minutes=30)),
            "recurrence": {
                "pattern": {
                    "type": "absoluteYearly",
                    "interval": 1,
                    "dayOfMonth": start.day,
                    "month": start.month,
                },
                "range": {"type": "noEnd", "startDate": f"{start:%Y-%m-%d}"},
            },
        }
        for number in range(count)
    ]


def outlook_daily(*, days):
    """One daily series of Outlook's, which is read in pages of two hundred."""
    start = at(8)
    return {
        "subject": "daily",
        "start": stamp(start),
        "end": stamp(start + timedelta(minutes=30)),
        "recurrence": {
            "pattern": {"type": "daily", "interval": 1},
            "range": {"type": "numbered", "startDate": f"{start:%Y-%m-%d}", "numberOfOccurrences": days},
        },
    }
