"""Listings of a Google calendar: the first one, fresh ones, their limits, and what they delete."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from common.domain.calendar.connection import CalendarUse, calendar_key
from common.domain.connect.settings import ImportMode
from common.flows.sync.resync import release_held
from common.ports.machine import Tuning
from tests.flows.setups.sync_setup import Synced, at, stamps
from tests.world import ACCOUNT

SECOND = "second@group.calendar.google.com"


def entered(*starts, **body):
    """Prepare a world in which events were there before the connection."""
    return lambda world: [
        world.google.owner.put_event(ACCOUNT, {"summary": "x", **stamps(start), **body}) for start in starts
    ]


def expire(world):
    world.google.admin.expire_sync_tokens(ACCOUNT)
    world.request_sync()


def test_the_first_listing_imports_what_is_there():
    """Events that were there before the connection block time after the first listing."""
    world = Synced(prepare=entered(at(9), at(11)))

    assert not world.errors
    assert [at(9), at(11)] == world.busy()
    assert (1, 2, False) == (
        world.sync_state().generation,
        world.sync_state().units,
        world.sync_state().sweeping,
    )


def test_a_large_calendar_takes_several_tasks():
    """A listing of many pages goes on in further tasks, and loses and doubles nothing."""
    starts = [at(0) + timedelta(minutes=30 * number) for number in range(1400)]
    world = Synced(
        tuning=Tuning(page_budget=1, listing_chunk=1),
        prepare=lambda world: world.google.admin.bulk_load(
            ACCOUNT, [{"summary": "x", **stamps(start, 30)} for start in starts]
        ),
    )

    assert not world.errors
    assert starts == world.busy()
    assert len([done for done in world.done if done.task.payload.get("reason") == "continue"]) >= 3


@pytest.mark.pitfall(6)
def test_an_expired_cursor_means_a_fresh_listing_under_a_new_generation():
    """Pitfall 6: an event deleted while the token was dead is gone afterwards, the others stay."""
    world = Synced(prepare=entered(at(9), at(11)))
    gone = world.existing_events()[0]["id"]

    world.google.admin.expire_sync_tokens(ACCOUNT)
    world.google.owner.delete_event(ACCOUNT, gone)
    world.drain()

    assert not world.errors
    assert [at(11)] == world.busy()
    assert 2 == world.sync_state().generation


@pytest.mark.pitfall(6)
def test_the_old_busy_times_stay_until_the_sweep_ends():
    """Pitfall 6: at no task of a fresh listing the calendar looks empty."""
    seen = []

    class Watching(Synced):
        def run(self, work, payload):
            seen.append(self.busy())
            return super().run(work, payload)

    world = Watching(tuning=Tuning(page_budget=1), prepare=entered(*(at(9, day=day) for day in range(5))))
    seen.clear()
    expire(world)
    world.drain()

    assert len(seen) > 2
    assert {5} == {len(busy) for busy in seen}


@pytest.mark.pitfall(6)
def test_fresh_listings_are_limited():
    """Pitfall 6: a cursor that expires again and again costs one listing an hour, then it waits visibly."""
    world = Synced(prepare=entered(at(9)))
    expire(world)
    world.drain()
    expire(world)
    world.drain()
    limited = world.sync_state()
    world.advance(hours=1, minutes=5)

    assert not world.errors
    assert (2, "resync_limited") == (limited.generation, limited.error)
    assert (3, None) == (world.sync_state().generation, world.sync_state().error)


@pytest.mark.pitfall(4)
def test_a_listing_that_lacks_most_of_a_calendar_deletes_nothing():
    """Pitfall 4: the full listing lacks what is there: nothing is deleted, and the owner is notified."""
    world = Synced(prepare=entered(*(at(9, day=day) for day in range(24))))
    world.google.inspect.add_fault("rewrite", method="events.list", change={"items": []}, skip=1)
    expire(world)
    world.drain()

    assert not world.errors
    assert 24 == len(world.busy())
    assert ["mass_deletion_held"] == world.notices()
    assert 24 == world.sync_state().held.missing


@pytest.mark.pitfall(4)
def test_a_held_sweep_deletes_only_what_is_gone_once_it_is_released():
    """Pitfall 4: each missing event is asked for by name, so those that are still there stay."""
    world = Synced(prepare=entered(*(at(9, day=day) for day in range(24))))
    events = sorted(world.existing_events(), key=lambda event: event["start"]["dateTime"])
    world.google.admin.expire_sync_tokens(ACCOUNT)
    for event in events[:20]:
        world.google.owner.delete_event(ACCOUNT, event["id"])
    world.drain()
    held = len(world.busy())

    release_held(world.ports, tenant=world.tenant, connection=world.connection_id, calendar=world.key)
    world.drain()

    assert not world.errors
    assert 24 == held
    assert [at(9, day=day) for day in range(20, 24)] == world.busy()
    assert (None, False) == (world.sync_state().held, world.sync_state().sweeping)


@pytest.mark.pitfall(4)
def test_an_event_missing_in_a_listing_is_read_by_its_id():
    """Pitfall 4: an event that is missing in a listing, but there, stays."""
    world = Synced(prepare=entered(*(at(9, day=day) for day in range(5))))
    world.google.inspect.add_fault("rewrite", method="events.list", change={"items": []}, skip=1)
    expire(world)
    world.drain()

    assert not world.errors
    assert 5 == len(world.busy())
    assert (None, False) == (world.sync_state().held, world.sync_state().sweeping)
    assert {2} == {event.generation for event in world.imported()}


@pytest.mark.pitfall(4)
@pytest.mark.parametrize(("status", "reason"), [(500, "backendError"), (403, "rateLimitExceeded")])
def test_an_error_while_sweeping_deletes_nothing(status, reason):
    """Pitfall 4: an event that cannot be read keeps its time; the sweep goes on when the provider answers."""
    world = Synced(prepare=entered(at(9), at(11)))
    gone = world.existing_events()[0]["id"]
    world.google.admin.expire_sync_tokens(ACCOUNT)
    world.google.owner.delete_event(ACCOUNT, gone)
    world.google.inspect.add_fault("status", method="events.get", times=0, status=status, reason=reason)
    world.drain(within=timedelta(seconds=20))
    during = world.busy()

    world.google.inspect.clear_faults()
    world.drain(within=timedelta(minutes=30))

    assert [at(9), at(11)] == during
    assert [at(11)] == world.busy()


@pytest.mark.pitfall(7)
def test_a_fresh_listing_moves_the_covered_range_forward():
    """Pitfall 7: a series is expanded further as time passes, although no delta ever reports that."""
    world = Synced(prepare=entered(at(8), recurrence=["RRULE:FREQ=WEEKLY"]))
    before = world.sync_state().covered

    world.clock.advance_to(world.clock.now() + timedelta(days=9))
    world.request_sync()
    world.drain()

    after = world.sync_state().covered
    found = world.ports.sync_states.imported(world.tenant, world.connection_id, world.key, after)
    assert not world.errors
    assert after.end - before.end == timedelta(days=9)
    assert max(event.interval.start for event in found) > before.end
    assert 2 == world.sync_state().generation


@pytest.mark.pitfall(7)
def test_events_that_left_the_window_are_dropped_without_being_read():
    """Pitfall 7: old events go with the next listing, and are no mass deletion."""
    world = Synced(prepare=entered(*(at(0, minute=20 * number) for number in range(40))))

    world.clock.advance_to(world.clock.now() + timedelta(days=21))
    world.request_sync()
    world.drain()

    assert not world.errors
    assert [] == world.imported()
    assert [] == world.notices()
    assert world.sync_state().held is None


def test_changed_settings_restart_a_listing():
    """Fault F25: a mode that changes between two pages makes the listing start over under the new mode."""

    class Changing(Synced):
        tasks = 0

        def run(self, work, payload):
            self.tasks += 1
            if self.tasks == 2:
                self.choose(mode=ImportMode.FULL)
            return super().run(work, payload)

    world = Changing(
        tuning=Tuning(page_budget=1, listing_chunk=1),
        prepare=lambda world: world.google.admin.bulk_load(
            ACCOUNT,
            [{"summary": "plan", **stamps(at(0) + timedelta(hours=number))} for number in range(600)],
        ),
    )

    assert not world.errors
    assert {"plan"} == {event.title for event in world.imported()}
    assert {world.sync_state().generation} == {event.generation for event in world.imported()}


def test_settings_that_change_while_a_page_is_read_discard_it():
    """Fault F25: what was read under a wider mode is not stored under a tighter one."""
    world = Synced(sync=False, prepare=entered(at(9)))
    world.choose(mode=ImportMode.FULL)
    provider = next(iter(world.ports.providers.values()))

    class Tightening:
        def __getattr__(self, name):
            return getattr(provider.calendar, name)

        def changes(self, *args, **options):
            page = provider.calendar.changes(*args, **options)
            world.choose(mode=ImportMode.TIMES)
            return page

    world.ports = replace(
        world.ports,
        providers={kind: replace(provider, calendar=Tightening()) for kind in world.ports.providers},
    )
    commits = []
    states = world.ports.sync_states

    class Recording:
        def __getattr__(self, name):
            return getattr(states, name)

        def commit(self, state, resource, changes, **more):
            commits.extend(event.title for _, events in changes for event in events)
            return states.commit(state, resource, changes, **more)

    world.ports = replace(world.ports, sync_states=Recording())
    world.request_sync()
    world.drain()

    assert not world.errors
    assert [at(9)] == world.busy()
    assert {None} == set(commits)


def test_a_calendar_that_is_switched_off_is_not_read():
    """C6: neither a poll nor a push reads a calendar that nobody wants."""
    world = Synced(calendars=(SECOND,), prepare=entered(at(9)))
    current = world.connection
    off = {key: replace(entry, use=CalendarUse.NONE) for key, entry in current.calendars.items()}
    world.ports.connections.save(replace(current, calendars=off))
    world.google.admin.clear_logs()

    world.request_sync(calendar_key(SECOND))
    world.drain()

    assert not world.errors
    assert [] == [call["method"] for call in world.google.admin.calls()]


@pytest.mark.pitfall(24)
def test_a_calendar_that_is_gone_keeps_its_busy_times():
    """Pitfall 24: a 404 frees nothing; the state says what is wrong."""
    world = Synced(
        calendars=(SECOND,),
        prepare=lambda world: world.google.owner.put_event(SECOND, {"summary": "x", **stamps(at(9))}),
    )
    key = calendar_key(SECOND)
    world.request_sync(key)
    world.drain()
    world.google.admin.remove_calendar(SECOND)
    world.request_sync(key)
    world.drain()

    assert not world.errors
    assert [at(9)] == world.busy(key)
    assert "calendar_gone" == world.sync_state(key).error
    assert world.sync_state(key).lease_until is None
