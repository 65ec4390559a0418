"""The ICS feed contains every booking unchanged, whatever its text, as two parsers confirm."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import icalendar
from hypothesis import given, settings
from hypothesis import strategies as st
from ical.calendar_stream import IcsCalendarStream

from common.api.ics_feeds import ics_file
from common.domain.booking.booking import Booking, BookingStatus, Customer
from common.domain.calendar.interval import Interval
from common.domain.catalogue.ics_feed import Shows
from common.domain.catalogue.records import Resource, WeeklyHours

EPOCH = datetime(2027, 1, 1, tzinfo=UTC)
# What the API takes as a line of text, without what ends one or marks an order of bytes.
WORDS = st.text(
    st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters="\ufeff"),
    min_size=1,
    max_size=200,
)
MINUTES = st.integers(0, 1_000_000)


@st.composite
def bookings(draw):
    """One booking at any time, in any state."""
    start = EPOCH + timedelta(minutes=draw(MINUTES))
    span = Interval(start, start + timedelta(minutes=draw(st.integers(5, 1440))))
    return Booking(
        id=draw(st.uuids()).hex,
        tenant="t",
        resource="anna",
        service=draw(st.sampled_from(["cut", "gone"])),
        interval=span,
        claimed=span,
        status=draw(st.sampled_from(list(BookingStatus))),
        customer=Customer(draw(WORDS), "secret@example.org", "+41 secret"),
        created_at=EPOCH,
        updated_at=EPOCH + timedelta(seconds=draw(MINUTES)),
        revision=draw(st.integers(1, 10_000)),
        note="secret",
        title="secret",
        description="secret",
    )


@settings(max_examples=40, deadline=None)
@given(st.lists(bookings(), max_size=4), WORDS, WORDS)
def test_two_parsers_read_the_booking_from_the_feed(found, name, service):
    """No text breaks out of its line, adds a property or is lost; the file holds nothing else."""
    resource = Resource("anna", name, "secret@example.org", "Europe/Zurich", WeeklyHours())
    text = ics_file(resource, found, shows=Shows.TITLES, services={"cut": service})
    one = icalendar.Calendar.from_ical(text)
    two = IcsCalendarStream.calendar_from_ics(text)
    wanted = [
        (
            f"{item.id}@bookings.slotbridge",
            item.revision,
            item.interval.start,
            item.interval.end,
            f"{service if item.service == 'cut' else 'Booked'}: {item.customer.name}",
            "CONFIRMED" if item.active else "CANCELLED",
        )
        for item in found
    ]

    assert [
        (str(e["uid"]), e["sequence"], e["dtstart"].dt, e["dtend"].dt, str(e["summary"]), str(e["status"]))
        for e in one.walk("VEVENT")
    ] == wanted
    assert [(e.uid, e.sequence, e.dtstart, e.dtend, e.summary, e.status.value) for e in two.events] == wanted
    # A property beyond the standard is handed out as it is written.
    assert [re.sub(r"\\(.)", r"\1", str(one[key])) for key in ("name", "x-wr-calname")] == [name, name]
    assert "secret" not in text.replace("\r\n ", "")
