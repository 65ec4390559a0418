"""The preview of a first synchronisation: what it would do, and whom it would mail."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from common.domain.calendar.connection import CalendarUse, Phase, calendar_key
from common.errors import Rejected
from common.flows.sync.preview import preview_sync
from tests.flows.setups.connection_stages_setup import GUEST, Life
from tests.flows.setups.sync_setup import at
from tests.machinery import START


def preview(world):
    return preview_sync(world.ports, tenant=world.tenant, connection=world.connection_id)


def test_the_preview_counts_without_changing_anything():
    """B2: bookings to export, events to import, conflicts, invitations and time."""
    world = Life(calendars=("team",))
    world.set(exports={"attendee": True, "notify": True})
    world.fill(40, first=at(8))
    world.fill(7, calendar="team")
    world.book_many(6, first=at(8))
    world.book(START - timedelta(days=3), "past")
    documents = world.documents.paths()
    found = preview(world)

    assert (found.exports, found.imports) == (7, 40)
    # Half-hour events on the hour, half-hour bookings on the half hour too: every second one collides.
    assert found.conflicts == 3
    assert found.invitations == 6
    assert [item.events for item in found.calendars] == [40]
    assert 0 < found.seconds < 60
    assert [path for path in world.documents.paths() if "pacing" not in path] == [
        path for path in documents if "pacing" not in path
    ]
    assert world.writes() == []


def test_a_preview_fails_when_the_provider_cannot_be_asked():
    """A calendar that does not answer is never counted as empty."""
    world = Life()
    world.book(at(9))
    world.google.add_fault("status", method="events.list", times=0, status=503)

    with pytest.raises(Exception, match="503"):
        preview(world)


@pytest.mark.pitfall(1)
def test_a_calendar_that_cannot_be_read_is_shown_as_such():
    """It brings no events, and its conflicts are unknown, not none; the run goes on without it."""
    world = Life(calendars=("team",))
    world.set(calendars={calendar_key("team"): CalendarUse.IMPORT})
    world.fill(3)
    world.book(at(9))
    world.google.admin.remove_calendar("team")
    found = preview(world)

    assert [(item.name, item.events, item.error) for item in found.calendars if item.error] == [
        ("team", 0, "calendar_gone")
    ]
    assert (found.imports, found.conflicts) == (3, None)
    assert world.synchronise().phase is Phase.DONE
    assert len(world.imported()) == 3


@pytest.mark.pitfall(21)
def test_the_first_export_mails_nobody():
    """Even with attendees and notifications on, nobody is mailed who was not acknowledged."""
    world = Life()
    world.set(exports={"attendee": True, "notify": True, "auto_accept": True})
    world.book_many(30)
    run = world.synchronise()

    assert run.exports_done == 30
    assert all(event["attendees"][0]["email"] == GUEST.email for event in world.own_events())
    assert world.google.admin.mails() == []


@pytest.mark.pitfall(21)
def test_acknowledged_invitations_are_sent_once_to_customers_of_appointments_to_come():
    """A person confirms the number; past appointments and a second run mail nobody."""
    world = Life()
    world.set(exports={"attendee": True, "notify": True})
    world.book_many(3)
    world.book(START - timedelta(days=2), "past")
    world.synchronise(preview(world).invitations)

    assert [mail["to"] for mail in world.google.admin.mails()] == [GUEST.email] * 3
    world.synchronise(preview(world).invitations)
    assert len(world.google.admin.mails()) == 3


@pytest.mark.pitfall(21)
def test_a_start_is_refused_when_the_number_of_invitations_changed():
    """Between preview and start somebody booked: the person decides again."""
    world = Life()
    world.set(exports={"attendee": True, "notify": True})
    world.book_many(2)
    number = preview(world).invitations
    world.book(at(18), "late")

    with pytest.raises(Rejected) as refused:
        world.start_sync(number)
    assert refused.value.reason == "invitations_changed"
    assert world.connection.run is None


def test_groups_are_never_invited():
    """Guests of a group must not see each other, so there is nobody to mail."""
    world = Life()
    world.ports.catalogue.save_service(
        world.tenant,
        replace(world.ports.catalogue.service(world.tenant, "cut"), capacity=5),
    )
    world.set(exports={"attendee": True, "notify": True})
    world.book_many(2)

    assert preview(world).invitations == 0
