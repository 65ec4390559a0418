"""Exports despite lost responses, edits by owners, missing calendars and revoked grants."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from common.domain.calendar.connection import Status, calendar_key
from common.domain.connect.settings import ExportSettings
from common.domain.export.exported_event import ExportOutcome, LinkState
from common.domain.notify import NoticeKind
from common.domain.shared.task_records import ExportBooking
from common.errors import Conflict, ProviderUnavailable
from common.flows.export.export_booking import export_booking
from tests.flows.setups.booking_setup import (
    ACCOUNT,
    at,
    booked,
    entries,
    events,
    export,
    shop,
    slots,
    starts,
    synchronised,
)
from tests.flows.setups.export_setup import INVITING, cancelled, export_until_done, fault, moved, notices


@pytest.mark.pitfall(13)
@pytest.mark.parametrize("lost", ["drop_after", "drop_before", "truncate"])
def test_a_lost_response_creates_no_second_event(lost: str) -> None:
    """Pitfall 13, F9: whether the request arrived or not, there is one event and one mail for each change."""
    world, connection = shop(exports=INVITING)
    booking = booked(world, "10:00").booking
    fault(world, lost, "events.insert")
    first = export_until_done(world, booking, connection)
    later = moved(world, booking, "11:00")
    fault(world, lost, "events.patch")
    second = export_until_done(world, later, connection)
    fault(world, lost, "events.delete")
    last = export_until_done(world, cancelled(world, later), connection)

    assert (first > 1 or lost == "drop_before", second > 1, last >= 1) == (True, True, True)
    assert (events(world), len(world.google.admin.mails())) == ([], 3)
    assert entries(world, connection) == ()


@pytest.mark.pitfall(13)
def test_options_changed_after_a_lost_response_are_written() -> None:
    """Pitfall 13: the event that is found gets the current options, also those that cannot be read back."""
    world, connection = shop()
    booking = booked(world, "10:00").booking
    fault(world, "drop_after", "events.insert")
    with pytest.raises(ProviderUnavailable):
        export(world, booking, connection)
    synchronised(world, connection, exports=ExportSettings(attendee=True, reminder=45))
    export_until_done(world, booking, connection)
    (event,) = events(world)

    assert event["reminders"]["overrides"] == [{"method": "popup", "minutes": 45}]
    assert [guest["email"] for guest in event["attendees"]] == ["zoe@example.net"]


@pytest.mark.pitfall(13)
def test_an_event_id_that_was_used_is_followed_by_a_new_one() -> None:
    """Pitfall 13: the owner deleted the event before Slotbridge knew of it; another id is used."""
    world, connection = shop()
    booking = booked(world, "10:00").booking
    fault(world, "drop_after", "events.insert")
    with pytest.raises(ProviderUnavailable):
        export(world, booking, connection)
    first = events(world)[0]["id"]
    world.google.owner.delete_event(ACCOUNT, first)
    export_until_done(world, booking, connection)
    link = world.ports.bookings.link("t1", connection.id, booking.id)

    assert link is not None
    assert (len(events(world)), events(world)[0]["id"] != first, link.epoch, link.state) == (
        1,
        True,
        1,
        "live",
    )


@pytest.mark.pitfall(4)
def test_an_event_that_its_owner_deleted_is_not_recreated() -> None:
    """Pitfalls 4, 22: the update finds no event, so Slotbridge searches for it and creates none."""
    world, connection = shop()
    booking = booked(world, "10:00").booking
    export(world, booking, connection)
    world.google.owner.delete_event(ACCOUNT, events(world)[0]["id"])
    outcome = export(world, moved(world, booking, "11:00"), connection)
    link = world.ports.bookings.link("t1", connection.id, booking.id)

    assert link is not None
    assert (outcome.result, link.state, events(world)) == ("searching", LinkState.MISSING, [])
    assert len(entries(world, connection)) == 1


@pytest.mark.pitfall(22)
def test_a_cancellation_deletes_the_event_that_its_owner_moved_to_another_calendar() -> None:
    """Pitfall 22: the move was not synchronised yet, and no event is left behind in either calendar."""
    world, connection = shop()
    team = world.google.admin.add_calendar(ACCOUNT, "Team")
    world.connect()
    booking = booked(world, "10:00").booking
    export(world, booking, connection)
    world.google.owner.move_to_calendar(ACCOUNT, events(world)[0]["id"], team)
    outcome = export(world, cancelled(world, booking), connection)

    assert (outcome.result, events(world), events(world, team)) == ("removed", [], [])


@pytest.mark.pitfall(22)
def test_a_simultaneous_edit_is_overwritten_only_where_the_booking_changed() -> None:
    """Pitfall 22: the customer's new time is written, the owner's new title stays."""
    world, connection = shop()
    booking = booked(world, "10:00").booking
    export(world, booking, connection)
    changed = {
        "summary": "Zoe (VIP)",
        "start": {"dateTime": at("15:00").isoformat()},
        "end": {"dateTime": at("15:30").isoformat()},
    }
    world.google.owner.edit_event(ACCOUNT, events(world)[0]["id"], changed)
    export(world, moved(world, booking, "11:00"), connection)
    (event,) = events(world)
    link = world.ports.bookings.link("t1", connection.id, booking.id)

    assert (event["start"]["dateTime"], event["summary"]) == (at("11:00").isoformat(), "Zoe (VIP)")
    assert link is not None
    assert link.etag is None


@pytest.mark.pitfall(22)
def test_an_owners_edit_is_synchronised_before_a_new_template_is_written() -> None:
    """Pitfall 22: a changed template alone never overwrites an edit of the owner."""
    world, connection = shop()
    booking = booked(world, "10:00").booking
    export(world, booking, connection)
    world.google.owner.edit_event(ACCOUNT, events(world)[0]["id"], {"summary": "Zoe (VIP)"})
    synchronised(world, connection, exports=ExportSettings(description="{service}"))
    with pytest.raises(Conflict) as refused:
        export(world, booking, connection)
    link = world.ports.bookings.link("t1", connection.id, booking.id)

    assert (refused.value.reason, events(world)[0]["summary"]) == ("event_changed", "Zoe (VIP)")
    assert link is not None
    assert link.state is LinkState.LIVE
    world.drain()
    export_until_done(world, world.ports.bookings.get("t1", booking.id), connection)
    (event,) = events(world)

    assert (event["summary"], event["description"], world.errors) == ("Zoe (VIP)", "Cut", [])


@pytest.mark.pitfall(24)
def test_a_calendar_that_refuses_writes_delays_the_export_only() -> None:
    """Pitfall 24: bookings succeed, exports stay in the outbox with one notice, and are written later."""
    world, connection = shop()
    fault(world, "status", "events.insert", status=403, reason="forbidden", times=6)
    bookings = [booked(world, clock).booking for clock in ("09:00", "10:00", "11:00")]
    first = [export(world, booking, connection) for booking in bookings]
    told_at_first = notices(world)
    world.clock.advance_to(world.clock.now() + timedelta(minutes=11))
    outcomes = [export(world, booking, connection) for booking in bookings]

    assert [outcome.result for outcome in (*first, *outcomes)] == ["parked"] * 6
    assert told_at_first == []
    assert (notices(world), len(entries(world, connection))) == ([NoticeKind.EXPORT_STOPPED], 3)
    assert "09:00" not in starts(slots(world))

    for booking in bookings:
        export(world, booking, connection)

    assert (len(events(world)), entries(world, connection)) == (3, ())


@pytest.mark.pitfall(24)
def test_a_deleted_export_calendar_delays_the_export() -> None:
    """Pitfall 24: the outbox entry stays and the owner gets a notice, where it does not come back soon."""
    world, connection = shop()
    team = world.google.admin.add_calendar(ACCOUNT, "Team")
    world.connect()
    chosen = synchronised(world, connection, exports=ExportSettings(target=calendar_key(team)))
    world.google.admin.remove_calendar(team)
    made = booked(world).booking
    export(world, made, chosen)
    world.clock.advance_to(world.clock.now() + timedelta(minutes=11))
    outcome = export(world, made, chosen)

    assert (outcome.result, len(entries(world, chosen)), notices(world)) == (
        "parked",
        1,
        [NoticeKind.EXPORT_STOPPED],
    )


@pytest.mark.pitfall(19)
def test_a_revoked_grant_keeps_the_outbox_entry() -> None:
    """Pitfall 19: exports wait until the account is connected again; the owner gets one notice."""
    world, connection = shop()
    made = booked(world, "10:00").booking
    world.google.admin.revoke_grant(ACCOUNT)
    world.clock.advance_to(world.clock.now() + timedelta(hours=2))
    outcomes = [export(world, made, connection) for _ in range(2)]

    assert [outcome.result for outcome in outcomes] == ["parked", "parked"]
    assert (len(entries(world, connection)), notices(world)) == (1, [NoticeKind.REAUTH_REQUIRED])

    world.connect()
    synchronised(world, connection)
    export(world, made, connection)

    assert (len(events(world)), entries(world, connection)) == (1, ())


def test_a_task_for_a_missing_booking_or_connection_does_nothing() -> None:
    """The task of an erased booking or of a connection that is being removed changes nothing."""
    world, connection = shop()
    made = booked(world, "10:00").booking
    foreign = ExportBooking("t1", "nobody", connection.id, 1, "e1")
    current = world.ports.connections.get("t1", connection.id)
    world.ports.connections.save(replace(current, status=Status.DISCONNECTING))

    assert export_booking(world.ports, foreign) == ExportOutcome("unchanged")  # type: ignore[arg-type]
    assert (export(world, made, connection).result, entries(world, connection)) == ("unchanged", ())
