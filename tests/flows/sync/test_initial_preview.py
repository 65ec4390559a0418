"""The preview of a first synchronisation: what it would do, and whom it would mail."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from common.domain.calendar.connection import Phase, calendar_key
from common.errors import Rejected
from common.flows.sync.preview import preview_sync
from tests.flows.setups.connection_stages_setup import GUEST, Life
from tests.flows.setups.sync_setup import at
from tests.machinery import START


def preview(life):
    return preview_sync(life.ports, tenant=life.tenant, connection=life.connection_id)


def test_the_preview_counts_without_changing_anything():
    """B2: bookings to export, events to import, conflicts, invitations and time."""
    life = Life(calendars=("team",))
    life.set(exports={"attendee": True, "notify": True})
    life.fill(40, first=at(8))
    life.fill(7, calendar="team")
    life.book_many(6, first=at(8))
    life.book(START - timedelta(days=3), "past")
    documents = life.documents.paths()
    found = preview(life)

    assert (found.exports, found.imports) == (7, 40)
    # Half-hour events on the hour, half-hour bookings on the half hour too: every second one collides.
    assert found.conflicts == 3
    assert found.invitations == 6
    assert [item.events for item in found.calendars] == [40]
    assert 0 < found.seconds < 60
    assert [path for path in life.documents.paths() if "pacing" not in path] == [
        path for path in documents if "pacing" not in path
    ]
    assert life.writes() == []


def test_a_preview_fails_when_the_provider_cannot_be_asked():
    """A calendar that does not answer is never counted as empty."""
    life = Life()
    life.book(at(9))
    life.google.add_fault("status", method="events.list", times=0, status=503)

    with pytest.raises(Exception, match="503"):
        preview(life)


@pytest.mark.pitfall(1)
def test_a_calendar_that_cannot_be_read_is_shown_as_such():
    """It brings no events, and its conflicts are unknown, not none; the run goes on without it."""
    life = Life(calendars=("team",))
    life.set(calendars={calendar_key("team"): True})
    life.fill(3)
    life.book(at(9))
    life.google.admin.remove_calendar("team")
    found = preview(life)

    assert [(item.name, item.events, item.error) for item in found.calendars if item.error] == [
        ("team", 0, "calendar_gone")
    ]
    assert (found.imports, found.conflicts) == (3, None)
    assert life.synchronise().phase is Phase.DONE
    assert len(life.imported()) == 3


@pytest.mark.pitfall(21)
def test_the_first_export_mails_nobody():
    """Even with attendees and notifications on, nobody is mailed who was not acknowledged."""
    life = Life()
    life.set(exports={"attendee": True, "notify": True, "auto_accept": True})
    life.book_many(30)
    run = life.synchronise()

    assert run.exports_done == 30
    assert all(event["attendees"][0]["email"] == GUEST.email for event in life.own())
    assert life.google.admin.mails() == []


@pytest.mark.pitfall(21)
def test_acknowledged_invitations_are_sent_once_to_customers_of_appointments_to_come():
    """A person confirms the number; past appointments and a second run mail nobody."""
    life = Life()
    life.set(exports={"attendee": True, "notify": True})
    life.book_many(3)
    life.book(START - timedelta(days=2), "past")
    life.synchronise(preview(life).invitations)

    assert [mail["to"] for mail in life.google.admin.mails()] == [GUEST.email] * 3
    life.synchronise(preview(life).invitations)
    assert len(life.google.admin.mails()) == 3


@pytest.mark.pitfall(21)
def test_a_start_is_refused_when_the_number_of_invitations_changed():
    """Between preview and start somebody booked: the person decides again."""
    life = Life()
    life.set(exports={"attendee": True, "notify": True})
    life.book_many(2)
    number = preview(life).invitations
    life.book(at(18), "late")

    with pytest.raises(Rejected) as refused:
        life.start_sync(number)
    assert refused.value.reason == "invitations_changed"
    assert life.connection.run is None


def test_groups_are_never_invited():
    """Guests of a group must not see each other, so there is nobody to mail."""
    life = Life()
    life.ports.catalogue.save_service(
        life.tenant,
        replace(life.ports.catalogue.service(life.tenant, "cut"), capacity=5),
    )
    life.set(exports={"attendee": True, "notify": True})
    life.book_many(2)

    assert preview(life).invitations == 0
