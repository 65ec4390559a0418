"""What an export does when answers are lost, limits are reached, owners interfere, calendars vanish."""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from common.domain.account import Connection, ProviderKind, Status, calendar_key
from common.domain.booking import Booking, LinkState
from common.domain.manage import Staff
from common.domain.mirroring import Outcome
from common.domain.settings import ExportSettings
from common.domain.work import Lane, NoticeKind
from common.errors import Conflict, ProviderUnavailable, RateLimited, Retry
from common.flows.cancel_booking import CancelBooking, cancel_booking
from common.flows.export_booking import ExportBooking, export_booking
from common.flows.reschedule import Reschedule, reschedule
from common.flows.steps.export_write import write
from common.flows.steps.pacing import pace
from common.flows.steps.turns import turn
from common.ports import Ports
from tests.flows.booking_setup import (
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
from tests.world import World

INVITING = ExportSettings(attendee=True, notify=True)


def moved(world: World, booking: Booking, clock: str) -> Booking:
    return reschedule(world.ports, Reschedule("t1", booking.id, at(clock), Staff()))


def cancelled(world: World, booking: Booking) -> Booking:
    return cancel_booking(world.ports, CancelBooking("t1", booking.id, Staff()))


def fault(world: World, action: str, method: str, **options: Any) -> None:
    world.google.inspect.add_fault(action, method=method, **options)


def insisted(world: World, booking: Booking, connection: Connection, *, most: int = 10) -> int:
    """Repeat the task as its wrapper would; how many tries it took."""
    for number in itertools.count(1):
        try:
            export(world, booking, connection)
        except Retry:
            assert number < most
            continue
        return number
    raise AssertionError


def notices(world: World) -> list[NoticeKind]:
    return [notice.kind for notice in world.ports.ledger.notices("t1")]


@pytest.mark.pitfall(13)
@pytest.mark.parametrize("lost", ["drop_after", "drop_before", "truncate"])
def test_a_lost_answer_makes_no_second_event(lost: str) -> None:
    """Pitfall 13, F9: whether the first write arrived or not, there is one event and one mail in the end."""
    world, connection = shop(exports=INVITING)
    booking = booked(world, "10:00").booking
    fault(world, lost, "events.insert")
    first = insisted(world, booking, connection)
    later = moved(world, booking, "11:00")
    fault(world, lost, "events.patch")
    second = insisted(world, later, connection)
    fault(world, lost, "events.delete")
    last = insisted(world, cancelled(world, later), connection)

    assert (first > 1 or lost == "drop_before", second > 1, last >= 1) == (True, True, True)
    assert (events(world), len(world.google.admin.mails())) == ([], 3)
    assert entries(world, connection) == ()


@pytest.mark.pitfall(13)
def test_options_that_changed_while_an_answer_was_lost_are_written() -> None:
    """Pitfall 13: an event that is found again gets what is wanted now, also what cannot be read back."""
    world, connection = shop()
    booking = booked(world, "10:00").booking
    fault(world, "drop_after", "events.insert")
    with pytest.raises(ProviderUnavailable):
        export(world, booking, connection)
    synchronised(world, connection, exports=ExportSettings(attendee=True, reminder=45))
    insisted(world, booking, connection)
    (event,) = events(world)

    assert event["reminders"]["overrides"] == [{"method": "popup", "minutes": 45}]
    assert [guest["email"] for guest in event["attendees"]] == ["zoe@example.net"]


@pytest.mark.pitfall(13)
def test_a_spent_id_is_followed_by_the_next_epoch() -> None:
    """Pitfall 13: the event was made, lost and deleted by its owner before we knew: a new id is used."""
    world, connection = shop()
    booking = booked(world, "10:00").booking
    fault(world, "drop_after", "events.insert")
    with pytest.raises(ProviderUnavailable):
        export(world, booking, connection)
    first = events(world)[0]["id"]
    world.google.owner.delete_event(ACCOUNT, first)
    insisted(world, booking, connection)
    link = world.ports.bookings.link("t1", connection.id, booking.id)

    assert link is not None
    assert (len(events(world)), events(world)[0]["id"] != first, link.epoch, link.state) == (
        1,
        True,
        1,
        "live",
    )


@pytest.mark.pitfall(4)
def test_an_event_that_its_owner_deleted_is_not_made_again() -> None:
    """Pitfall 4, 22: an update that finds nothing has the event looked for, and the booking then follows."""
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
def test_a_cancellation_finds_the_event_where_its_owner_just_moved_it() -> None:
    """Pitfall 22: moved to another calendar and cancelled at the same moment, no orphan stays behind."""
    world, connection = shop()
    team = world.google.admin.add_calendar(ACCOUNT, "Team")
    world.connect()
    booking = booked(world, "10:00").booking
    export(world, booking, connection)
    world.google.owner.move_to_calendar(ACCOUNT, events(world)[0]["id"], team)
    outcome = export(world, cancelled(world, booking), connection)

    assert (outcome.result, events(world), events(world, team)) == ("removed", [], [])


@pytest.mark.pitfall(22)
def test_an_owners_edit_at_the_same_moment_is_overruled_only_where_the_booking_changed() -> None:
    """Pitfall 22: the customer's new time wins, the owner's new title stays and reaches the booking."""
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
def test_without_a_newer_booking_the_owners_edit_is_judged_first() -> None:
    """Pitfall 22: a new template alone never overwrites what the owner has just done."""
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
    insisted(world, world.ports.bookings.get("t1", booking.id), connection)
    (event,) = events(world)

    assert (event["summary"], event["description"], world.errors) == ("Zoe (VIP)", "Cut", [])


@pytest.mark.pitfall(20)
def test_a_refused_invitation_is_left_out_and_told_once() -> None:
    """Pitfall 20: the limit on invitations stops invitations, not appointments; nobody is asked again."""
    world, connection = shop(exports=INVITING)
    world.google.admin.set_setting("guest_budget", 0)
    bookings = [booked(world, clock).booking for clock in ("09:00", "10:00")]
    results = [export(world, booking, connection).result for booking in bookings]
    later = moved(world, bookings[0], "11:00")
    world.google.admin.clear_logs()
    export(world, later, connection)
    refused = [call for call in world.google.admin.calls() if call["status"] == 403]

    assert (results, len(events(world)), refused) == (["written", "written"], 2, [])
    assert not any("attendees" in event for event in events(world))
    assert notices(world) == [NoticeKind.EXPORT_STOPPED]


@pytest.mark.pitfall(20)
def test_an_exhausted_account_pauses_for_hours_visibly() -> None:
    """Pitfall 20, B5: writing stops, the delay can be read, nothing is tried meanwhile, nothing is lost."""
    world, connection = shop()
    first, second = booked(world, "09:00").booking, booked(world, "10:00").booking
    fault(world, "status", "events.insert", status=403, reason="quotaExceeded", domain="usageLimits")
    outcome = export(world, first, connection)
    stored = world.ports.connections.get("t1", connection.id)
    world.google.admin.clear_logs()
    waiting = export(world, second, connection)

    assert (outcome.result, stored.error, stored.waiting_until) == (
        "parked",
        "usage_exhausted",
        outcome.until,
    )
    assert (waiting.until, world.google.admin.calls()) == (outcome.until, [])
    assert {entry.waiting_until for entry in entries(world, connection)} == {outcome.until}
    assert notices(world) == [NoticeKind.EXPORT_STOPPED]

    world.clock.advance_to(world.clock.now() + timedelta(hours=7))
    export(world, first, connection)
    export(world, second, connection)
    resumed = world.ports.connections.get("t1", connection.id)

    assert (len(events(world)), entries(world, connection), resumed.error) == (2, (), None)


@pytest.mark.pitfall(24)
def test_a_target_that_refuses_parks_the_export_and_not_the_booking() -> None:
    """Pitfall 24: bookings succeed, the queue waits, the owner is told once; later everything is written."""
    world, connection = shop()
    fault(world, "status", "events.insert", status=403, reason="forbidden", times=3)
    bookings = [booked(world, clock).booking for clock in ("09:00", "10:00", "11:00")]
    outcomes = [export(world, booking, connection) for booking in bookings]

    assert [outcome.result for outcome in outcomes] == ["parked"] * 3
    assert (notices(world), len(entries(world, connection))) == ([NoticeKind.EXPORT_STOPPED], 3)
    assert "09:00" not in starts(slots(world))

    for booking in bookings:
        export(world, booking, connection)

    assert (len(events(world)), entries(world, connection)) == (3, ())


@pytest.mark.pitfall(24)
def test_a_target_that_is_gone_parks_the_export() -> None:
    """Pitfall 24: a deleted target calendar loses no promise."""
    world, connection = shop()
    team = world.google.admin.add_calendar(ACCOUNT, "Team")
    world.connect()
    chosen = synchronised(world, connection, exports=ExportSettings(target=calendar_key(team)))
    world.google.admin.remove_calendar(team)
    outcome = export(world, booked(world).booking, chosen)

    assert (outcome.result, len(entries(world, chosen)), notices(world)) == (
        "parked",
        1,
        [NoticeKind.EXPORT_STOPPED],
    )


@pytest.mark.pitfall(19)
def test_a_dead_grant_keeps_the_promise() -> None:
    """Pitfall 19: exports wait for the reconnection; the owner is told by one notice only."""
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


@pytest.mark.pitfall(20)
def test_a_rate_limit_is_waited_for_and_shown() -> None:
    """Pitfall 20, B5: the promise says when the next try is."""
    world, connection = shop()
    made = booked(world, "10:00").booking
    fault(
        world,
        "status",
        "events.insert",
        status=403,
        reason="rateLimitExceeded",
        domain="usageLimits",
        retry_after="30",
    )
    with pytest.raises(RateLimited):
        export(world, made, connection)
    (waiting,) = entries(world, connection)

    assert waiting.waiting_until is not None
    assert waiting.waiting_until >= world.clock.now()

    world.advance(minutes=2)

    assert (len(events(world)), entries(world, connection)) == (1, ())


@pytest.mark.pitfall(20)
def test_a_live_booking_overtakes_a_back_fill() -> None:
    """Pitfall 20: when the back-fill has used up its share, a booking is written all the same."""
    world, connection = shop()
    spend = partial(pace, world.ports, connection, units=10, lane=Lane.BACKFILL)
    with pytest.raises(RateLimited):
        deque(iter(spend, "never"), maxlen=0)
    old = booked(world, "09:00").booking
    with pytest.raises(RateLimited):
        write(world.ports, connection, old, notify=False, lane=Lane.BACKFILL)
    export(world, booked(world, "10:00").booking, connection)

    assert [event["start"]["dateTime"] for event in events(world)] == [at("10:00").isoformat()]


@pytest.mark.pitfall(21)
def test_a_back_fill_mails_nobody() -> None:
    """Pitfall 21: every option on, many bookings, no mail."""
    world, connection = shop(exports=ExportSettings(attendee=True, notify=True, auto_accept=True))
    for clock in ("09:00", "09:30", "10:00", "10:30"):
        write(world.ports, connection, booked(world, clock).booking, notify=False, lane=Lane.BACKFILL)

    assert (len(events(world)), world.google.admin.mails()) == (4, [])


def test_one_writer_at_a_time_per_calendar() -> None:
    """Google limits writes per calendar: whoever comes second waits, and comes again."""
    world, connection = shop()
    made = booked(world, "10:00").booking
    with turn(world.ports, "export", connection.provider, ACCOUNT), pytest.raises(Conflict) as refused:
        export(world, made, connection)
    export(world, made, connection)

    assert (refused.value.reason, len(events(world))) == ("writer_busy", 1)


def test_a_booking_or_connection_that_is_gone_ends_the_task() -> None:
    """A late task of something erased has nothing to do."""
    world, connection = shop()
    made = booked(world, "10:00").booking
    foreign = ExportBooking("t1", "nobody", connection.id, 1, "e1")
    current = world.ports.connections.get("t1", connection.id)
    world.ports.connections.save(replace(current, status=Status.DISCONNECTING))

    assert export_booking(world.ports, foreign) == Outcome("unchanged")  # type: ignore[arg-type]
    assert (export(world, made, connection).result, entries(world, connection)) == ("unchanged", ())


class Crash(BaseException):
    """The instance dies."""


class Crashing:
    """Calls a port and dies before or after one of the calls."""

    def __init__(self, port: Any, between: Callable[[], None], *, after: bool) -> None:
        self._port, self._between, self._after = port, between, after

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if not callable(found):
            return found

        def call(*arguments: Any, **named: Any) -> Any:
            if not self._after:
                self._between()
            answer = found(*arguments, **named)
            if self._after:
                self._between()
            return answer

        return call


def crashing(ports: Ports, between: Callable[[], None], *, after: bool) -> Ports:
    google = ports.providers[ProviderKind.GOOGLE]
    calendar: Any = Crashing(google.calendar, between, after=after)
    return replace(
        ports,
        bookings=Crashing(ports.bookings, between, after=after),
        ledger=Crashing(ports.ledger, between, after=after),
        providers={ProviderKind.GOOGLE: replace(google, calendar=calendar)},
    )


@pytest.mark.pitfall(13)
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("change", ["made", "moved", "moved_to_team", "cancelled"])
def test_a_crash_at_any_point_leaves_one_event_and_one_mail(change: str, *, after: bool) -> None:
    """Pitfall 13, F7: killed before or after any exchange, the repeated task ends in the same state."""
    for number in itertools.count():
        world, connection = shop(exports=INVITING)
        team = world.google.admin.add_calendar(ACCOUNT, "Team")
        world.connect()
        booking = booked(world, "10:00").booking
        if change != "made":
            export(world, booking, connection)
            booking = cancelled(world, booking) if change == "cancelled" else moved(world, booking, "11:00")
        if change == "moved_to_team":
            target = calendar_key(team)
            exports = ExportSettings(attendee=True, notify=True, target=target)
            connection = synchronised(world, connection, exports=exports)
        left = itertools.repeat(None, number)

        def between(left: Any = left) -> None:
            if next(left, Crash) is Crash:
                raise Crash

        before = len(world.google.admin.mails())
        command = ExportBooking("t1", booking.id, connection.id, booking.revision)
        crashed = False
        try:
            export_booking(crashing(world.ports, between, after=after), command)
        except Crash:
            crashed = True
            world.clock.advance_to(world.clock.now() + timedelta(minutes=2))
            insisted(world, booking, connection)
        everywhere = [*events(world), *events(world, team)]

        assert len(everywhere) == (0 if change == "cancelled" else 1), (number, everywhere)
        assert len(world.google.admin.mails()) - before == 1, number
        assert entries(world, connection) == (), number
        if not crashed:
            break
