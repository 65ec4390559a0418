"""An exported appointment that its owner stretches to the end of time, or gives dates that cannot be."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from common.domain.calendar.event import Detail
from common.domain.catalogue.records import EditPolicy, OwnerEditPolicy
from common.domain.export.own_events import Edited, Impossible, judge
from common.providers.google import events_to_domain as google
from common.providers.google.event_structs import item_of as google_item
from common.providers.microsoft import events_to_domain as microsoft
from common.providers.microsoft.event_structs import item_of as graph_item
from tests.flows.setups.proposal_setup import ProposalsAtGoogle, ProposalsAtOutlook
from tests.flows.setups.sync_setup import at
from tests.world import ACCOUNT

WORLDS = {"google": ProposalsAtGoogle, "microsoft": ProposalsAtOutlook}


def far_away(kind):
    """Ends as far away as each provider's calendars go: Exchange knows no day after August of 4500."""
    if kind == "google":
        return [{"dateTime": "9999-12-31T12:00:00Z"}, {"dateTime": "2300-01-01T00:00:00Z"}]
    return [{"dateTime": "4500-08-31T00:00:00", "timeZone": "UTC"}]


def edit(world, changes):
    """The owner changes the event by hand."""
    if isinstance(world, ProposalsAtGoogle):
        world.google.owner.edit_event(ACCOUNT, world.link().event_id, changes)
    else:
        world.microsoft.owner.edit_event(world.calendar, world.link().event_id, changes)
    world.settled()


@pytest.mark.parametrize("policy", list(EditPolicy))
@pytest.mark.parametrize("kind", WORLDS)
def test_an_appointment_stretched_to_the_end_of_time_is_put_right(kind, policy):
    """It is longer than any booking: whatever the policy, it is undone, and its owner told once."""
    world = WORLDS[kind]()
    tenant = world.ports.catalogue.tenant(world.tenant)
    world.ports.catalogue.save_tenant(replace(tenant, owner_edits=OwnerEditPolicy(time=policy)))
    for number, end in enumerate(far_away(kind), start=1):
        edit(world, {"end": end})

        assert [at(9)] == [start for start, _ in world.shown()]
        assert (at(9), None) == (world.booking().interval.start, world.booking().proposal)
        assert ["edit_reverted"] * number == world.notices()


def seen_at_google(world, **times):
    body = {"id": world.link().event_id, "status": "confirmed", **times}
    return google.event_of(google_item(body), google.GoogleContext.of(["Europe/Zurich"], Detail.TIMES))


def seen_at_outlook(world, **times):
    body = {"id": world.link().event_id, "type": "singleInstance", "showAs": "busy", **times}
    return microsoft.event_of(graph_item(body), microsoft.GraphContext.of("Europe/Zurich", Detail.TIMES))


SEEN = {"google": seen_at_google, "microsoft": seen_at_outlook}


@pytest.mark.parametrize("kind", WORLDS)
@pytest.mark.parametrize(
    ("start", "end", "verdict"),
    [
        ("2027-03-22T09:00:00", "9999-12-31T23:59:59", Edited),
        ("0001-01-01T00:00:00", "2027-03-22T09:00:00", Edited),
        ("9999-12-31T09:00:00", "9999-12-31T10:00:00", Impossible),
        ("2027-03-22T09:00:00", "2027-03-22T08:00:00", Impossible),
        ("2027-03-22T09:00:00", None, Impossible),
        (None, "2027-03-22T09:00:00", Impossible),
        (None, None, Impossible),
    ],
)
def test_every_date_of_an_exported_appointment_is_judged(kind, start, end, verdict):
    """Far away is an edit like any other, odd dates are none that a booking can have: never an error."""
    world = WORLDS[kind]()
    zone = {"timeZone": "UTC"}
    times = {
        name: {"dateTime": f"{text}Z" if kind == "google" else text, **zone}
        for name, text in (("start", start), ("end", end))
        if text
    }

    found = judge(world.link(), SEEN[kind](world, **times), world.booking())

    assert type(found) is verdict
    if isinstance(found, Edited):
        assert datetime(1970, 1, 1, tzinfo=UTC) <= found.interval.start
        assert found.interval.end <= datetime(9000, 1, 1, tzinfo=UTC)
