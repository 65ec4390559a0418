"""The content of a booking's calendar event."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.domain.booking.booking import Booking, BookingStatus, Customer
from common.domain.calendar.interval import Interval
from common.domain.catalogue.records import Resource, Service, WeeklyHours
from common.domain.connect.settings import ExportSettings
from common.domain.export.draft import Mirror, draft

START = datetime(2027, 3, 22, 9, 0, tzinfo=UTC)
SPAN = Interval(START, START + timedelta(minutes=30))
BOOKING = Booking(
    id="0123456789abcdefghijklmn",
    tenant="t1",
    resource="anna",
    service="cut",
    interval=SPAN,
    claimed=SPAN,
    status=BookingStatus.CONFIRMED,
    customer=Customer("Zoe", "zoe@example.net", "+41 79"),
    created_at=START,
    updated_at=START,
    note="window seat",
)
RESOURCE = Resource("anna", "Anna", "anna@example.com", "Europe/Zurich", WeeklyHours())
SERVICE = Service(
    id="cut",
    name="Cut",
    duration=timedelta(minutes=30),
    buffer_before=timedelta(),
    buffer_after=timedelta(),
    step=timedelta(minutes=15),
    notice=timedelta(),
    horizon=timedelta(days=60),
    resources=("anna",),
)
EVERYTHING = ExportSettings(attendee=True, notify=True, auto_accept=True, reminder=20)


def event_draft(
    settings: ExportSettings = EVERYTHING,
    *,
    booking: Booking = BOOKING,
    service: Service = SERVICE,
    **mirror: Any,
) -> Any:
    """The draft of the booking's event with these export settings."""
    chosen = Mirror("sbid", 0, **({"notify": True} | mirror))
    return draft(booking, chosen, service=service, resource=RESOURCE, settings=settings)


def test_every_option_reaches_the_draft() -> None:
    """D3 to D6: attendee, acceptance, notification and reminder follow the settings."""
    found = event_draft()

    assert (found.attendee, found.accepted, found.notify, found.reminder) == (
        ("zoe@example.net", "Zoe"),
        True,
        True,
        20,
    )


def test_the_time_is_written_in_the_resources_zone() -> None:
    """The owner sees the appointment in the resource's zone, whatever the customer's is."""
    assert (event_draft().interval, event_draft().zone) == (SPAN, "Europe/Zurich")


@pytest.mark.pitfall(21)
def test_a_write_without_notification_mails_nobody() -> None:
    """Pitfall 21: a back-fill or repair never notifies, even with every option on."""
    assert event_draft(notify=False).notify is False


@pytest.mark.pitfall(25)
def test_guests_of_a_group_never_become_attendees() -> None:
    """Pitfall 25: guests of a group must not see each other's addresses."""
    found = event_draft(service=replace(SERVICE, capacity=5))

    assert (found.attendee, found.accepted, found.notify) == (None, False, False)


def test_without_an_address_there_is_no_attendee() -> None:
    """Then nobody is notified, and no invitation is accepted."""
    found = event_draft(booking=replace(BOOKING, customer=Customer("Zoe")))

    assert (found.attendee, found.accepted, found.notify) == (None, False, False)


@pytest.mark.pitfall(20)
def test_the_attendee_can_be_omitted_for_one_booking() -> None:
    """Pitfall 20: an account that may invite nobody any more still gets the event."""
    assert event_draft(with_attendee=False).attendee is None


def test_templates_are_filled_with_the_bookings_data() -> None:
    """D7: title and description follow the templates."""
    found = event_draft(
        ExportSettings(title="{resource}/{service}/{reference}", description="{note} {manage_link}"),
        manage_link="https://shop.example/#m",
    )

    assert (found.title, found.description) == ("Anna/Cut/GHIJKLMN", "window seat https://shop.example/#m")


def test_an_empty_title_becomes_the_name_of_the_service() -> None:
    """An event always has a title."""
    assert event_draft(ExportSettings(title="{note}"), booking=replace(BOOKING, note=None)).title == "Cut"


@pytest.mark.pitfall(22)
def test_the_owners_text_replaces_the_templates() -> None:
    """Pitfall 22: a title or description that the owner wrote is kept, also an empty one."""
    found = event_draft(booking=replace(BOOKING, title="Zoe (VIP)", description=""))

    assert (found.title, found.description) == ("Zoe (VIP)", "")
