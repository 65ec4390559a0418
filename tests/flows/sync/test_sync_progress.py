"""A synchronisation always comes on: with production's numbers and a provider as slow as the real ones."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from common.domain.calendar.connection import CalendarUse, Phase
from common.domain.calendar.sync_state import PendingKind, PendingUnit
from common.domain.connect.settings import ImportSettings, Settings
from common.flows.sync.preview import preview_sync
from common.ports.machine import Tuning
from tests.flows.setups.slow_provider_setup import (
    GOOGLE,
    MICROSOFT,
    Slow,
    birthdays,
    outlook_daily,
    outlook_yearly,
    singles,
    weekly,
)
from tests.flows.setups.sync_setup import at
from tests.world import ACCOUNT

# A task ends well before its function would be ended, with one slow call after its time.
LONGEST = timedelta(seconds=Tuning().task_seconds + 5)
LARGE = {
    "google: 600 yearly birthdays": (GOOGLE, lambda: birthdays(600), 600),
    "google: 95 weekly series and 450 single events": (GOOGLE, lambda: weekly(95) + singles(450), 545),
    "microsoft: 135 yearly series": (MICROSOFT, lambda: outlook_yearly(135), 135),
}


@pytest.mark.parametrize("case", LARGE)
def test_a_calendar_of_many_series_is_synchronised_in_a_few_tasks(case):
    """Each series takes a call of its own; none of them, and no page, is read twice for want of a limit."""
    kind, events, count = LARGE[case]
    world = Slow(kind, events=events())

    tasks = world.first_sync()

    assert count == len(world.units())
    assert tasks <= 20
    assert world.longest <= LONGEST
    assert () == world.state.pending


@pytest.mark.parametrize(("kind", "events"), [(GOOGLE, birthdays(480)), (MICROSOFT, outlook_yearly(480))])
def test_more_calls_than_fit_into_one_task_are_shared_out(kind, events):
    """480 series at 0.7 seconds are more than a function's five minutes: each task stores its part."""
    world = Slow(kind, events=events, delays=(0.7,))

    tasks = world.first_sync()

    assert 480 == len(world.units())
    assert tasks <= 20
    assert world.longest <= LONGEST


@pytest.mark.parametrize(
    ("kind", "events"),
    [(GOOGLE, weekly(5) + singles(3)), (MICROSOFT, [*outlook_yearly(5), outlook_daily(days=600)])],
)
def test_one_call_at_a_time_is_enough(kind, events):
    """Where the limits never allow two calls in a row, every task that may make one stores what it read.

    Outlook's daily series comes in four pages, each of which is stored.
    """
    world = Slow(kind, events=events, tuning=Tuning(user_per_minute=2, mailbox_per_minute=2))

    tasks = world.first_sync(within=timedelta(hours=6))

    assert len(events) == len(world.units())
    # One task for each call, and the waits in between.
    assert tasks <= 60
    if kind is MICROSOFT:
        found = world.microsoft.inspect.events(world.calendar)
        (daily,) = [event["id"] for event in found if event["subject"] == "daily"]
        assert 600 == len([event for event in world.imported() if event.unit == daily])


def test_what_is_pending_keeps_the_copy_from_answering_and_the_delta_from_being_done():
    """A delta names more series than there are calls for: it is stored, and is done once all are read."""
    world = Slow(events=singles(2))
    world.first_sync()
    for event in weekly(3):
        world.google.owner.put_event(ACCOUNT, event)
    world.google.add_fault("status", method="events.instances", skip=1, times=2, status=503)
    world.after_tasks.clear()
    world.drain(within=timedelta(minutes=10))

    assert (2, True) in world.after_tasks
    assert (0, False) == world.after_tasks[-1]
    assert 5 == len(world.units())


def test_a_series_that_cannot_be_understood_keeps_nothing_else_waiting():
    """Its copy stays and the calendar's copy counts as incomplete; an hour later it is read again."""
    world = Slow(events=weekly(3))
    world.google.add_fault("status", method="events.instances", times=1, status=418)
    world.first_sync()
    odd = world.state.pending

    assert [(PendingKind.SERIES, False)] == [(unit.kind, unit.failed_at is None) for unit in odd]
    assert (2, False, False) == (len(world.units()), world.state.unfinished, world.state.sweeping)
    world.request_sync()
    world.advance(minutes=5)
    assert odd == world.state.pending
    world.advance(hours=1)
    world.request_sync()
    world.drain()
    assert (3, ()) == (len(world.units()), world.state.pending)


def test_the_sweep_stores_what_it_read_where_the_rest_must_wait():
    """After an expired cursor two suspects are asked for one by one, with one call allowed at a time."""
    world = Slow(events=singles(4) + weekly(2), tuning=Tuning(user_per_minute=2))
    world.first_sync(within=timedelta(hours=6))
    events = world.existing_events()
    world.google.admin.expire_sync_tokens(ACCOUNT)
    for event in (events[0], events[-1]):
        world.google.owner.delete_event(ACCOUNT, event["id"])
    world.request_sync()
    world.drain(within=timedelta(hours=2))

    assert not world.errors
    assert (2, False) == (world.state.generation, world.state.unfinished)
    assert 4 == len(world.units())


def test_a_chunk_of_slow_exports_ends_in_time():
    """Twenty bookings at twenty seconds each are shared out to tasks that store how far they came."""
    world = Slow(delays=(20.0,), exports=True)
    world.ports.connections.save(
        replace(world.connection, settings=replace(Settings(), imports=ImportSettings(on=False)))
    )
    for number in range(20):
        world.book(at(8) + timedelta(minutes=30 * number), f"b{number:02}", export=False)

    world.first_sync(within=timedelta(hours=6))

    assert (Phase.DONE, 20) == (world.connection.run.phase, world.connection.run.exports_done)
    assert world.longest <= timedelta(seconds=Tuning().task_seconds + 60)


def test_a_preview_of_a_huge_calendar_says_what_it_counted():
    """Counted within the time that somebody waits; what is beyond is said to be missing, never left out."""
    world = Slow(events=singles(30), delays=(15.0,))
    world.google.admin.add_calendar(ACCOUNT, "team", calendar_id="team")
    world.google.admin.add_calendar(ACCOUNT, "third", calendar_id="third")
    world.asleep = True
    world.connect(connection=world.connection_id)
    entries = {
        key: replace(entry, use=CalendarUse.IMPORT) for key, entry in world.connection.calendars.items()
    }
    world.ports.connections.save(replace(world.connection, calendars=entries))
    world.asleep = False

    found = preview_sync(world.ports, tenant=world.tenant, connection=world.connection_id)

    assert [True, True, False] == sorted((one.complete for one in found.calendars), reverse=True)
    assert PendingUnit("x", PendingKind.SERIES).due(world.clock.now())
