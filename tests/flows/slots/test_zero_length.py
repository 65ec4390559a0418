"""Events without length: shown where the calendar is asked live, never in the way, and not copied."""

from __future__ import annotations

from datetime import timedelta

import pytest

from common.domain.connect.settings import ImportMode, ImportSettings, PrivateMode, Settings
from common.flows.privacy.overview import read_overview
from common.flows.slots.list_slots import list_slots
from tests.flows.setups.graph_setup import Outlook
from tests.flows.setups.sync_setup import Synced, at

OPEN = Settings(imports=ImportSettings(mode=ImportMode.FULL, private=PrivateMode.FULL), show_events=True)


@pytest.fixture(params=[Synced, Outlook], ids=["google", "microsoft"])
def world(request):
    return request.param(settings=OPEN)


def slots(world):
    day = {"start": at(0), "end": at(0) + timedelta(days=1)}
    found = list_slots(world.ports, tenant="t1", service="cut", resource="anna", **day)
    return [slot.start for slot in found.slots]


def test_an_event_without_length_is_seen_and_blocks_nothing(world):
    """C2: a mark in the calendar takes no time; with titles it is shown live, and no copy is kept."""
    before = slots(world)
    world.enter(at(9), minutes=0)
    world.drain()
    shown = read_overview(
        world.ports, tenant="t1", resource="anna", start=at(0), end=at(0) + timedelta(days=1)
    )

    assert [(block.start, block.end, block.busy) for block in shown.external] == [(at(9), at(9), False)]
    assert (shown.imported, world.imported()) == ((), [])
    assert slots(world) == before


def test_an_event_that_loses_its_length_frees_its_time(world):
    """C2: its copy goes with its length, and what it blocked can be booked."""
    event = world.enter(at(9), minutes=30)
    world.drain()
    blocked = at(9) in slots(world)
    shorten(world, event)
    world.advance(seconds=10)

    assert not blocked
    assert world.imported() == []
    assert at(9) in slots(world)


def shorten(world, event):
    if isinstance(world, Outlook):
        stamp = {"dateTime": f"{at(9):%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"}
        world.microsoft.owner.edit_event(world.calendar, event, {"end": stamp})
    else:
        world.google.owner.edit_event("anna@example.com", event, {"end": {"dateTime": at(9).isoformat()}})
