"""One sync of a calendar at a time: concurrent syncs, crashes, and many pushes at once."""

from __future__ import annotations

import contextlib
from dataclasses import replace
from datetime import timedelta

import pytest

from common.domain.connect.settings import ExportSettings, Settings
from common.domain.shared.tasks import SyncCalendar
from common.errors import Conflict, StoreUnavailable
from common.flows.shared.lease import take_lease
from common.flows.sync.sync_calendar import SyncOutcome, sync_calendar
from common.ports.machine import Tuning
from tests.flows.setups.sync_setup import Synced, at
from tests.world import ACCOUNT


def sync_now(world, **options):
    return sync_calendar(
        world.ports, SyncCalendar(world.tenant, world.connection_id, world.key, **options)
    ).outcome


class Interrupted:
    """Calls ``between`` before every call of a port, as if something happened at that very moment."""

    def __init__(self, port, between):
        self._port, self._between = port, between

    def __getattr__(self, name):
        found = getattr(self._port, name)
        if not callable(found):
            return found

        def call(*args, **options):
            self._between(name)
            return found(*args, **options)

        return call


def interrupted(ports, between):
    """The ports with ``between`` called before each exchange with the store, the provider and the queue."""
    (kind, provider), *_ = ports.providers.items()
    return replace(
        ports,
        sync_states=Interrupted(ports.sync_states, between),
        bookings=Interrupted(ports.bookings, between),
        connections=Interrupted(ports.connections, between),
        queue=Interrupted(ports.queue, between),
        providers={kind: replace(provider, calendar=Interrupted(provider.calendar, between))},
    )


@pytest.mark.pitfall(11)
def test_a_sync_that_finds_the_lease_taken_ends_and_its_change_is_imported():
    """Pitfall 11: while one worker holds the lease, another ends; the change is imported all the same."""
    world = Synced()
    outcomes = []

    def between(name):
        if name == "changes" and not outcomes:
            outcomes.append(None)
            world.enter(at(9))
            outcomes[0] = sync_now(replace_ports(world, plain))

    plain = world.ports
    world.ports = interrupted(plain, between)
    outcome = sync_now(world)
    world.ports = plain
    world.drain()

    assert not world.errors
    assert (SyncOutcome.DONE, [SyncOutcome.BUSY]) == (outcome, outcomes)
    assert [at(9)] == world.busy()


def replace_ports(world, ports):
    """The same world, seen by another instance of the function."""
    other = object.__new__(type(world))
    other.__dict__ = {**world.__dict__, "ports": ports}
    return other


@pytest.mark.pitfall(11)
def test_an_event_pushed_at_any_moment_of_a_sync_is_imported():
    """Pitfall 11: an event entered, and pushed, before each single exchange of a sync is always imported."""
    number = 0
    while True:
        world = Synced()
        plain, calls = world.ports, []

        def between(name, world=world, plain=plain, calls=calls, number=number):
            calls.append(name)
            if len(calls) == number + 1:
                world.enter(at(9))
                world.ports = plain
                world.google.push.deliver()
                world.engine.drain(within=timedelta(0))

        world.ports = interrupted(plain, between)
        sync_now(world)
        world.ports = plain
        if len(calls) <= number:
            break
        world.drain()
        assert not world.errors
        assert [at(9)] == world.busy(), f"lost before call {number}: {calls[number]}"
        number += 1
    assert number > 8


@pytest.mark.pitfall(11)
def test_the_lease_of_a_crashed_worker_expires():
    """Pitfall 11: a worker crashes with the lease; a push meanwhile is handled once the lease has expired."""
    world = Synced()
    state = world.sync_state()
    assert take_lease(world.ports, state, holder="dead")

    world.enter(at(9))
    world.drain()
    during = world.busy()
    world.advance(seconds=world.ports.tuning.lease_seconds + 1)

    assert not world.errors
    assert ([], [at(9)]) == (during, world.busy())


@pytest.mark.pitfall(11)
def test_a_worker_whose_lease_was_taken_over_writes_nothing():
    """Pitfall 11: the lease ended and another took it: the first one's commit is refused."""
    world = Synced()
    world.enter(at(9))
    plain, done = world.ports, []

    def between(name):
        if name == "commit" and not done:
            done.append(name)
            world.clock.advance_to(world.clock.now() + timedelta(hours=1))
            done.append(sync_now(replace_ports(world, plain)))

    world.ports = interrupted(plain, between)
    with pytest.raises(Conflict):
        sync_now(world)
    world.ports = plain
    world.drain()

    assert ["commit", SyncOutcome.DONE] == done
    assert [at(9)] == world.busy()


@pytest.mark.pitfall(5)
@pytest.mark.pitfall(11)
@pytest.mark.parametrize("after", [False, True])
def test_a_crash_at_any_moment_of_a_sync_loses_and_doubles_nothing(after):
    """Pitfalls 5, 11: killed before or after every exchange, the queue's next try ends in the same state."""
    number = 0
    while True:
        calls = []
        world = changed_without_pushes()
        plain = world.ports

        def between(name, calls=calls, number=number):
            calls.append(name)
            if len(calls) > number:
                # A crashed instance tidies nothing up: the lease stays.
                raise Crash(name)

        world.ports = interrupted(plain, between) if not after else interrupted_after(plain, between)
        with contextlib.suppress(Crash):
            sync_now(world)
        world.ports = plain
        if len(calls) <= number:
            break
        # The queue delivers the same task again.
        world.request_sync()
        world.drain(within=timedelta(minutes=20))
        assert [at(10), at(12), at(12, day=1), at(12, day=2)] == world.busy(), calls
        assert at(15) == world.booking().interval.start, calls
        assert not world.booking("b2").active, calls
        assert ["booking_cancelled", "booking_moved"] == sorted(world.notices()), calls
        assert not world.errors
        number += 1
    assert number > 15


class Crash(RuntimeError):
    """The instance dies."""


def changed_without_pushes():
    """A synchronised world in which everything changed, and every push was lost."""
    world = Synced(settings=Settings(exports=ExportSettings()))
    world.book(at(14))
    world.book(at(17), "b2")
    moved = world.enter(at(9))
    deleted = world.enter(at(11))
    world.drain()
    world.google.owner.shift_event(ACCOUNT, moved, minutes=60)
    world.google.owner.delete_event(ACCOUNT, deleted)
    world.enter(at(12), recurrence=["RRULE:FREQ=DAILY;COUNT=3"])
    world.google.owner.shift_event(ACCOUNT, world.link().event_id, minutes=60)
    world.google.owner.delete_event(ACCOUNT, world.link("b2").event_id)
    world.google.inspect.drop_pushes()
    return world


class InterruptedAfter:
    """Calls ``between`` after every call of a port."""

    def __init__(self, port, between):
        self._port, self._between = port, between

    def __getattr__(self, name):
        found = getattr(self._port, name)
        if not callable(found):
            return found

        def call(*args, **options):
            answer = found(*args, **options)
            self._between(name)
            return answer

        return call


def interrupted_after(ports, between):
    """The ports with ``between`` called after each exchange."""
    (kind, provider), *_ = ports.providers.items()
    return replace(
        ports,
        sync_states=InterruptedAfter(ports.sync_states, between),
        bookings=InterruptedAfter(ports.bookings, between),
        queue=InterruptedAfter(ports.queue, between),
        providers={kind: replace(provider, calendar=InterruptedAfter(provider.calendar, between))},
    )


@pytest.mark.pitfall(5)
def test_after_a_crash_between_pages_the_listing_continues_at_the_stored_page():
    """Pitfall 5: the cursor is stored with each page, so a long listing never starts over."""
    world = Synced(sync=False, tuning=Tuning(page_budget=2, listing_chunk=1))
    world.google.admin.bulk_load(
        ACCOUNT,
        [
            {
                "summary": "x",
                "start": {"dateTime": (at(0) + timedelta(hours=number)).isoformat()},
                "end": {"dateTime": (at(1) + timedelta(hours=number)).isoformat()},
            }
            for number in range(600)
        ],
    )
    plain, pages = world.ports, []

    def between(name):
        if name == "changes":
            pages.append(name)
            if len(pages) == 2:
                raise StoreUnavailable("gone for a moment")

    world.ports = interrupted(plain, between)
    with pytest.raises(StoreUnavailable):
        sync_now(world)
    world.ports = plain
    page = world.sync_state().cursor.page
    world.request_sync()
    world.drain()

    assert not world.errors
    assert page is not None
    assert 600 == len(world.busy())
    assert 1 == world.sync_state().generation


@pytest.mark.pitfall(11)
def test_many_pushes_cost_two_syncs_a_bucket():
    """Pitfall 11: thirty changes within a moment are read by at most two tasks."""
    world = Synced()
    world.done.clear()

    for number in range(30):
        world.enter(at(0) + timedelta(minutes=40 * number), minutes=10)
        world.google.push.deliver()
    world.drain()

    assert not world.errors
    assert 30 == len(world.busy())
    assert len([done for done in world.done if done.task.payload.get("reason") == "push"]) <= 2


def test_a_sync_task_whose_request_is_done_calls_no_provider():
    """A repeated or late task finds its request already done (fault F17)."""
    world = Synced()
    world.google.admin.clear_logs()
    number = world.sync_state().done_request

    assert (SyncOutcome.DONE, SyncOutcome.DONE) == (
        sync_now(world, request=number),
        sync_now(world, reason="continue"),
    )
    assert [] == [call["method"] for call in world.google.admin.calls()]
