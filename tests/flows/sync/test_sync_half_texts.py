"""An event whose text was cut in the middle of a character is imported."""

from __future__ import annotations

import pytest

from common.domain.connect.settings import ImportMode
from tests.flows.setups.graph_setup import Outlook
from tests.flows.setups.sync_setup import Synced, at

HALF = "Party \ud83d"


@pytest.mark.parametrize("kind", ["google", "outlook"])
def test_an_event_with_half_an_emoji_is_imported(kind):
    """No document holds the half: it becomes a question mark, and the calendar goes on."""
    world = Synced() if kind == "google" else Outlook()
    world.choose(mode=ImportMode.FULL)
    world.request_sync()
    world.drain()
    world.enter(at(9), **({"summary": HALF} if kind == "google" else {"subject": HALF}))
    world.request_sync()
    world.drain()
    state = world.ports.sync_states.get(world.tenant, world.connection_id, world.key)
    window = world.ports.sync_states.imported(world.tenant, world.connection_id, world.key, state.covered)

    assert [event.title for event in window] == ["Party ?"]
    assert not world.errors
