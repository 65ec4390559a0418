"""Disconnecting is delayed by limits and outages, meets work under way, and is finished all the same."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import pytest

from common.domain.calendar.connection import Status, calendar_key
from common.domain.shared.task_records import SettleCalendar
from common.domain.shared.tasks import Work
from common.flows.connect.disconnect import start_disconnect
from common.flows.sync.settle import settle_calendar
from common.ports.machine import Tuning
from local.cloud_tasks.engine import NotDrained
from tests.flows.setups.connection_stages_setup import Life
from tests.flows.setups.disconnect_setup import documents_left, synchronised
from tests.flows.setups.sync_setup import at


def test_deleting_many_events_takes_several_chunks():
    """Each chunk goes on where the last one stopped."""
    life = Life(tuning=Tuning(backfill_chunk=7))
    life.book_many(40)
    life.synchronise()
    ended = life.disconnect()

    assert ended.receipt.events_deleted == 40
    assert life.own_events() == []
    assert sum(done.task.work is Work.DISCONNECT for done in life.done) >= 6


@pytest.mark.pitfall(20)
def test_a_rate_limit_delays_the_disconnection_and_is_shown():
    """B5: the connection shows until when it waits; then it goes on."""
    life = synchronised()
    life.google.add_fault(
        "status",
        method="events.delete",
        skip=2,
        status=403,
        reason="rateLimitExceeded",
        domain="usageLimits",
        retry_after="90",
    )
    start_disconnect(life.ports, tenant=life.tenant, connection=life.connection_id)
    life.drain(within=timedelta(0))

    assert life.connection.status is Status.DISCONNECTING
    assert life.progress().waiting_until == life.clock.now() + timedelta(seconds=90)
    life.advance(minutes=10)
    assert (life.connection.status, life.connection.receipt.events_deleted) == (Status.DISCONNECTED, 5)


def test_an_event_that_may_not_be_deleted_is_left_and_counted():
    """Where a permission was taken away, the disconnection is finished all the same."""
    life = Life(calendars=("team",))
    life.set(exports={"target": calendar_key("team")})
    life.book_many(3)
    life.synchronise()
    life.google.add_fault(
        "status", method="events.delete", times=1, status=403, reason="forbidden", domain="global"
    )
    ended = life.disconnect()

    assert ended.status is Status.DISCONNECTED
    assert (ended.receipt.events_deleted, ended.receipt.events_left) == (2, 1)


def test_an_outage_of_the_provider_delays_only_what_needs_it():
    """While Google is down the imports are gone already, and the rest follows."""
    life = synchronised()
    life.google.add_fault("status", method="*", times=4, status=503)
    start_disconnect(life.ports, tenant=life.tenant, connection=life.connection_id)
    life.drain(within=timedelta(0))

    assert life.connection.status is Status.DISCONNECTING
    assert life.imported() == []
    life.advance(hours=1)
    assert life.connection.status is Status.DISCONNECTED
    assert life.own_events() == []


def test_nothing_else_runs_for_a_connection_that_is_being_disconnected():
    """Late pushes, polls, exports and runs find that it is being disconnected and do nothing."""
    life = synchronised()
    life.enter(at(19))
    life.reschedule(life.booking("b001"), at(20))
    ended = life.disconnect()
    life.google.admin.clear_logs()
    life.enter(at(21))
    life.advance(hours=2)
    life.maintain()

    assert ended.status is Status.DISCONNECTED
    assert life.google.admin.calls() == []
    assert documents_left(life) == []


def test_an_initial_synchronisation_under_way_is_cancelled():
    """Disconnecting in the middle of the first synchronisation leaves nothing either."""
    life = Life(tuning=Tuning(backfill_chunk=5))
    life.fill(30)
    life.book_many(30)
    life.start_sync()
    with suppress(NotDrained):
        life.engine.drain(within=timedelta(0), most=6)
    assert life.connection.run.running
    ended = life.disconnect()
    life.advance(hours=1)

    assert ended.status is Status.DISCONNECTED
    assert life.own_events() == []
    assert documents_left(life) == []


def test_events_that_a_late_synchronisation_stores_are_removed_by_a_last_task():
    """A synchronisation may store events after the end; a task after its lease removes them."""
    life = synchronised()
    feed = life.sync_state()
    life.disconnect()
    life.ports.sync_states.save(replace(feed, version=None))
    assert documents_left(life) != []
    life.advance(minutes=10)

    assert documents_left(life) == []


def test_upkeep_does_not_get_in_the_way_of_a_disconnection():
    """A late settings task leaves channels and imports to the disconnection, which counts them."""
    life = synchronised()
    start_disconnect(life.ports, tenant=life.tenant, connection=life.connection_id)
    for feed in life.ports.sync_states.of_connection(life.tenant, life.connection_id):
        settle_calendar(life.ports, SettleCalendar(life.tenant, life.connection_id, feed.key))
    life.drain()

    receipt = life.ports.connections.get(life.tenant, life.connection_id).receipt
    assert (receipt.channels_stopped, receipt.imports_removed) == (1, 10)
    assert life.channels() == []
