"""An event of ours that is shown long after its booking was cancelled blocks nothing and does not stay."""

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
from tests.flows.setups.unanswered_setup import Late, cancel, choose, own, places, unanswered
from tests.world import ACCOUNT


class Delayed(Synced):
    """A Google account to which a request took so long that its booking was cancelled meanwhile."""

    creation = "events.insert"

    def __init__(self):
        super().__init__(settings=OWN)
        self.side, self.places = self.google, places(self)

    def unanswered(self):
        self.book(at(9))
        self.google.add_fault("drop_before", method=self.creation)
        with pytest.raises(ProviderUnavailable):
            write_event(self.ports, self.connection, self.booking(), notify=False, lane=Lane.LIVE)

    def arrive(self):
        marker = {"private": {"slotbridge": "b1.0"}}
        event = {"id": self.link().event_id, "summary": "cut", "extendedProperties": marker}
        self.google.owner.put_event(ACCOUNT, event | stamps(at(9), 30))


class Slow(Late):
    """An Outlook that shows what was written after two hours."""

    def __init__(self):
        super().__init__(lag=7200, everywhere=True)

    def unanswered(self):
        unanswered(self)

    def arrive(self):
        settled(self, minutes=160)


@pytest.fixture(params=[Delayed, Slow], ids=["google", "outlook"])
def world(request):
    return request.param()


def ended(world):
    """Cancelled, and looked for as long as anybody looks."""
    world.unanswered()
    cancel(world)
    settled(world, minutes=60)
    assert (LinkState.GONE, BookingStatus.CANCELLED) == (world.link().state, world.booking().status)


def seen(world):
    world.arrive()
    world.request_sync()
    world.drain(within=timedelta(minutes=10))
    world.request_sync()
    world.drain(within=timedelta(minutes=10))


@pytest.mark.pitfall(13)
@pytest.mark.parametrize("on", [True, False], ids=["exporting", "off"])
def test_what_is_shown_after_all_is_taken_away(world, on):
    """Pitfall 13: nobody but us knows that its booking is off; it is no event of somebody else's."""
    ended(world)
    choose(world, on=on)
    seen(world)

    assert ([], []) == (own(world), world.imported())
    assert (LinkState.GONE, ()) == (
        world.link().state,
        world.ports.ledger.outbox_of("t1", world.connection_id, 10),
    )
    assert world.errors == []
