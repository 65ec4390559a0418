"""What a listing stores in one commit: several pages, a bounded number of events, and all that it read."""

from __future__ import annotations

from datetime import timedelta

import pytest

from common.domain.connect.settings import Settings
from common.ports.machine import Tuning
from common.providers.google.list_events import PAGE_SIZE
from tests.flows.setups.graph_setup import Outlook
from tests.flows.setups.sync_setup import Synced, at, stamps
from tests.world import ACCOUNT


class Watched(Synced):
    """A world that notes how many events each commit brings."""

    def __init__(self, **options):
        self.commits = []
        super().__init__(**options)

    def _ports(self, tuning):
        ports = super()._ports(tuning)
        commit, commits = ports.sync_states.commit, self.commits

        class CountedCommits:
            def __getattr__(self, name):
                return getattr(sync_states, name)

            def commit(self, state, resource, changes, **more):
                commits.append(len(changes))
                return commit(state, resource, changes, **more)

        sync_states = ports.sync_states
        object.__setattr__(ports, "sync_states", CountedCommits())
        return ports


def fill(count):
    return lambda world: world.google.admin.bulk_load(
        ACCOUNT, [{"summary": "x", **stamps(at(8) + timedelta(minutes=40 * n), 30)} for n in range(count)]
    )


def test_pages_of_a_listing_are_stored_together():
    """A week is written once for the listing and not once for each page."""
    world = Watched(prepare=fill(3 * PAGE_SIZE))

    assert world.errors == []
    assert [count for count in world.commits if count] == [3 * PAGE_SIZE]


@pytest.mark.parametrize("pages", [4, 12])
def test_the_events_held_in_memory_do_not_grow_with_the_calendar(pages):
    """However long a calendar is, no more than a chunk and a page of it is in memory."""
    world = Watched(prepare=fill(pages * PAGE_SIZE), tuning=Tuning(listing_chunk=PAGE_SIZE + 1))

    assert world.errors == []
    assert max(world.commits) == 2 * PAGE_SIZE
    assert len(world.imported()) == pages * PAGE_SIZE


def test_an_error_between_two_pages_loses_no_event_that_was_read():
    """The pages before it are stored; the listing goes on from there."""
    world = Watched(sync=False, prepare=fill(3 * PAGE_SIZE))
    world.google.inspect.add_fault(
        "status", method="events.list", times=1, skip=2, status=429, reason="rateLimitExceeded"
    )
    world.request_sync()
    world.drain(within=timedelta(minutes=5))

    assert [count for count in world.commits if count] == [2 * PAGE_SIZE, PAGE_SIZE]
    assert len(world.imported()) == 3 * PAGE_SIZE
    assert world.sync_state().generation == 1


@pytest.mark.pitfall(25)
def test_texts_that_google_was_not_asked_for_are_not_stored():
    """Pitfall 25: where only times are kept, no text of an event reaches the database."""
    world = Synced()
    world.enter(at(9), description="secret words")
    world.drain()

    assert [(event.title, event.description) for event in world.imported()] == [(None, None)]
    assert "secret" not in repr(world.documents.get(world.documents.paths()))


@pytest.mark.pitfall(25)
def test_texts_that_microsoft_sends_unasked_are_not_kept():
    """Pitfall 25: Graph's delta takes no choice of fields; where only times are kept, the rest is dropped."""
    world = Outlook(settings=Settings())
    world.enter(at(9), subject="secret plan")
    world.drain()
    found = world.imported()

    assert [(event.title, event.description) for event in found] == [(None, None)]
    assert "secret" not in repr(world.documents.get(world.documents.paths()))
