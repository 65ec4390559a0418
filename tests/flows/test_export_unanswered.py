"""An event was made and the answer was lost: whatever happens to its booking next, no orphan stays behind."""

from dataclasses import replace
from datetime import timedelta

import pytest

from common.domain.account import CalendarEntry
from common.domain.booking import BookingStatus, LinkState
from common.domain.manage import Staff
from common.domain.settings import ExportSettings
from common.domain.work import Lane
from common.errors import ProviderUnavailable
from common.flows.cancel_booking import CancelBooking, cancel_booking
from common.flows.steps.export_write import write
from local.microsoft import Settings
from tests.flows.graph_setup import OWN, Outlook
from tests.flows.sync_setup import Synced, at
from tests.flows.test_graph_sync import settled

SECOND = "Team"


class Google(Synced):
    """A Google account with two calendars."""

    creation = "events.insert"

    def __init__(self):
        super().__init__(settings=OWN, calendars=(SECOND,))
        self.side, self.places = self.google, places(self)


class Late(Outlook):
    """An Outlook with two calendars that shows what was written only after a minute, or at once."""

    creation = "events.create"

    def __init__(self, lag=0, *, everywhere=False, outlives=False):
        seen = Settings(
            lag=timedelta(seconds=lag),
            lag_get=everywhere,
            transaction_outlives_event=outlives,
            bump_after=None,
        )
        super().__init__(settings=OWN, calendars=(SECOND,), microsoft=seen)
        self.side, self.places = self.microsoft, places(self)


def places(world):
    """The calendars of the account, which nobody here knows any more once it is disconnected."""
    return {key: entry.provider_id for key, entry in world.connection.calendars.items()}


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


def unanswered(world):
    """A booking whose event was made by an instance that never heard so."""
    world.book(at(9))
    world.side.add_fault("drop_after", method=world.creation)
    with pytest.raises(ProviderUnavailable):
        write(world.ports, world.connection, world.booking(), notify=False, lane=Lane.LIVE)
    assert (LinkState.PENDING, len(own(world))) == (world.link().state, 1)


def own(world):
    """Our living events in all calendars of the account: where, which, when."""
    return [
        (key, one["id"], one["start"]["dateTime"][11:16])
        for key, provider_id in world.places.items()
        for one in world.side.inspect.events(provider_id)
        if one.get("status") != "cancelled"
        and (one["id"].startswith("sb") or (one.get("transactionId") or "").startswith("sb"))
    ]


def choose(world, **exports):
    """Other options of the exports."""
    settings = replace(OWN, exports=ExportSettings(**exports), version=9)
    world.ports.connections.save(replace(world.connection, settings=settings))


def elsewhere(world) -> CalendarEntry:
    """The calendar that bookings are not written to."""
    return next(entry for key, entry in world.connection.calendars.items() if key != world.key)


def cancel(world):
    """The customer cancels at once."""
    cancel_booking(world.ports, CancelBooking("t1", "b1", Staff()))


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
