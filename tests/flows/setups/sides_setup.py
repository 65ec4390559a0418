"""Worlds of either provider that refuses a token, a call or a channel, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest

from common.domain.calendar.connection import ProviderKind
from common.flows.connect.health import read_health
from tests.flows.setups.graph_setup import Outlook
from tests.flows.setups.sync_setup import Synced
from tests.world import ACCOUNT, OUTLOOK


@dataclass(frozen=True)
class Side:
    """One provider: its world, and what its calls and refusals are named."""

    kind: type
    provider: ProviderKind
    account: str
    delta: str
    listing: str
    watch: str
    unauthorized: str
    scope: str

    def world(self, **options):
        """A synchronised account."""
        return self.kind(**options)

    def simulator(self, world):
        return world.google if self.kind is Synced else world.microsoft

    def works(self, world):
        """From now on the provider answers as it should."""
        self.simulator(world).inspect.clear_faults()

    def fault(self, world, action="status", **fault):
        """Script a fault of the provider."""
        self.simulator(world).add_fault(action, **fault)


GOOGLE = Side(
    kind=Synced,
    provider=ProviderKind.GOOGLE,
    account=ACCOUNT,
    delta="events.list",
    listing="events.list",
    watch="events.watch",
    unauthorized="authError",
    scope="insufficientPermissions",
)
MICROSOFT = Side(
    kind=Outlook,
    provider=ProviderKind.MICROSOFT,
    account=OUTLOOK,
    delta="calendarView.delta",
    listing="calendarView.list",
    watch="subscriptions.create",
    unauthorized="InvalidAuthenticationToken",
    scope="ErrorInsufficientPermissionsInAccessToken",
)
BOTH = pytest.mark.parametrize("side", [GOOGLE, MICROSOFT], ids=["google", "microsoft"])


def health(world):
    """What staff read about the connection."""
    return read_health(world.ports, tenant="t1", connection=world.connection_id)


def run(world, *, hours=0, minutes=0, step=5):
    """Let the scheduler do its work every ``step`` minutes."""
    end = world.clock.now() + timedelta(hours=hours, minutes=minutes)
    while world.clock.now() < end:
        world.advance(minutes=step)
        world.maintain()
