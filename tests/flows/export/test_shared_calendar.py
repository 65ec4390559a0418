"""Two connections that export to one shared calendar: neither takes the other's deletion for the owner's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from common.domain.calendar.connection import Status, calendar_key
from common.domain.shared.task_records import AdvanceDisconnect
from common.domain.shared.tasks import Lane
from common.flows.connect.disconnect import advance_disconnect, start_disconnect
from common.flows.export.export_booking import write_event
from common.flows.privacy.erasure import start_erasure
from common.store.firestore.documents import Put
from tests.flows.setups.booking_setup import CUSTOMER, booked, export
from tests.flows.setups.notify_setup import cancel, move
from tests.flows.setups.shared_calendar_setup import SharedCalendar
from tests.flows.setups.two_providers_setup import GOOGLE, MICROSOFT


@pytest.fixture(params=[GOOGLE, MICROSOFT], ids=str)
def team(request):
    return SharedCalendar(request.param)


def test_a_booking_is_there_once(team):
    """Both connections show it by the same event, through all of its changes."""
    booking = team.book()
    made = team.starts()
    booking = move(team, booking, "11:00")
    team.drain()
    team.settle(8)
    moved = team.starts()
    cancel(team, booking)
    team.drain()

    assert (len(made), len(moved), team.starts()) == (1, 1, [])
    assert made != moved


@pytest.mark.parametrize("ended", [0, 1])
def test_ending_one_connection_leaves_the_event_to_the_other(team, ended):
    """The booking stays, nobody is mailed, and the other connection goes on keeping the event."""
    booking = team.book()
    before = team.starts()
    team.heard()
    team.end(ended)
    team.drain()
    team.settle()
    stayed = (team.booking(booking).active, team.starts(), team.heard())
    move(team, team.booking(booking), "11:00")
    team.drain()
    moved = team.starts()
    cancel(team, team.booking(booking))
    team.drain()

    assert stayed == (True, before, [])
    assert len(moved) == 1
    assert moved != before
    assert team.starts() == []


def test_the_last_connection_takes_the_event_along(team):
    """Nobody is left who would keep it; the booking stays."""
    booking = team.book()
    team.heard()
    for number in (0, 1):
        team.end(number)
        team.drain()

    assert team.starts() == []
    assert (team.booking(booking).active, team.heard()) == (True, [])


@pytest.mark.parametrize("off", [0, 1])
def test_exports_that_are_switched_off_take_no_event_from_the_other(team, off):
    """An outdated event is removed where exports are off, but not the one that another connection keeps."""
    booking = team.book()
    team.choose(off, on=False)
    team.drain()
    booking = move(team, booking, "11:00")
    team.drain()
    team.settle()

    assert team.booking(booking).active
    assert len(team.starts()) == 1


@pytest.mark.parametrize("moved", [0, 1])
def test_another_target_takes_no_event_from_the_other(team, moved):
    """One connection writes to its own calendar from now on, and the other keeps the shared one's event."""
    booking = team.book()
    before = team.starts()
    team.choose(moved, target=None)
    team.drain()
    team.settle()
    own = team.connection(moved).default_calendar.provider_id

    assert team.booking(booking).active
    assert (team.starts(), team.starts(own)) == (before, before)


@pytest.mark.parametrize("kind", [GOOGLE, MICROSOFT], ids=str)
@pytest.mark.parametrize("ended", [0, 1])
def test_the_bookings_of_another_resource_stay(kind, ended):
    """Each resource's connection has events of its own in the shared calendar."""
    team = SharedCalendar(kind, resource="bea")
    first, second = team.book("10:00"), team.book("11:00", resource="bea")
    before = team.starts()
    team.heard()
    team.end(ended)
    team.drain()
    team.settle()

    assert (team.booking(first).active, team.booking(second).active, team.heard()) == (True, True, [])
    assert (len(before), len(team.starts())) == (2, 1)


def test_an_event_that_is_taken_over_while_it_is_deleted_is_made_anew(team):
    """The second connection comes to keep it after the first has looked who else does."""
    team.choose(1, on=False)
    booking = team.book()
    team.heard()
    second = team.connection(1)
    exports = replace(second.settings.exports, on=True)
    team.ports.connections.save(replace(second, settings=replace(second.settings, exports=exports)))
    provider = team.ports.providers[team.kind]
    late = Overtaken(
        provider.calendar,
        lambda: write_event(
            team.ports, team.connection(1), team.booking(booking), notify=False, lane=Lane.LIVE
        ),
    )
    ports = replace(team.ports, providers={team.kind: replace(provider, calendar=late)})
    first = start_disconnect(ports, tenant="t1", connection=team.connections[0].id)
    advance_disconnect(ports, AdvanceDisconnect("t1", first.id))
    team.drain()
    team.settle()

    assert late.overtaken
    assert (team.booking(booking).active, len(team.starts()), team.heard()) == (True, 1, [])


class Overtaken:
    """A provider at which something happens just before an event is deleted."""

    def __init__(self, inner, happens):
        self._inner = inner
        self._happens = happens
        self.overtaken = False

    def __getattr__(self, name):
        return getattr(self._inner, name)

    def delete_event(self, *given, **named):
        """Delete an event, a moment too late."""
        self.overtaken = True
        self._happens()
        return self._inner.delete_event(*given, **named)


def test_an_erased_customer_leaves_the_shared_event(team):
    """One connection exports no more, the other rewrites the event without the customer; none deletes it."""
    booking = team.book()
    team.choose(0, on=False)
    team.drain()
    start_erasure(team.ports, tenant="t1", subject="owner-1", confirm=CUSTOMER.email, customer=CUSTOMER.email)
    team.drain()
    team.settle()

    assert team.booking(booking).active
    assert len(team.starts()) == 1
    assert CUSTOMER.name not in str(team.side.inspect.events(team.team))


@pytest.mark.parametrize("kind", [GOOGLE, MICROSOFT], ids=str)
@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("both", [True, False], ids=["both invite", "one invites"])
def test_a_guest_of_the_shared_event_hears_of_each_change_once(kind, both, first):
    """Whichever connection writes first: one of their providers, or Slotbridge, tells the customer."""
    team = SharedCalendar(kind, attendee=True, notify=True)
    if not both:
        team.choose(1, attendee=False, notify=False)
        team.drain()
    booking = booked(team).booking
    made = _heard_of(team, booking, first)
    booking = move(team, team.booking(booking), "11:00")
    moved = _heard_of(team, booking, first)
    booking = cancel(team, team.booking(booking))

    assert [len(made), len(moved), len(_heard_of(team, booking, first))] == [1, 1, 1]


def _heard_of(team, booking, first):
    """What the customer is mailed once one connection, and then the other, has exported a change."""
    export(team, booking, team.connection(first))
    team.drain()
    team.settle(4)
    return team.heard()


def test_a_connection_that_cannot_be_read_keeps_its_event(team):
    """Whatever is stored of the other one, ending this one comes to its end and takes no event from it."""
    team.book()
    before = team.starts()
    name = f"connections/{team.connections[1].id}"
    (path,) = [path for path in team.documents.paths() if path.endswith(name)]
    (found,) = team.documents.get([path])
    team.documents.commit([Put(path, {**found.data, "status": "unheard"})])
    team.end(0)
    team.drain()
    team.advance(minutes=10)

    assert team.starts() == before
    assert team.connection(0).status is Status.DISCONNECTED


@pytest.mark.parametrize("resource", ["anna", "bea"])
def test_a_calendar_that_we_made_stays_where_another_connection_writes_to_it(resource):
    """Anna shares the calendar made for her bookings; what Bea's connection writes there stays."""
    team = SharedCalendar(GOOGLE, resource=resource)
    team.choose(0, target=None, dedicated=True)
    team.drain()
    first = team.book("10:00")
    made = team.connection(0).calendars[team.connection(0).dedicated_calendar].provider_id
    team.google.admin.share(made, "bea@example.com", "writer")
    team.connect("bea@example.com", resource=resource)
    team.choose(1, target=calendar_key(made))
    team.drain()
    second = team.book("11:00", resource=resource)
    team.settle()
    team.heard()
    team.end(0)
    team.drain()
    team.settle()

    kept = 2 if resource == "anna" else 1
    assert len(team.starts(made)) == kept
    assert (team.booking(first).active, team.booking(second).active, team.heard()) == (True, True, [])
