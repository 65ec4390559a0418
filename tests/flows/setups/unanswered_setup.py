"""Exports whose answer got lost, at Google and at a Microsoft that shows new events late."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from common.domain.booking.access import Staff
from common.domain.connect.settings import ExportSettings
from common.domain.export.exported_event import LinkState
from common.domain.shared.tasks import Lane
from common.errors import ProviderUnavailable
from common.flows.booking.change import cancel_booking
from common.flows.export.export_booking import write_event
from local.microsoft import Settings
from tests.flows.setups.graph_setup import OWN, Outlook
from tests.flows.setups.sync_setup import Synced, at

SECOND = "Team"


class GoogleAccount(Synced):
    """A Google account with two calendars."""

    creation = "events.insert"

    def __init__(self):
        super().__init__(settings=OWN, calendars=(SECOND,))
        self.side, self.places = self.google, places(self)


class DelayedOutlook(Outlook):
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
    """The calendars of the account, which are not stored any more once it is disconnected."""
    return {key: entry.provider_id for key, entry in world.connection.calendars.items()}


def unanswered(world):
    """Make a booking whose event was created, but the answer to that was lost."""
    world.book(at(9))
    world.side.add_fault("drop_after", method=world.creation)
    with pytest.raises(ProviderUnavailable):
        write_event(world.ports, world.connection, world.booking(), notify=False, lane=Lane.LIVE)
    assert (LinkState.PENDING, len(own(world))) == (world.link().state, 1)


def own(world):
    """Our events in all calendars of the account: where, which, when."""
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


def cancel(world):
    """The customer cancels at once."""
    cancel_booking(world.ports, tenant="t1", booking="b1", by=Staff())
