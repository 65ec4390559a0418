"""A write of which one part is refused for good goes without it; that is stored, told once, tried anew."""

from __future__ import annotations

import pytest

from common.domain.notify import NoticeKind
from tests.flows.setups.booking_setup import booked
from tests.flows.setups.export_setup import moved
from tests.flows.setups.refusal_setup import Refusing
from tests.flows.setups.two_providers_setup import GOOGLE, MICROSOFT

GUEST = {
    GOOGLE: {"status": 400, "reason": "invalid", "message": "Invalid attendee email."},
    MICROSOFT: {"status": 400, "reason": "ErrorInvalidRecipients"},
}
MAILS_USED_UP = {
    GOOGLE: {"status": 403, "reason": "quotaExceeded", "domain": "usageLimits"},
    MICROSOFT: {"status": 400, "reason": "ErrorSubmissionQuotaExceeded"},
}
BOTH = pytest.mark.parametrize("kind", [GOOGLE, MICROSOFT])


@BOTH
@pytest.mark.parametrize("answers", [GUEST, MAILS_USED_UP], ids=["address", "limit"])
def test_a_refused_guest_is_left_out_of_a_new_event(kind, answers):
    """The event is written without a guest at once, one mail is ours, and one notice says so."""
    world = Refusing(kind)
    world.refuse("insert", times=1, **answers[kind])
    world.booking = booked(world, "09:00").booking.id
    world.drain()
    (event,) = world.own()

    assert (world.starts(), event.get("attendees") or []) == (["08:00"], [])
    assert (world.mails(), world.notices()) == ((0, 1), [NoticeKind.EXPORT_STOPPED])
    assert list(world.link().left_out) == ["guest"]

    world.allow()
    moved(world, world.ports.bookings.get("t1", world.booking), "10:00")
    world.drain()

    assert (world.starts(), world.mails()) == (["09:00"], (0, 2))


@BOTH
def test_a_left_out_guest_is_invited_where_the_settings_change(kind):
    """With other options the guest is tried anew, with the mail of the next change."""
    world = Refusing(kind)
    world.refuse("insert", times=1, **GUEST[kind])
    world.booking = booked(world, "09:00").booking.id
    world.drain()
    world.choose(attendee=True, notify=True, auto_accept=True)
    moved(world, world.ports.bookings.get("t1", world.booking), "10:00")
    world.drain()
    (event,) = world.own()

    assert len(event["attendees"]) == 1
    assert (world.link().left_out, world.mails()) == ({}, (1, 1))


def test_a_limit_on_a_change_takes_the_guest_off_and_stops_nobody_else():
    """Google: the change is written without the guest, our mail tells it, another booking is exported."""
    world = Refusing(GOOGLE)
    booking = world.book()
    world.refuse("patch", times=1, **MAILS_USED_UP[GOOGLE])
    moved(world, booking, "15:00")
    booked(world, "11:00")
    world.drain()
    without = [event for event in world.own() if not event.get("attendees")]

    assert (world.starts(), len(without)) == (["10:00", "14:00"], 1)
    # Two invitations of Google's, and our word of the change.
    assert world.mails() == (2, 1)
    assert world.connection.waiting_until is None


def test_a_limit_on_a_change_that_cannot_be_silent_waits_alone():
    """Outlook mails a guest about each change: this event waits, our mail tells it, another is exported."""
    world = Refusing(MICROSOFT)
    booking = world.book()
    world.refuse("patch", **MAILS_USED_UP[MICROSOFT])
    moved(world, booking, "15:00")
    booked(world, "11:00")
    world.pass_time(minutes=30)

    assert (world.starts(), world.connection.waiting_until) == (["09:00", "10:00"], None)
    assert (world.mails(), world.health().export_error) == ((2, 1), "invitations_exhausted")


def test_a_zone_that_google_does_not_know_becomes_utc():
    """The event is at the right moment, and later changes name UTC at once."""
    world = Refusing(GOOGLE)
    unknown = {"status": 400, "reason": "invalid", "message": "Invalid time zone definition for start time."}
    world.refuse("insert", times=1, **unknown)
    world.booking = booked(world, "09:00").booking.id
    world.drain()
    (event,) = world.own()

    assert (world.starts(), event["start"]["timeZone"]) == (["08:00"], "UTC")
    assert (world.link().left_out, world.mails()) == ({"zone": "Europe/Zurich"}, (1, 0))

    moved(world, world.ports.bookings.get("t1", world.booking), "10:00")
    world.drain()

    assert (world.starts(), len(world.calls("patch")), world.notices()) == (
        ["09:00"],
        1,
        [NoticeKind.EXPORT_STOPPED],
    )


def test_a_zone_that_google_does_not_know_keeps_no_calendar_from_being_made():
    """The calendar of our own is made in UTC, and the booking is exported to it."""
    world = Refusing(GOOGLE, dedicated=True)
    unknown = {"status": 400, "reason": "invalid", "message": "Invalid time zone definition."}
    world.provider.add_fault("status", method="calendars.insert", times=1, **unknown)
    world.booking = booked(world, "09:00").booking.id
    world.drain()

    assert (world.link().state, world.link().calendar) == ("live", world.connection.dedicated_calendar)


@pytest.mark.parametrize("status", [403, 404])
@BOTH
def test_a_calendar_that_was_just_made_may_need_some_seconds(kind, status):
    """The first writes to our own calendar are refused; nobody is told, the event is there in a minute."""
    world = Refusing(kind, dedicated=True)
    reasons = {
        GOOGLE: {403: "requiredAccessLevel", 404: "notFound"},
        MICROSOFT: {403: "ErrorAccessDenied", 404: "ErrorItemNotFound"},
    }
    world.refuse("insert", times=3, status=status, reason=reasons[kind][status])
    world.booking = booked(world, "09:00").booking.id
    world.drain()

    assert (world.link().state, world.notices()) == ("live", [])


def test_going_back_to_the_default_reminder_clears_what_is_stored():
    """Google refuses the default beside stored reminders: they are emptied with the same change."""
    world = Refusing(GOOGLE, reminder=25)
    booking = world.book()
    world.choose()
    moved(world, booking, "15:00")
    world.drain()
    (event,) = world.own()

    assert (event["reminders"]["useDefault"], event["reminders"].get("overrides") or []) == (True, [])
    assert (world.starts(), world.link().left_out) == (["14:00"], {})


def test_a_refused_reminder_is_left_out():
    """The time is written all the same, and one notice says so."""
    world = Refusing(GOOGLE, reminder=25)
    booking = world.book()
    world.choose()
    refusal = {"status": 400, "reason": "cannotUseDefaultRemindersAndSpecifyOverride"}
    world.refuse("patch", times=1, **refusal)
    moved(world, booking, "15:00")
    world.drain()

    assert (world.starts(), list(world.link().left_out)) == (["14:00"], ["reminder"])
    assert world.notices() == [NoticeKind.EXPORT_STOPPED]
