"""A first synchronisation comes to its end also where the provider cannot list a calendar as a whole."""

from __future__ import annotations

from datetime import timedelta

import pytest

from common.domain.calendar.connection import Phase
from tests.flows.setups.slow_provider_setup import GOOGLE, MICROSOFT, Slow, outlook_yearly, singles

HALF_A_YEAR = timedelta(days=200).total_seconds()


@pytest.mark.parametrize("trouble", ["endless", "unanswered"])
def test_microsoft_is_listed_for_a_shorter_time_where_it_cannot_list_all(trouble):
    """Rounds of more than half a year have no end, or are never answered: smaller ones are tried."""
    world = Slow(MICROSOFT, events=outlook_yearly(3))
    world.microsoft.admin.set_setting("delta_trouble", trouble)
    world.microsoft.admin.set_setting("delta_trouble_beyond", HALF_A_YEAR)
    world.start_sync()
    for _ in range(12):
        world.maintain()
        world.advance(minutes=15)

    assert (Phase.DONE, 2) == (world.connection.run.phase, world.state.halvings)
    assert 3 == len(world.units())
    assert (3, 3, 100) == (world.progress().done, world.progress().total, world.progress().percentage)


def test_google_is_listed_in_smaller_pages_where_it_cannot_answer_large_ones():
    """Pages of more than a hundred events are never answered: smaller ones are tried."""
    world = Slow(GOOGLE, events=singles(150))
    world.google.admin.set_setting("largest_page", 100)
    world.start_sync()
    for _ in range(12):
        world.maintain()
        world.advance(minutes=15)

    assert (Phase.DONE, 3) == (world.connection.run.phase, world.state.halvings)
    assert 150 == len(world.units())
