"""Computes an installation's load, limits and cost from its connections; every assumed number has a name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from common.flows.ops.maintain import PART_SIZE
from common.ports.machine import Tuning

DAY, HOUR, MINUTE = 86_400, 3_600, 60
MONTH_DAYS = 30
MILLION, HUNDRED_THOUSAND = 1_000_000, 100_000
# A queue of Cloud Tasks dispatches no more: https://cloud.google.com/tasks/docs/quotas
QUEUE_PER_SECOND = 500
# The parts of a poll run that run in parallel: what the queue "upkeep" dispatches at once.
PARTS_AT_ONCE = 8
# Calls of the Calendar API a day and project, above which it may cost: Google's quota page of 2026.
FREE_CALLS_PER_DAY = 1_000_000


# Creating a task and delivering it are one each: https://cloud.google.com/tasks/pricing
OPERATIONS_A_TASK = 2


@dataclass(frozen=True, slots=True)
class Operations:
    """What one piece of work reads and writes; counted in tests/flows/sync/test_costs.py, not assumed."""

    reads: int
    writes: int = 0


# Those of the more expensive provider, which is Microsoft with its second sync run.
SLOT_QUERY = Operations(reads=10)
IDLE_SYNC_RUN = Operations(reads=13, writes=4)
CHANGE = Operations(reads=31, writes=11)
# With its mail, its export, and the sync run that the exported event causes.
BOOKING = Operations(reads=50, writes=25)


@dataclass(frozen=True, slots=True)
class Habits:
    """What one connection does on a working day; assumed, not measured."""

    calendars: float = 1.5
    changes_per_day: float = 12
    bookings_per_day: float = 4
    slot_queries_per_day: float = 40
    # Working hours hold most of the day's events.
    peak: float = 3


@dataclass(frozen=True, slots=True)
class Seconds:
    """How long an instance is busy with one request; provider calls take most of it."""

    webhook: float = 0.02
    sync: float = 0.4
    export: float = 0.5
    slots: float = 0.4
    upkeep: float = 0.1
    # A part of a poll run: some five exchanges with the store and the queues for each of its calendars.
    poll_part: float = 25


@dataclass(frozen=True, slots=True)
class Prices:
    """List prices in US dollars, without free tiers; they differ by region and must be checked."""

    firestore_reads: float = 0.06 / HUNDRED_THOUSAND
    firestore_writes: float = 0.18 / HUNDRED_THOUSAND
    tasks: float = 0.40 / MILLION
    requests: float = 0.40 / MILLION
    instance_second: float = 0.000_024 + 0.5 * 0.000_002_5
    kept_instance_month: float = 10.0


@dataclass(frozen=True, slots=True)
class Load:
    """The number of operations in a day, by kind."""

    pushes: float
    polls: float
    sync_runs: float
    exports: float
    upkeep: float
    slot_queries: float
    provider_calls: float
    firestore_reads: float
    firestore_writes: float

    @property
    def tasks(self) -> float:
        """The number of tasks of all queues."""
        return self.sync_runs + self.exports + self.upkeep


@dataclass(frozen=True, slots=True)
class Installation:
    """An installation with this number of connections, and the assumptions about it."""

    connections: int
    habits: Habits = field(default_factory=Habits)
    tuning: Tuning = field(default_factory=Tuning)
    seconds: Seconds = field(default_factory=Seconds)
    prices: Prices = field(default_factory=Prices)
    kept_instances: int = 4

    @property
    def calendars(self) -> float:
        """The number of calendars that are synchronised."""
        return self.connections * self.habits.calendars

    @property
    def poll_minutes(self) -> float:
        """How often each calendar is polled in fact, with the parts of a poll run that run in parallel."""
        parts_a_minute = PARTS_AT_ONCE * MINUTE / self.seconds.poll_part
        return max(self.tuning.poll_minutes, self.calendars / (PART_SIZE * parts_a_minute))

    @property
    def load(self) -> Load:
        """The load of a working day."""
        habits, connections = self.habits, self.connections
        exports = connections * habits.bookings_per_day
        # Each of our own exports comes back as a push.
        changes = connections * habits.changes_per_day
        pushes = changes + exports
        polls = self.calendars * DAY / MINUTE / self.poll_minutes
        renewals = self.calendars / (0.8 * self.tuning.channel_days)
        sync_runs = pushes + polls + renewals
        upkeep = connections * (DAY / HOUR + 1)
        queries = connections * habits.slot_queries_per_day
        return Load(
            pushes=pushes,
            polls=polls,
            sync_runs=sync_runs,
            exports=exports,
            upkeep=upkeep,
            slot_queries=queries,
            # A sync run is one page, an export one write; a booking reads live once more, like a slot query.
            provider_calls=sync_runs + exports + (queries + exports) * habits.calendars + renewals * 2,
            firestore_reads=changes * CHANGE.reads
            + exports * BOOKING.reads
            + (polls + renewals) * IDLE_SYNC_RUN.reads
            + queries * SLOT_QUERY.reads
            + upkeep * 4
            + polls * 2,
            firestore_writes=changes * CHANGE.writes
            + exports * BOOKING.writes
            + (polls + renewals) * IDLE_SYNC_RUN.writes
            + upkeep
            + polls,
        )

    @property
    def calls_per_minute(self) -> float:
        """Provider calls a minute in the busiest hours; polls are spread evenly."""
        load = self.load
        varying = load.provider_calls - load.polls
        return (varying * self.habits.peak + load.polls) / (DAY / MINUTE)

    @property
    def projects(self) -> int:
        """The number of Google Cloud projects whose quotas are needed, with a fifth of each kept free."""
        usable = self.tuning.project_per_minute * self.tuning.backfill_share
        return max(1, -int(-self.calls_per_minute // usable))

    @property
    def queues(self) -> int:
        """The number of sync queues, each with at most 500 dispatches a second."""
        varying = (self.load.sync_runs - self.load.polls) * self.habits.peak
        return max(1, -int(-(varying + self.load.polls) / DAY // QUEUE_PER_SECOND))

    @property
    def busy_instances(self) -> float:
        """The number of busy instances in the busiest hours."""
        load, seconds = self.load, self.seconds
        varying = (
            load.pushes * seconds.webhook
            + (load.sync_runs - load.polls) * seconds.sync
            + load.exports * seconds.export
            + load.slot_queries * seconds.slots
        )
        return (varying * self.habits.peak + load.polls * seconds.sync + load.upkeep * seconds.upkeep) / DAY

    @property
    def cost(self) -> Mapping[str, float]:
        """The cost of a month in US dollars by service, without provider calls beyond the free ones."""
        load, prices, seconds = self.load, self.prices, self.seconds
        requests = load.pushes + load.tasks + load.slot_queries
        busy = (
            load.pushes * seconds.webhook
            + load.sync_runs * seconds.sync
            + load.exports * seconds.export
            + load.upkeep * seconds.upkeep
            + load.slot_queries * seconds.slots
        )
        return {
            "functions": MONTH_DAYS * (requests * prices.requests + busy * prices.instance_second)
            + self.kept_instances * prices.kept_instance_month,
            "Firestore": MONTH_DAYS
            * (
                load.firestore_reads * prices.firestore_reads
                + load.firestore_writes * prices.firestore_writes
            ),
            "Cloud Tasks": MONTH_DAYS * load.tasks * OPERATIONS_A_TASK * prices.tasks,
        }
