"""What a calendar is used for: imported, only checked for conflicts, or neither; nothing blocks unchosen."""

from __future__ import annotations

from datetime import timedelta

import pytest

from common.domain.calendar.connection import CalendarUse, ProviderKind
from common.domain.calendar.interval import Interval
from common.domain.catalogue.records import Tenant, UnreachablePolicy
from common.errors import SlotTaken
from common.flows.connect.settings import change_settings
from common.flows.sync.initial_sync import start_sync
from tests.flows.setups.booking_setup import ACCOUNT, at, booked, slots, starts
from tests.flows.setups.graph_setup import stamp
from tests.world import OUTLOOK, World

GOOGLE, MICROSOFT = ProviderKind.GOOGLE, ProviderKind.MICROSOFT
BOTH = pytest.mark.parametrize("kind", [GOOGLE, MICROSOFT])


class OneCalendar(World):
    """Anna's account with one event from 9 to 12 on the Monday, synchronised both ways."""

    def __init__(self, kind: ProviderKind) -> None:
        super().__init__()
        self.catalogue()
        first, last = at("09:00"), at("12:00")
        if kind is GOOGLE:
            self.account()
            times = {"start": {"dateTime": first.isoformat()}, "end": {"dateTime": last.isoformat()}}
            self.google.owner.put_event(ACCOUNT, {"summary": "Dentist", **times})
        else:
            body = {"subject": "Dentist", "start": stamp(first), "end": stamp(last)}
            self.microsoft.owner.put_event(self.outlook(), body)
        made = self.connect(ACCOUNT if kind is GOOGLE else OUTLOOK, provider=kind)
        self.kind, self.id, (self.key,) = kind, made.id, made.calendars
        start_sync(self.ports, tenant="t1", connection=made.id)
        self.drain()

    def use(self, use: CalendarUse, **settings) -> None:
        change_settings(
            self.ports, tenant="t1", connection=self.id, settings=settings, calendars={self.key: use}
        )
        self.drain()

    def copies(self) -> int:
        """How many events are stored of the calendar."""
        day = Interval(at("00:00"), at("00:00") + timedelta(days=1))
        return len(self.ports.sync_states.imported("t1", self.id, self.key, day))

    def fail(self) -> None:
        """The provider answers no live question any more."""
        if self.kind is GOOGLE:
            self.google.inspect.add_fault("status", method="events.list", times=0, status=503)
        else:
            self.microsoft.inspect.add_fault("status", method="batch", times=0, status=503)


@BOTH
def test_an_imported_calendar_blocks_and_is_stored(kind) -> None:
    """C5b: import implies the check."""
    world = OneCalendar(kind)

    assert (starts(slots(world))[0], world.copies()) == ("13:00", 1)


@BOTH
def test_a_checked_calendar_blocks_and_nothing_of_it_is_stored(kind) -> None:
    """C5b: it is asked live when times are listed and when one is booked."""
    world = OneCalendar(kind)
    world.use(CalendarUse.CHECK)

    assert (starts(slots(world))[0], world.copies()) == ("13:00", 0)
    with pytest.raises(SlotTaken):
        booked(world, "10:00")


@BOTH
def test_a_calendar_that_is_not_used_blocks_nothing(kind) -> None:
    """C5b: neither checked nor imported."""
    world = OneCalendar(kind)
    world.use(CalendarUse.NONE)

    assert (starts(slots(world))[0], world.copies()) == ("09:00", 0)
    assert booked(world, "10:00").booking.active


@BOTH
def test_an_export_in_one_direction_blocks_only_what_is_checked(kind) -> None:
    """C5b: with the import off an imported calendar blocks nothing; one that is checked still does."""
    world = OneCalendar(kind)
    world.use(CalendarUse.IMPORT, imports={"on": False})
    assert (starts(slots(world))[0], world.copies()) == ("09:00", 0)
    world.use(CalendarUse.CHECK)

    assert (starts(slots(world))[0], world.copies()) == ("13:00", 0)


@BOTH
def test_a_checked_calendar_that_cannot_be_asked_is_unknown(kind) -> None:
    """F6: it is read as the target of exports, but no copy of it is there to answer for it."""
    world = OneCalendar(kind)
    grace = UnreachablePolicy(grace=timedelta(hours=1))
    world.ports.catalogue.save_tenant(Tenant("t1", "Salon", "Europe/Zurich", unreachable=grace))
    world.use(CalendarUse.CHECK)
    world.fail()
    found = slots(world)

    assert (starts(found), found.calendars[0].state) == ([], "unknown")


@BOTH
def test_a_calendar_that_is_imported_again_is_copied_again(kind) -> None:
    """B1: every choice can be changed at any time."""
    world = OneCalendar(kind)
    world.use(CalendarUse.CHECK)
    world.use(CalendarUse.IMPORT)

    assert world.copies() == 1
