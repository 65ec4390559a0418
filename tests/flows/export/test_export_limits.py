"""Exports at the provider's limits: they wait, the delay is shown, and no mail is sent twice."""

from __future__ import annotations

from collections import deque
from datetime import timedelta
from functools import partial

import pytest

from common.domain.connect.settings import ExportSettings
from common.domain.notify import NoticeKind
from common.domain.shared.tasks import Lane
from common.errors import Conflict, RateLimited
from common.flows.export.export_booking import write_event
from common.flows.shared.calendar_access import reserve_requests
from common.flows.shared.lease import lock
from tests.flows.setups.booking_setup import ACCOUNT, at, booked, entries, events, export, shop
from tests.flows.setups.export_setup import INVITING, fault, moved, notices


@pytest.mark.pitfall(20)
def test_a_refused_invitation_is_omitted_with_one_notice() -> None:
    """Pitfall 20: events are written without attendees, later ones too, and the owner gets one notice."""
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
def test_an_exhausted_quota_pauses_exports_visibly() -> None:
    """Pitfall 20, B5: the connection shows until when; no request is sent meanwhile and no event is lost."""
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


@pytest.mark.pitfall(20)
def test_a_rate_limit_delays_the_export_visibly() -> None:
    """Pitfall 20, B5: the outbox entry shows the time of the next attempt."""
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
def test_a_new_booking_is_exported_before_a_back_fill() -> None:
    """Pitfall 20: a new booking is written although the back-fill has used up its share of requests."""
    world, connection = shop()
    spend = partial(reserve_requests, world.ports, connection, units=10, lane=Lane.BACKFILL)
    with pytest.raises(RateLimited):
        deque(iter(spend, "never"), maxlen=0)
    old = booked(world, "09:00").booking
    with pytest.raises(RateLimited):
        write_event(world.ports, connection, old, notify=False, lane=Lane.BACKFILL)
    export(world, booked(world, "10:00").booking, connection)

    assert [event["start"]["dateTime"] for event in events(world)] == [at("10:00").isoformat()]


@pytest.mark.pitfall(21)
def test_a_back_fill_mails_nobody() -> None:
    """Pitfall 21: with every option on, the export of existing bookings sends no mail."""
    world, connection = shop(exports=ExportSettings(attendee=True, notify=True, auto_accept=True))
    for clock in ("09:00", "09:30", "10:00", "10:30"):
        write_event(world.ports, connection, booked(world, clock).booking, notify=False, lane=Lane.BACKFILL)

    assert (len(events(world)), world.google.admin.mails()) == (4, [])


def test_one_writer_at_a_time_per_calendar() -> None:
    """An export is refused while another one holds the lock of the calendar, and succeeds afterwards."""
    world, connection = shop()
    made = booked(world, "10:00").booking
    with lock(world.ports, "export", connection.provider, ACCOUNT), pytest.raises(Conflict) as refused:
        export(world, made, connection)
    export(world, made, connection)

    assert (refused.value.reason, len(events(world))) == ("writer_busy", 1)
