"""Two connections to one Outlook calendar: Microsoft notifies one, Slotbridge forwards it to the other."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from common.domain.calendar.connection import CalendarUse, ProviderKind, Status
from common.domain.calendar.interval import Interval
from common.domain.catalogue.records import Resource
from common.flows.connect.disconnect import start_disconnect
from common.flows.sync.initial_sync import start_sync
from tests.flows.setups.graph_setup import Outlook
from tests.flows.setups.sync_setup import at
from tests.world import OUTLOOK, WEEKDAYS


class Pair(Outlook):
    """Anna's mailbox is connected to Anna, and a second time: to Bea, perhaps of another business."""

    def __init__(self, *, tenant="t1"):
        super().__init__()
        self.second_tenant = tenant
        self.tenant = tenant
        if tenant != "t1":
            self.catalogue(
                tenant=replace(self.ports.catalogue.tenant("t1"), id=tenant, name="Rival", version=None)
            )
        bea = Resource(id="bea", name="Bea", email="bea@x.test", zone="Europe/Zurich", hours=WEEKDAYS)
        self.ports.catalogue.save_resource(tenant, bea)
        self.second = self.connect(OUTLOOK, resource="bea", provider=ProviderKind.MICROSOFT)
        start_sync(self.ports, tenant=tenant, connection=self.second.id)
        self.drain()
        self.tenant = "t1"

    def imported_starts(self):
        """The imported starts in the first and in the second connection."""
        window = Interval(self.clock.now(), self.clock.now() + timedelta(days=40))
        pairs = (("t1", self.connection_id), (self.second_tenant, self.second.id))
        return [
            sorted(event.interval.start for event in self.ports.sync_states.imported(*pair, self.key, window))
            for pair in pairs
        ]

    def pushed(self):
        """Let notifications, and what follows from them, run; nothing is polled."""
        self.drain(within=timedelta(seconds=20))

    def live(self):
        return [one for one in self.microsoft.inspect.subscriptions() if one["live"]]


@pytest.fixture(params=["t1", "rival"])
def pair(request):
    return Pair(tenant=request.param)


def test_both_connections_import_a_change_within_seconds(pair):
    """One subscription serves both, of one tenant or of two."""
    pair.enter(at(9))
    pair.pushed()

    assert [[at(9)], [at(9)]] == pair.imported_starts()
    assert 1 == len(pair.live())


def test_many_notifications_cost_each_connection_two_syncs_a_bucket(pair):
    """Forwarded notifications share tasks like others do, and the last change is imported."""
    pair.pushed()
    before = len(pair.done)
    for number in range(20):
        pair.enter(at(9) + timedelta(minutes=15 * number), 10)
    pair.pushed()
    syncs = [
        done.task.payload["connection"]
        for done in pair.done[before:]
        if done.task.payload.get("reason") == "push"
    ]

    assert [20, 20] == [len(times) for times in pair.imported_starts()]
    assert syncs.count(pair.second.id) <= 4
    assert syncs.count(pair.connection_id) <= 4


@pytest.mark.parametrize("first", [True, False])
def test_when_one_is_disconnected_the_other_still_gets_notifications(pair, first):
    """Whichever had the subscription: the other opens one of its own, and misses no change."""
    tenant, connection = ("t1", pair.connection_id) if first else (pair.second_tenant, pair.second.id)
    start_disconnect(pair.ports, tenant=tenant, connection=connection)
    pair.pushed()
    pair.enter(at(9))
    pair.pushed()

    assert ([[], [at(9)]] if first else [[at(9)], []]) == pair.imported_starts()
    assert 1 == len(pair.live())


def test_when_one_grant_dies_the_other_connection_opens_its_own_subscription(pair):
    """A dead grant renews no subscription: the first notification under it has the other open its own."""
    second = pair.ports.connections.get(pair.second_tenant, pair.second.id)
    pair.ports.connections.save(replace(second, status=Status.REAUTH_REQUIRED))
    before = pair.live()
    pair.enter(at(9))
    pair.pushed()
    after = pair.live()
    pair.enter(at(11))
    pair.pushed()

    assert [at(9), at(11)] == pair.imported_starts()[0]
    assert (1, 1) == (len(before), len(after))
    assert before[0]["id"] != after[0]["id"]


def test_a_forwarded_notification_holds_nothing_of_the_other_connection(pair):
    """A task holds the receiver's own ids alone, and reads with the receiver's own grant."""
    before = len(pair.done)
    pair.enter(at(9))
    pair.pushed()
    payloads = [done.task.payload for done in pair.done[before:] if done.task.payload.get("reason") == "push"]
    mine = [item for item in payloads if item["connection"] == pair.connection_id]

    assert mine
    assert all({"t1", pair.connection_id, pair.key} >= {item["tenant"], item["calendar"]} for item in mine)
    assert not any(pair.second.id in str(item) for item in mine)


def test_a_connection_that_does_not_follow_the_calendar_is_left_alone(pair):
    """Each resource's settings stay its own: a calendar that is switched off there is not read."""
    second = pair.ports.connections.get(pair.second_tenant, pair.second.id)
    calendars = {key: replace(entry, use=CalendarUse.NONE) for key, entry in second.calendars.items()}
    exports = replace(second.settings.exports, on=False)
    pair.ports.connections.save(
        replace(second, calendars=calendars, settings=replace(second.settings, exports=exports))
    )
    pair.enter(at(9))
    pair.pushed()

    assert [[at(9)], []] == pair.imported_starts()
