"""A synchronisation that stands still says so: in its progress, in health, and to the owner, once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from common.domain.calendar.connection import Phase
from common.domain.calendar.sync_state import STALLED_AFTER
from common.domain.notify import NoticeKind
from common.ports.machine import Tuning
from tests.flows.setups.slow_provider_setup import GOOGLE, MICROSOFT, Slow, singles

STALLED = NoticeKind.SYNC_STALLED.value


def outlook_singles(count):
    """Single events of Outlook's."""
    return [{"subject": "x", "start": event["start"], "end": event["end"]} for event in singles(count)]


def failing(world, **fault):
    """Let every page of the calendar fail."""
    side = world.google if world.kind is GOOGLE else world.microsoft
    named = {"method": "events.list" if world.kind is GOOGLE else "calendarView.*"}
    side.add_fault("status", times=1_000, **named, **fault)


@pytest.mark.parametrize("kind", [GOOGLE, MICROSOFT])
def test_a_run_that_does_not_come_on_says_so_and_the_owner_is_told_once(kind):
    """Every page fails: after ten minutes progress, health and one notice say since when."""
    world = Slow(kind, events=singles(3) if kind is GOOGLE else outlook_singles(3))
    begun = world.clock.now()
    world.start_sync()
    failing(world, status=503)
    world.engine.run_until(begun + timedelta(minutes=6))
    early = (world.progress().stalled_since, world.health().stalled_since, world.notices().count(STALLED))
    world.engine.run_until(begun + timedelta(minutes=28))

    assert (None, None, 0) == early
    assert timedelta() <= world.progress().stalled_since - begun < timedelta(minutes=1)
    assert not world.health().healthy
    assert world.progress().stalled_since == world.health().stalled_since
    assert 1 == world.notices().count(STALLED)


@pytest.mark.parametrize("kind", [GOOGLE, MICROSOFT])
def test_a_run_that_waits_as_the_provider_asked_does_not_stand_still(kind):
    """The provider said until when; that can be read, and nobody is told of a standstill."""
    world = Slow(kind, events=singles(3) if kind is GOOGLE else outlook_singles(3))
    world.start_sync()
    failing(world, status=429, retry_after="3000")
    world.advance(minutes=40)

    assert world.progress().waiting_until is not None
    assert (None, 0) == (world.progress().stalled_since, world.notices().count(STALLED))
    assert None is world.health().stalled_since


def test_a_run_whose_tasks_are_lost_is_begun_again_and_its_owner_told():
    """The queue lost every task of the run: what watches it finds it standing still, and queues its chunk."""
    world = Slow(events=singles(3))
    world.start_sync()
    for task in list(world.engine.pending()):
        if "initial_sync" in task.target.url:
            world.engine.delete_task(task.name)
    world.advance(minutes=30)

    assert 1 == world.notices().count(STALLED)
    assert Phase.DONE is world.connection.run.phase
    assert None is world.progress().stalled_since


def test_a_listing_after_the_run_that_stands_still_says_so():
    """A limit that names no end is no wait as told: its owner is told once, and health is not healthy."""
    world = Slow(events=singles(1_600), tuning=Tuning(page_budget=1, listing_chunk=1))
    world.first_sync()
    world.google.admin.expire_sync_tokens()
    world.request_sync()
    failing(world, status=429, skip=2)
    world.advance(minutes=45)

    assert STALLED_AFTER == timedelta(minutes=10)
    assert world.health().calendars[0].stalled_since is not None
    assert not world.health().healthy
    assert 1 == world.notices().count(STALLED)
