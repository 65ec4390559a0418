"""An event was made and the answer was lost: whatever happens to its booking next, no orphan stays behind."""

from __future__ import annotations

from datetime import timedelta

import pytest

from common.domain.booking.booking import BookingStatus
from common.domain.calendar.connection import CalendarEntry
from common.domain.export.exported_event import LinkState
from tests.flows.setups.graph_setup import settled
from tests.flows.setups.sync_setup import at
from tests.flows.setups.unanswered_setup import SECOND, Google, Late, cancel, choose, own, unanswered


@pytest.fixture(
    params=[
        (Google, {}),
        (Late, {}),
        (Late, {"lag": 60}),
        (Late, {"lag": 60, "everywhere": True}),
        (Late, {"lag": 60, "everywhere": True, "outlives": True}),
    ],
    ids=["google", "outlook", "late_lists", "late", "late_and_remembering"],
)
def world(request):
    kind, options = request.param
    return kind(**options)


def elsewhere(world) -> CalendarEntry:
    """The calendar that bookings are not written to."""
    return next(entry for key, entry in world.connection.calendars.items() if key != world.key)


def agreed(world, start):
    """Whether the booking is alive with exactly the one event that its link knows, and nothing waits."""
    link = world.link()
    (event,) = own(world)
    promised = world.ports.ledger.outbox_of("t1", world.connection_id, 10)
    assert (event, promised) == ((link.calendar, link.event_id, start), ())
    assert (BookingStatus.CONFIRMED, LinkState.LIVE) == (world.booking().status, link.state)


def shown(world, hour):
    """An hour as the calendar writes it."""
    return at(hour).strftime("%H:%M") if isinstance(world, Late) else f"{hour + 1:02}:00"


@pytest.mark.pitfall(13)
@pytest.mark.parametrize("exports", [{}, {"on": False}, {"target": SECOND}])
def test_a_cancelled_booking_leaves_no_event(world, exports):
    """Pitfall 13: its event is removed once it can be seen, also where exports are off or elsewhere now."""
    unanswered(world)
    if "target" in exports:
        exports = {"target": elsewhere(world).key}
    choose(world, **exports)
    cancel(world)
    settled(world, minutes=60)

    assert ([], LinkState.GONE) == (own(world), world.link().state)
    assert () == world.ports.ledger.outbox_of("t1", world.connection_id, 10)


@pytest.mark.pitfall(13)
def test_a_moved_booking_keeps_one_event(world):
    """Pitfall 13: the event of the first attempt is found and moved; none is made beside it."""
    unanswered(world)
    world.reschedule(world.booking(), at(11))
    settled(world, minutes=60)

    agreed(world, shown(world, 11))


@pytest.mark.pitfall(13)
@pytest.mark.parametrize("moved", [False, True])
def test_another_calendar_for_exports_makes_no_second_event(world, moved):
    """Pitfall 13: what may be in the old calendar is looked for before anything is made in the new one."""
    unanswered(world)
    choose(world, target=elsewhere(world).key)
    if moved:
        world.reschedule(world.booking(), at(11))
    settled(world, minutes=60)

    agreed(world, shown(world, 11 if moved else 9))


@pytest.mark.pitfall(13)
def test_exports_that_are_off_leave_no_event_at_a_wrong_time(world):
    """Pitfall 13: moved while exports are off, its event is taken out though nobody knew of it."""
    unanswered(world)
    choose(world, on=False)
    world.reschedule(world.booking(), at(11))
    settled(world, minutes=60)

    assert ([], BookingStatus.CONFIRMED) == (own(world), world.booking().status)


@pytest.mark.pitfall(24)
def test_an_event_that_was_made_a_moment_ago_leaves_no_twin(world):
    """Pitfall 24: moved to another calendar before it is shown, the older event is removed all the same."""
    world.book(at(9))
    world.drain(within=timedelta(0))
    choose(world, target=elsewhere(world).key)
    world.reschedule(world.booking(), at(11))
    settled(world, minutes=60)

    agreed(world, shown(world, 11))
    assert elsewhere(world).key == world.link().calendar
