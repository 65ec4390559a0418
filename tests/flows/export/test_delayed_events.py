"""An exported event that the provider shows only after its booking was cancelled: it is deleted."""

from __future__ import annotations

from datetime import timedelta

import pytest

from common.domain.booking.booking import BookingStatus
from common.domain.export.exported_event import LinkState
from common.domain.shared.tasks import Lane
from common.errors import ProviderUnavailable
from common.flows.export.export_booking import write_event
from tests.flows.setups.graph_setup import OWN, settled
from tests.flows.setups.sync_setup import Synced, at, stamps
from tests.flows.setups.unanswered_setup import DelayedOutlook, cancel, choose, own, places, unanswered
from tests.world import ACCOUNT


class DelayedGoogle(Synced):
    """A Google account whose request for a new event arrives after the booking was cancelled."""

    creation = "events.insert"

    def __init__(self):
        super().__init__(settings=OWN)
        self.side, self.places = self.google, places(self)

    def unanswered(self):
        """Book, and lose the response to the creation of the event."""
        self.book(at(9))
        self.google.add_fault("drop_before", method=self.creation)
        with pytest.raises(ProviderUnavailable):
            write_event(self.ports, self.connection, self.booking(), notify=False, lane=Lane.LIVE)

    def arrive(self):
        """The event appears in the calendar."""
        marker = {"private": {"slotbridge": "b1.0"}}
        event = {"id": self.link().event_id, "summary": "cut", "extendedProperties": marker}
        self.google.owner.put_event(ACCOUNT, event | stamps(at(9), 30))


class SlowOutlook(DelayedOutlook):
    """An Outlook account that shows a new event after two hours."""

    def __init__(self):
        super().__init__(lag=7200, everywhere=True)

    def unanswered(self):
        unanswered(self)

    def arrive(self):
        settled(self, minutes=160)


@pytest.fixture(params=[DelayedGoogle, SlowOutlook], ids=["google", "outlook"])
def world(request):
    return request.param()


def cancel_before_event_appears(world):
    """Cancel the booking and wait until Slotbridge has stopped searching for its event."""
    world.unanswered()
    cancel(world)
    settled(world, minutes=60)
    assert (LinkState.GONE, BookingStatus.CANCELLED) == (world.link().state, world.booking().status)


def sync_after_event_appears(world):
    """The event appears and is read by two synchronisation runs."""
    world.arrive()
    world.request_sync()
    world.drain(within=timedelta(minutes=10))
    world.request_sync()
    world.drain(within=timedelta(minutes=10))


@pytest.mark.pitfall(13)
@pytest.mark.parametrize("on", [True, False], ids=["exporting", "off"])
def test_an_event_that_appears_after_the_cancellation_is_deleted(world, on):
    """Pitfall 13: it is recognised as Slotbridge's own, so it is deleted and never imported as busy time."""
    cancel_before_event_appears(world)
    choose(world, on=on)
    sync_after_event_appears(world)

    assert ([], []) == (own(world), world.imported())
    assert (LinkState.GONE, ()) == (
        world.link().state,
        world.ports.ledger.outbox_of("t1", world.connection_id, 10),
    )
    assert world.errors == []
