"""What work costs in reads, writes and tasks: budgets, so that a dearer way is noticed."""

from __future__ import annotations

import pytest

from bench.capacity import model
from common.domain.calendar.connection import ProviderKind
from tests.flows.setups import cost_setup as cost

GOOGLE, MICROSOFT = ProviderKind.GOOGLE, ProviderKind.MICROSOFT
BOTH = pytest.mark.parametrize("kind", [GOOGLE, MICROSOFT])


@BOTH
def test_a_first_import_writes_weeks_and_not_events(kind):
    """2,500 events are some ninety writes: a week and its agenda, the index, the state."""
    found = cost.first_sync(kind)

    assert found.writes <= 100
    assert found.reads <= 130
    assert found.tasks <= 6


@BOTH
def test_a_first_import_asks_once_a_page(kind):
    """The calls are the pages, the channel, and the delta that ends the listing."""
    page = {GOOGLE: 500, MICROSOFT: 200}[kind]

    assert cost.first_sync(kind).calls <= -(-cost.EVENTS // page) + 4


@BOTH
def test_one_change_costs_the_same_however_full_the_calendar_is(kind):
    """One push, one changed event: its week, its agenda week, its place in the index, and the state."""
    found, beside = cost.push_of_one_change(kind), cost.push_of_one_change(kind, 400)

    reads, writes, tasks, calls = {GOOGLE: (16, 8, 3, 1), MICROSOFT: (34, 12, 5, 2)}[kind]
    assert found.reads <= reads
    assert found.writes <= writes
    assert found.tasks <= tasks
    assert found.calls <= calls
    assert (beside.reads, beside.writes, beside.tasks) == (found.reads, found.writes, found.tasks)


@BOTH
def test_a_sync_without_changes_writes_no_event(kind):
    """A second sync writes only its own records: the request count, the limits and the state."""
    found = cost.sync_without_changes(kind)

    assert found.writes <= 4
    assert found.reads <= 15
    assert found.calls == 1


@BOTH
def test_a_slot_query_reads_weeks_and_not_appointments(kind):
    """Four weeks touch five documents; whatever else is read does not grow with the calendar."""
    found = cost.slot_query(kind)

    assert (found.writes, found.deletes, found.tasks) == (0, 0, 0)
    assert found.reads <= 10
    assert found.exchanges <= 3


@BOTH
def test_the_model_of_growth_counts_no_less(kind):
    """What docs/scaling.md computes with is what is counted here, for the dearer provider."""
    counted = {
        model.SLOT_QUERY: cost.slot_query(kind),
        model.IDLE_SYNC_RUN: cost.sync_without_changes(kind, 400),
        model.CHANGE: cost.push_of_one_change(kind),
        model.BOOKING: cost.booked(kind),
    }

    assert [name for name, found in counted.items() if found.reads > name.reads] == []
    assert [name for name, found in counted.items() if found.writes > name.writes] == []
