"""What a piece of work costs in operations that are paid for, counted and not measured."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from common.domain.calendar.connection import ProviderKind
from common.flows.slots.list_slots import list_slots
from common.store.firestore.documents import Delete
from local.firestore_memory.documents import MemoryDocuments
from tests.flows.setups.graph_setup import Outlook
from tests.flows.setups.graph_setup import stamps as graph_stamps
from tests.flows.setups.sync_setup import Synced, at, stamps
from tests.world import ACCOUNT

EVENTS = 2_500
EVERY = timedelta(minutes=70)


@dataclass(frozen=True, slots=True)
class Spent:
    """Operations as they are billed.

    A read is a document that was asked for, there or not, and at least one a query; a write is every write of
    a commit but deletions. A task costs its creation, taken or not, and each delivery:
    https://firebase.google.com/docs/firestore/pricing and https://cloud.google.com/tasks/pricing
    """

    reads: int = 0
    writes: int = 0
    deletes: int = 0
    exchanges: int = 0
    tasks: int = 0
    calls: int = 0

    def __sub__(self, before):
        return Spent(*(getattr(self, name) - getattr(before, name) for name in self.__slots__))


class CountingDocuments:
    """A database that counts its reads, writes and exchanges."""

    def __init__(self, inner):
        self.inner = inner
        self.spent = Spent()

    def get(self, paths):
        self._add(reads=len(paths), exchanges=1)
        return self.inner.get(paths)

    def commit(self, writes):
        deletes = sum(isinstance(write, Delete) for write in writes)
        self._add(writes=len(writes) - deletes, deletes=deletes, exchanges=1)
        return self.inner.commit(writes)

    def query(self, query):
        found = self.inner.query(query)
        self._add(reads=max(1, len(found)), exchanges=1)
        return found

    def _add(self, **more):
        self.spent = replace(
            self.spent, **{name: getattr(self.spent, name) + value for name, value in more.items()}
        )


class CountingQueue:
    """A queue that counts the tasks that it is given."""

    def __init__(self, inner):
        self.inner = inner
        self.created = 0

    def enqueue(self, task):
        self.created += 1
        return self.inner.enqueue(task)


def counting_world(kind, **options):
    """A synchronised account of a provider, everything counted from now on."""
    queues = []

    def wrap(ports):
        queues.append(CountingQueue(ports.queue))
        return replace(ports, queue=queues[0])

    made = {ProviderKind.GOOGLE: Synced, ProviderKind.MICROSOFT: Outlook}[kind]
    world = made(documents=CountingDocuments(MemoryDocuments()), wrap=wrap, **options)
    world.counted_queue = queues[0]
    return world


def spent(world):
    """All that was spent so far."""
    calls = len(world.google.admin.calls()) + len(world.microsoft.admin.calls())
    tasks = world.counted_queue.created + len(world.done)
    return replace(world.documents.spent, tasks=tasks, calls=calls)


def full_calendar(kind, count=EVENTS):
    """An account whose calendar is full, not synchronised yet."""

    def fill(world):
        starts = [at(8) + EVERY * number for number in range(count)]
        if kind is ProviderKind.GOOGLE:
            events = [stamps(start, 30) | {"summary": "secret"} for start in starts]
            world.google.admin.bulk_load(ACCOUNT, events)
        else:
            events = [graph_stamps(start, 30) | {"subject": "secret"} for start in starts]
            world.microsoft.admin.bulk_load(world.calendar, events)

    return counting_world(kind, prepare=fill, sync=False)


def first_sync(kind, count=EVENTS):
    """What the first import of a calendar costs."""
    world = full_calendar(kind, count)
    before = spent(world)
    world.request_sync()
    world.drain()
    found = spent(world) - before
    assert world.errors == []
    assert world.sync_state().listed == count
    return found


def sync_without_changes(kind, count=EVENTS):
    """What a sync costs that finds no change."""
    world = full_calendar(kind, count)
    world.request_sync()
    world.drain()
    before = spent(world)
    world.request_sync()
    world.drain()
    return spent(world) - before


def push_of_one_change(kind, count=0):
    """What one changed event costs, from its push to the agenda."""
    world = full_calendar(kind, count)
    world.request_sync()
    world.drain()
    before = spent(world)
    world.enter(at(10))
    world.drain()
    found = spent(world) - before
    assert world.errors == []
    assert len(world.imported()) == count + 1
    return found


def booked(kind):
    """What a booking costs: its commit, the mail, the event, and the echo that comes back."""
    world = counting_world(kind)
    before = spent(world)
    world.book(at(10))
    world.drain()
    found = spent(world) - before
    assert world.errors == []
    return found


def slot_query(kind):
    """What one slot query of four weeks costs, with the calendar read live."""
    return repeated_queries(kind, 1)[0]()


def repeated_queries(kind, rounds):
    """A slot query that can be repeated, each time as a new customer, and how often."""
    world = counting_world(kind)
    world.enter(at(10))
    world.drain()

    def ask():
        world.clock.wait(60)
        before = spent(world)
        now = world.clock.now()
        question = {"service": "cut", "resource": "anna", "start": now, "end": now + timedelta(days=28)}
        assert list_slots(world.ports, tenant=world.tenant, **question).slots
        return spent(world) - before

    return ask, rounds


def repeated_pushes(kind, rounds):
    """A pushed change that can be repeated, long enough after the last one, and how often."""
    world = counting_world(kind)
    starts = iter(at(8) + EVERY * number for number in range(rounds))

    def change():
        world.advance(minutes=5)
        before = spent(world)
        world.enter(next(starts))
        world.drain()
        assert world.errors == []
        return spent(world) - before

    return change, rounds
