"""A session is one event in the teacher's calendar, at Google and at Microsoft: guests follow it, unseen."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest

from common.domain.booking.booking import BookingStatus
from common.domain.catalogue.records import EditPolicy, OwnerEditPolicy
from common.domain.connect.settings import ExportSettings, Settings
from common.flows.slots.explain import explain_slot
from tests.flows.setups import graph_setup, sync_setup
from tests.flows.setups.booking_setup import at as clock_time
from tests.flows.setups.group_setup import (
    cancelled,
    guest,
    held,
    joined,
    key,
    left,
    moved,
    offering,
    session_of,
    stored,
)
from tests.world import ACCOUNT

INVITING = ExportSettings(attendee=True, notify=True, description="{customer} {email} {phone} {note} {seats}")


class Google(sync_setup.Synced):
    """The teacher's calendar at Google."""

    def __init__(self):
        super().__init__(settings=Settings(exports=INVITING))

    def own(self):
        return [event for event in self.existing_events() if event["id"].startswith("sb")]

    def titles(self):
        return [event["summary"] for event in self.own()]

    def put(self, clock):
        start = clock_time(clock)
        (event,) = self.own()
        self.google.owner.edit_event(ACCOUNT, event["id"], sync_setup.stamps(start))
        self.advance(hours=1)

    def delete(self):
        (event,) = self.own()
        self.google.owner.delete_event(ACCOUNT, event["id"])
        self.advance(hours=1)

    def provider_mails(self):
        return self.google.admin.mails()


class Microsoft(graph_setup.Outlook):
    """The teacher's calendar in Outlook."""

    def __init__(self):
        super().__init__(settings=replace(graph_setup.OWN, exports=INVITING))

    def own(self):
        return [event for event in self.events() if (event.get("transactionId") or "").startswith("sb")]

    def titles(self):
        return [event["subject"] for event in self.own()]

    def put(self, clock):
        start = clock_time(clock)
        (event,) = self.own()
        self.microsoft.owner.edit_event(self.calendar, event["id"], graph_setup.stamps(start))
        self.advance(hours=1)

    def delete(self):
        (event,) = self.own()
        self.microsoft.owner.delete_event(self.calendar, event["id"])
        self.advance(hours=1)

    def provider_mails(self):
        return self.microsoft.admin.mails()


@pytest.fixture(params=[Google, Microsoft])
def world(request):
    """A class whose teacher has a synchronised calendar, with every export option switched on."""
    made = request.param()
    offering(made)
    return made


def seats(world, *numbers, clock="10:00"):
    made = [joined(world, clock, number, note="canary note").booking for number in numbers]
    world.drain()
    return made


def mailed(world, number):
    return [mail.subject for mail in world.postbox.to(guest(number).email)]


def policy(world, **parts):
    tenant = world.ports.catalogue.tenant("t1")
    world.ports.catalogue.save_tenant(replace(tenant, owner_edits=OwnerEditPolicy(**parts)))


def test_a_session_is_one_event_with_the_number_of_its_guests(world):
    """D1, D7: three guests who come one after the other change one event, which says how many they are."""
    seats(world, 1)
    first = world.titles()
    seats(world, 2)

    assert (first, world.titles()) == (["Yoga: 1/3"], ["Yoga: 2/3"])


@pytest.mark.pitfall(25)
def test_the_event_has_nothing_of_its_guests(world):
    """Pitfall 25, D3: no guest of a group is an attendee, or named in any text that another could read."""
    seats(world, 1, 2)
    text = json.dumps(world.own(), default=str)

    assert [event.get("attendees") or [] for event in world.own()] == [[]]
    assert "anary" not in text
    assert not world.provider_mails()


def test_the_event_goes_with_the_last_guest(world):
    """D1: who cancels is counted no more; without guests there is no event."""
    first, second = seats(world, 1, 2)
    cancelled(world, first)
    world.drain()
    fewer = world.titles()
    cancelled(world, second)
    world.drain()

    assert (fewer, world.titles()) == (["Yoga: 1/3"], [])


def test_the_session_does_not_stand_in_its_own_way(world):
    """F2: its event in the teacher's calendar takes no seat, however many guests still come."""
    seats(world, 1)

    assert left(world)["10:00"] == 2
    seats(world, 2, 3)
    assert "10:00" not in left(world)


@pytest.mark.pitfall(22)
def test_all_guests_follow_an_event_that_its_owner_moved(world):
    """Pitfall 22, D2: each is notified once of the new time, by us; the seats that are left move as well."""
    made = seats(world, 1, 2)
    world.put("15:00")
    now = [stored(world, seat.id) for seat in made]

    assert [seat.interval.start for seat in now] == [clock_time("15:00")] * 2
    assert [seat.status for seat in now] == [BookingStatus.CONFIRMED] * 2
    assert [len(mailed(world, number)) for number in (1, 2)] == [2, 2]
    assert left(world)["15:00"] == 1
    assert left(world)["10:00"] == 3
    assert len(world.own()) == 1
    world.advance(hours=3)
    world.maintain()
    world.drain()
    assert [len(mailed(world, number)) for number in (1, 2)] == [2, 2]


@pytest.mark.pitfall(22)
def test_all_guests_follow_an_event_that_its_owner_deleted(world):
    """Pitfall 22, D2: every seat is cancelled and its guest notified once, and the time is free again."""
    made = seats(world, 1, 2)
    world.delete()
    now = [stored(world, seat.id) for seat in made]

    assert {seat.status for seat in now} == {BookingStatus.CANCELLED}
    assert [len(mailed(world, number)) for number in (1, 2)] == [2, 2]
    assert left(world)["10:00"] == 3
    assert not [path for path in world.documents.paths() if "/cells/" in path]


@pytest.mark.pitfall(22)
def test_a_guest_who_joins_does_not_undo_the_owners_move(world):
    """Pitfall 22: the number of guests is written, the time stays where the owner put it."""
    (first,) = seats(world, 1)
    world.put("15:00")
    seats(world, 2, clock="15:00")
    world.advance(hours=1)

    assert world.titles() == ["Yoga: 2/3"]
    assert session_of(world, first).interval.start == clock_time("15:00")


def test_a_move_that_is_undone_leaves_the_guests_alone(world):
    """D2: where the tenant wants its own times, nobody is notified, and the event is put back."""
    policy(world, time=EditPolicy.REVERT, deletion=EditPolicy.REVERT)
    (seat,) = seats(world, 1)
    world.put("15:00")
    back = stored(world, seat.id)
    world.delete()

    assert back.interval.start == clock_time("10:00")
    assert stored(world, seat.id).active
    assert len(mailed(world, 1)) == 1
    assert world.titles() == ["Yoga: 1/3"]


def test_a_moved_session_off_the_grid_still_sells_its_seats(world):
    """F7: a class takes place where its owner put it, and is offered there, at that minute only."""
    seats(world, 1)
    world.put("14:10")

    assert left(world)["14:10"] == 2
    assert "14:30" not in left(world)
    seats(world, 2, clock="14:10")
    assert left(world)["14:10"] == 1


def test_the_only_guest_who_moves_takes_the_event_along(world):
    """D1: the event is changed and not made anew."""
    (seat,) = seats(world, 1)
    before = [event["id"] for event in world.own()]
    moved(world, seat, "15:00")
    world.drain()

    assert [event["id"] for event in world.own()] == before
    assert session_of(world, seat).interval.start == clock_time("15:00")


def test_a_guest_who_moves_away_changes_two_events(world):
    """D1: one guest less here, one more there."""
    first, _ = seats(world, 1, 2)
    moved(world, first, "15:00")
    world.drain()

    assert sorted(world.titles()) == ["Yoga: 1/3", "Yoga: 1/3"]


def test_held_seats_are_in_no_calendar(world):
    """F7: a hold is nobody's business; its booking is."""
    hold = held(world, seats=2)
    world.drain()
    before = world.titles()
    joined(world, "10:00", 1, seats=2, hold=key(hold))
    world.drain()

    assert (before, world.titles()) == ([], ["Yoga: 2/3"])


def test_a_full_session_is_the_reason_and_not_its_event(world):
    """F8: staff read that the seats are gone, with the session that has them."""
    made = seats(world, 1, 2, 3)
    found = explain_slot(world.ports, tenant="t1", service="yoga", resource="anna", at=clock_time("10:00"))
    session = session_of(world, made[0])

    assert [(item.code, item.interval, item.source) for item in found.reasons] == [
        ("capacity", session.claimed, session.id)
    ]
    assert session.claimed.length == timedelta(minutes=70)
