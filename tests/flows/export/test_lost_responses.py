"""An event whose creation got no response: later changes of its booking leave no duplicate or orphan."""

from __future__ import annotations

from datetime import timedelta

import pytest

from common.domain.booking.booking import BookingStatus
from common.domain.calendar.connection import CalendarEntry
from common.domain.export.exported_event import LinkState
from tests.flows.setups.graph_setup import settled
from tests.flows.setups.sync_setup import at
from tests.flows.setups.unanswered_setup import (
    SECOND,
    DelayedOutlook,
    GoogleAccount,
    cancel,
    choose,
    own,
    unanswered,
)


@pytest.fixture(
    params=[
        (GoogleAccount, {}),
        (DelayedOutlook, {}),
        (DelayedOutlook, {"lag": 60}),
        (DelayedOutlook, {"lag": 60, "everywhere": True}),
        (DelayedOutlook, {"lag": 60, "everywhere": True, "outlives": True}),
    ],
    ids=["google", "outlook", "late_lists", "late", "late_and_remembering"],
)
def world(request):
    kind, options = request.param
    return kind(**options)


def other_calendar(world) -> CalendarEntry:
    """The calendar to which bookings are not exported."""
    return next(entry for key, entry in world.connection.calendars.items() if key != world.key)


def assert_one_live_event(world, start):
    """Assert that the booking is confirmed, has exactly the linked event, and nothing is in the outbox."""
    link = world.link()
    (event,) = own(world)
    promised = world.ports.ledger.outbox_of("t1", world.connection_id, 10)
    assert (event, promised) == ((link.calendar, link.event_id, start), ())
    assert (BookingStatus.CONFIRMED, LinkState.LIVE) == (world.booking().status, link.state)


def clock_time(world, hour):
    """The hour as text, the way this calendar writes it."""
    return at(hour).strftime("%H:%M") if isinstance(world, DelayedOutlook) else f"{hour + 1:02}:00"


@pytest.mark.pitfall(13)
@pytest.mark.parametrize("exports", [{}, {"on": False}, {"target": SECOND}])
def test_a_cancelled_booking_leaves_no_event(world, exports):
    """Pitfall 13: the event is deleted once visible, also after exports were switched off or elsewhere."""
    unanswered(world)
    if "target" in exports:
        exports = {"target": other_calendar(world).key}
    choose(world, **exports)
    cancel(world)
    settled(world, minutes=60)

    assert ([], LinkState.GONE) == (own(world), world.link().state)
    assert () == world.ports.ledger.outbox_of("t1", world.connection_id, 10)


@pytest.mark.pitfall(13)
def test_a_rescheduled_booking_keeps_one_event(world):
    """Pitfall 13: the event of the first attempt is found and moved; no second one is created."""
    unanswered(world)
    world.reschedule(world.booking(), at(11))
    settled(world, minutes=60)

    assert_one_live_event(world, clock_time(world, 11))


@pytest.mark.pitfall(13)
@pytest.mark.parametrize("moved", [False, True])
def test_a_new_export_calendar_gets_no_second_event(world, moved):
    """Pitfall 13: the old calendar is searched for the event before one is created in the new calendar."""
    unanswered(world)
    choose(world, target=other_calendar(world).key)
    if moved:
        world.reschedule(world.booking(), at(11))
    settled(world, minutes=60)

    assert_one_live_event(world, clock_time(world, 11 if moved else 9))


@pytest.mark.pitfall(13)
def test_no_event_stays_at_the_old_time_while_exports_are_off(world):
    """Pitfall 13: the booking is rescheduled while exports are off; its event is found and deleted."""
    unanswered(world)
    choose(world, on=False)
    world.reschedule(world.booking(), at(11))
    settled(world, minutes=60)

    assert ([], BookingStatus.CONFIRMED) == (own(world), world.booking().status)


@pytest.mark.pitfall(24)
def test_a_new_event_is_moved_to_another_calendar_without_a_duplicate(world):
    """Pitfall 24: the export calendar changes before the event is visible; the event is still deleted."""
    world.book(at(9))
    world.drain(within=timedelta(0))
    choose(world, target=other_calendar(world).key)
    world.reschedule(world.booking(), at(11))
    settled(world, minutes=60)

    assert_one_live_event(world, clock_time(world, 11))
    assert other_calendar(world).key == world.link().calendar
