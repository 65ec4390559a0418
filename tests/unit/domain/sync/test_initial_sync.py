"""The order of a first synchronisation, whom it would mail, what collides, and how long it takes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.domain.booking.booking import Booking, BookingStatus, Customer
from common.domain.calendar.interval import Interval
from common.domain.catalogue.records import Service
from common.domain.connect.settings import ExportSettings
from common.domain.sync.initial_sync import (
    MAX_CHECKED_RANGE,
    MAX_CHECKED_RANGES,
    Estimate,
    backfill_rate,
    bookings_after,
    count_conflicts,
    decode_position,
    encode_position,
    invited_bookings,
    ranges_to_check,
)

NOW = datetime(2027, 3, 15, 8, tzinfo=UTC)
HALF = timedelta(minutes=30)
MAILING = ExportSettings(attendee=True, notify=True)
CUT = Service(
    id="cut",
    name="Cut",
    duration=HALF,
    buffer_before=timedelta(0),
    buffer_after=timedelta(0),
    step=HALF,
    notice=timedelta(0),
    horizon=timedelta(days=30),
    resources=("anna",),
)


def booking(name, hours, *, email="x@example.com", service="cut"):
    interval = Interval(NOW + timedelta(hours=hours), NOW + timedelta(hours=hours) + HALF)
    return Booking(
        id=name,
        tenant="t",
        resource="anna",
        service=service,
        interval=interval,
        claimed=interval,
        status=BookingStatus.CONFIRMED,
        customer=Customer("X", email),
        created_at=NOW,
        updated_at=NOW,
    )


@given(st.lists(st.tuples(st.integers(-50, 50), st.text("ab", min_size=1, max_size=3)), unique=True))
def test_a_run_comes_to_every_booking_once_and_in_order(places):
    """Going on from each booking's position leads through all of them, also through those of one moment."""
    bookings = [booking(name, hours) for hours, name in places]
    seen = []
    after = None
    while left := bookings_after(bookings, after):
        seen.append(left[0])
        after = decode_position(encode_position(left[0]))

    assert seen == sorted(bookings, key=lambda item: (item.interval.start, item.id))


def test_only_customers_who_can_be_mailed_are_counted():
    """To come, alone, with an address, and with notifications wanted."""
    services = {"cut": CUT, "group": replace(CUT, id="group", capacity=5)}
    bookings = [
        booking("yes", 1),
        booking("past", -1),
        booking("begun", -0.25),
        booking("silent", 2, email=None),
        booking("group", 3, service="group"),
        booking("unknown", 4, service="other"),
    ]

    assert [item.id for item in invited_bookings(bookings, services, MAILING, now=NOW)] == ["yes"]


@pytest.mark.parametrize(
    "exports",
    [ExportSettings(), ExportSettings(attendee=True), replace(MAILING, on=False)],
)
def test_nobody_is_mailed_unless_everything_is_on(exports):
    """D3 and D4 together, and exporting at all."""
    assert invited_bookings([booking("a", 1)], {"cut": CUT}, exports, now=NOW) == ()


@given(st.lists(st.integers(-100, 20_000), max_size=30))
def test_the_ranges_to_check_are_few_and_short_and_hold_the_bookings_to_come(hours):
    """Each covers at most four weeks, because the provider is asked for them live."""
    bookings = [booking(f"b{number}", value) for number, value in enumerate(hours)]
    found = ranges_to_check(bookings, now=NOW)

    assert len(found) <= MAX_CHECKED_RANGES
    assert all(item.length <= MAX_CHECKED_RANGE for item in found)
    ahead = sorted(item.interval for item in bookings if item.interval.end > NOW)
    if len(found) < MAX_CHECKED_RANGES:
        assert all(any(item.overlaps(part) for part in found) for item in ahead)


def test_conflicts_are_counted_by_booking_and_in_the_checked_ranges_only():
    """A booking that overlaps two events is one conflict."""
    bookings = [booking("a", 1), booking("b", 5), booking("c", 9)]
    busy = [bookings[0].interval, bookings[0].interval.pad(HALF, HALF), bookings[2].interval]
    checked = [Interval(NOW, NOW + timedelta(hours=6))]

    assert count_conflicts(bookings, busy, checked) == 1


def test_the_estimated_time_follows_the_limit():
    """480 calls a minute: 4,800 bookings take ten minutes, however fast each answer is."""
    rate = backfill_rate(user_per_minute=600, project_per_minute=10_000, shards=16, share=0.8)

    assert rate == 480
    assert Estimate(calendars=0, imports=0, exports=4_800).seconds(per_minute=rate) == 1_200
    assert Estimate(calendars=0, imports=0, exports=480).seconds(per_minute=60) == 480
    assert Estimate(calendars=3, imports=1_200, exports=300).requests == 3 * 3 + 2 * 5 + 300


def test_the_projects_limit_counts_as_well():
    """All accounts of the installation share it."""
    assert backfill_rate(user_per_minute=600, project_per_minute=1_600, shards=16, share=0.5) == 50
