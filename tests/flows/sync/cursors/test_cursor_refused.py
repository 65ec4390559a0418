"""A cursor that is refused for long is given up, but never before a fresh listing is answered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from common.domain.calendar.connection import ProviderKind
from common.errors import ProviderUnavailable, UnexpectedReply
from common.flows.connect.health import read_health
from tests.flows.setups.graph_setup import Outlook
from tests.flows.setups.sync_setup import Synced, at

KINDS = {Synced: ProviderKind.GOOGLE, Outlook: ProviderKind.MICROSOFT}
BOTH = pytest.mark.parametrize("kind", [Synced, Outlook], ids=["google", "microsoft"])


def side_of(world):
    return world.microsoft if isinstance(world, Outlook) else world.google


class RefusedDeltas:
    """A provider's adapter that answers everything but the deltas of one token."""

    def __init__(self, calendar):
        self._calendar = calendar
        self.error, self.token = None, None

    def __getattr__(self, name):
        return getattr(self._calendar, name)

    def changes(self, token, calendar, cursor, *, detail):
        """A page, unless it is of a delta."""
        if self.error and cursor.token == self.token:
            raise self.error("not this one")
        return self._calendar.changes(token, calendar, cursor, detail=detail)


def refusing(kind):
    """A world, and the adapter through which it reads."""
    made = []

    def wrap(ports):
        provider = KINDS[kind]
        known = ports.providers[provider]
        made.append(RefusedDeltas(known.calendar))
        return replace(ports, providers={**ports.providers, provider: replace(known, calendar=made[-1])})

    world = kind(wrap=wrap)
    return world, made[-1]


def settle(world, *, hours):
    """Let the scheduler and the queue do their work."""
    for _ in range(hours * 4):
        world.maintain()
        world.advance(minutes=15)


@BOTH
@pytest.mark.parametrize("error", [ProviderUnavailable, UnexpectedReply])
def test_a_cursor_that_is_always_refused_is_given_up(kind, error):
    """The delta is never answered, a fresh listing is: that takes its place, and what changed is read."""
    world, adapter = refusing(kind)
    world.enter(at(9))
    world.drain()
    adapter.error, adapter.token = error, world.sync_state().cursor.token
    world.enter(at(11))
    settle(world, hours=1)
    state = world.sync_state()

    assert [at(9), at(11)] == world.busy()
    assert (2, None, None) == (state.generation, state.failing_since, state.given_up)


def test_a_delta_link_that_microsoft_cannot_read_is_given_up():
    """Graph answers 400, "badly formed", each time: a fresh listing takes the link's place."""
    world = Outlook()
    state = world.sync_state()
    link = state.cursor.token.replace("deltatoken=", "deltatoken=x")
    world.ports.sync_states.save(replace(state, cursor=replace(state.cursor, token=link)))
    world.enter(at(11))
    settle(world, hours=1)

    assert [at(11)] == world.busy()
    assert (2, None) == (world.sync_state().generation, world.sync_state().failing_since)


@BOTH
def test_an_outage_of_everything_keeps_the_cursor(kind):
    """Nothing is answered for hours: afterwards the delta goes on, and nothing is listed afresh."""
    world = kind()
    world.enter(at(9))
    world.drain()
    side_of(world).add_fault("status", method="*", status=503, times=0)
    settle(world, hours=2)
    side_of(world).inspect.clear_faults()
    world.enter(at(11))
    settle(world, hours=1)

    assert [at(9), at(11)] == world.busy()
    assert (1, 0) == (world.sync_state().generation, world.sync_state().halvings)


def test_google_is_asked_for_smaller_pages_where_it_cannot_answer_large_ones():
    """Pages of more than a hundred events are answered 500: smaller ones are asked for, and all is read."""
    world = Synced()
    world.enter(at(9))
    world.drain()
    world.google.admin.set_setting("largest_page", 100)
    world.enter(at(11))
    settle(world, hours=3)
    (health,) = read_health(world.ports, tenant=world.tenant, connection=world.connection_id).calendars

    assert [at(9), at(11)] == world.busy()
    assert 3 == world.sync_state().halvings
    # All of it is followed all the same.
    assert None is health.error


def test_microsoft_is_asked_for_a_smaller_window_where_it_cannot_answer_the_whole():
    """Rounds of more than half a year are answered 504: the calendar is followed for a shorter time."""
    world = Outlook()
    world.enter(at(9))
    world.drain()
    world.microsoft.admin.set_setting("delta_trouble", "unanswered")
    world.microsoft.admin.set_setting("delta_trouble_beyond", 200 * 86_400)
    world.enter(at(11))
    settle(world, hours=3)
    (health,) = read_health(world.ports, tenant=world.tenant, connection=world.connection_id).calendars

    assert [at(9), at(11)] == world.busy()
    assert (2, None) == (world.sync_state().halvings, world.sync_state().failing_since)
    assert "narrow_range" == health.error
