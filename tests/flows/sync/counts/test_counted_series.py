"""A series counts once, in the preview and in the progress, whatever a provider's pages make of it."""

from __future__ import annotations

import pytest

from common.flows.sync.preview import preview_sync
from tests.flows.setups.slow_provider_setup import GOOGLE, MICROSOFT, Slow, outlook_daily, weekly
from tests.flows.setups.sync_setup import at
from tests.world import ACCOUNT


def preview(world):
    return preview_sync(world.ports, tenant=world.tenant, connection=world.connection_id)


def two_series(kind):
    """An account with two series: of Outlook's the dates fill two pages, of Google's some were moved."""
    if kind is MICROSOFT:
        return Slow(kind, events=[outlook_daily(days=700), outlook_daily(days=700)])
    world = Slow(kind, events=weekly(2))
    for number, series in enumerate(world.google.inspect.events(ACCOUNT)):
        for week in (1, 2):
            # Summer time has begun by then.
            start = at(7, number, day=7 * week)
            world.google.owner.shift_event(ACCOUNT, f"{series['id']}_{start:%Y%m%dT%H%M%SZ}", minutes=15)
    return world


@pytest.mark.parametrize("kind", [GOOGLE, MICROSOFT])
def test_a_series_counts_once(kind):
    """Its dates are on several pages, or some of them are entries of their own."""
    world = two_series(kind)

    assert 2 == preview(world).imports


@pytest.mark.parametrize("kind", [GOOGLE, MICROSOFT])
def test_a_finished_run_has_done_all_that_there_was(kind):
    """At its end nothing is left in the numbers, and before it 100 % is never said."""
    world = two_series(kind)
    seen = []
    run = world.run

    def watching(work, payload):
        try:
            return run(work, payload)
        finally:
            progress = world.progress()
            seen.append((progress.phase.value != "done", progress.percentage))

    world.run = watching
    world.first_sync()
    progress = world.progress()

    assert (2, 2, 100) == (progress.done, progress.total, progress.percentage)
    assert all(percentage < 100 for running, percentage in seen if running)


def test_a_run_that_counted_more_than_it_found_ends_with_what_it_found():
    """Events that were deleted between counting and listing are not missing at the end."""
    world = Slow(GOOGLE, events=weekly(4))
    series = world.google.inspect.events(ACCOUNT)[0]["id"]
    run, world.gone = world.run, False

    def deleting(work, payload):
        if world.connection.run.imports_total == 4 and not world.gone:
            world.gone = True
            world.google.owner.delete_event(ACCOUNT, series)
        return run(work, payload)

    world.run = deleting
    world.first_sync()
    progress = world.progress()

    assert 3 == len(world.units())
    assert (3, 3, 100) == (progress.done, progress.total, progress.percentage)
