"""A calendar that is there under another id: it is found again, and everything follows it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from common.domain.calendar.connection import CalendarUse, calendar_key
from common.domain.connect.settings import ExportSettings
from common.domain.export.exported_event import LinkState
from tests.flows.setups.graph_setup import OWN, Outlook, settled
from tests.flows.setups.sync_setup import at
from tests.world import OUTLOOK


@pytest.mark.pitfall(24)
def test_the_default_calendar_is_followed_under_its_new_id():
    """Its events are imported, its bookings are followed, and new ones are written there."""
    world = Outlook()
    world.enter(at(9))
    world.book(at(11))
    settled(world)

    new = world.microsoft.admin.change_calendar_id(world.calendar)
    world.enter(at(13))
    settled(world, hours=1)
    world.book(at(15), "b2")
    settled(world)
    world.microsoft.owner.shift_event(new, world.link().event_id, minutes=60)
    settled(world)

    key = calendar_key(new)
    connection = world.connection
    assert CalendarUse.IMPORT is connection.calendars[key].use
    assert world.key not in connection.calendars
    assert {at(9), at(13)} <= set(world.imported_starts(key=key))
    assert [] == world.imported_starts()
    assert (new, new) == (world.link().calendar_id, world.link("b2").calendar_id)
    assert LinkState.LIVE is world.link().state
    assert at(12) == world.booking().interval.start
    assert world.booking("b2").active


@pytest.mark.pitfall(24)
def test_another_calendar_is_found_again_by_its_name_and_owner():
    """So is the export target that somebody chose; the settings name its new id."""
    world = Outlook(calendars=("Work",))
    work = world.others[0]
    exports = ExportSettings(target=calendar_key(work))
    world.ports.connections.save(replace(world.connection, settings=replace(OWN, exports=exports)))
    world.enter(at(9), calendar=work)
    world.book(at(11))
    settled(world)

    new = world.microsoft.admin.change_calendar_id(work)
    settled(world, hours=2)

    key = calendar_key(new)
    assert key == world.connection.settings.exports.target
    assert CalendarUse.IMPORT is world.connection.calendars[key].use
    assert at(9) in world.imported_starts(key=key)
    assert (new, LinkState.LIVE) == (world.link().calendar_id, world.link().state)
    assert world.booking().active


@pytest.mark.pitfall(24)
def test_another_calendar_of_the_same_name_and_another_owner_is_none_of_ours():
    """Somebody shares a calendar that is called like one that was deleted: it is not used."""
    world = Outlook(calendars=("Work",))
    gone = calendar_key(world.others[0])

    world.microsoft.admin.remove_calendar(world.others[0])
    world.microsoft.admin.add_account("boss@contoso.example")
    other = world.microsoft.admin.add_calendar("boss@contoso.example", "Work")
    shown = world.microsoft.admin.share(other, OUTLOOK)
    settled(world, hours=26)

    entry = world.connection.calendars.get(calendar_key(shown))
    assert entry is not None
    assert CalendarUse.NONE is entry.use
    assert world.connection.calendars[gone].missing_since is not None
