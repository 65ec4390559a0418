"""The calendar file of a booking's mail (RFC 5545), written by the icalendar library.

Its method is PUBLISH (CANCEL for a cancellation), not REQUEST: the customer booked the time and has nothing
to answer, and the replies to a REQUEST would go to an address that nobody reads. UID and SEQUENCE let a
client see a later file as the same appointment: https://www.rfc-editor.org/rfc/rfc5546#section-3.2.
"""

from __future__ import annotations

from datetime import UTC, datetime

from icalendar import Calendar, Event, vCalAddress

from common.domain.notify import Appointment, single_line

PRODUCT = "-//Slotbridge//Slotbridge//EN"


def method(appointment: Appointment) -> str:
    """The iCalendar method: what a calendar program shall do with the file."""
    return "CANCEL" if appointment.cancelled else "PUBLISH"


def calendar_file(appointment: Appointment, *, organizer: str, business: str, now: datetime) -> bytes:
    """The text of the file; without a secret link or a guest's words, because calendars are shared."""
    event = Event()
    event.add("uid", appointment.uid)
    event.add("sequence", appointment.sequence)
    event.add("dtstamp", now.astimezone(UTC))
    event.add("dtstart", appointment.interval.start.astimezone(UTC))
    event.add("dtend", appointment.interval.end.astimezone(UTC))
    event.add("summary", single_line(appointment.title))
    event.add("status", "CANCELLED" if appointment.cancelled else "CONFIRMED")
    event.add("organizer", _organizer(organizer, business))
    calendar = Calendar()
    calendar.add("prodid", PRODUCT)
    calendar.add("version", "2.0")
    calendar.add("method", method(appointment))
    calendar.add_component(event)
    return bytes(calendar.to_ical())


def _organizer(address: str, business: str) -> vCalAddress:
    found = vCalAddress(f"mailto:{address}")
    # A parameter's value cannot hold a quotation mark: https://www.rfc-editor.org/rfc/rfc5545#section-3.2
    found.params["CN"] = single_line(business).replace('"', "'")
    return found
