"""The iCalendar feed of a resource as RFC 5545 text, and how it is cached."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import timedelta

from icalendar import Calendar, Event, vDuration, vText

from common.api.http import Call, Reply
from common.domain import sessions
from common.domain.booking import Booking
from common.domain.catalogue import Resource
from common.domain.subscription import Shows

REFRESH = timedelta(minutes=15)
CACHE = "private, max-age=300"
CALENDAR = "text/calendar; charset=utf-8"
TAKEN = "Booked"


def feed_file(
    resource: Resource, bookings: Iterable[Booking], *, shows: Shows, services: Mapping[str, str]
) -> str:
    """The whole calendar; equal bookings give an equal text."""
    calendar = Calendar()
    calendar.add("prodid", "-//Slotbridge//Bookings//EN")
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", "PUBLISH")
    # https://www.rfc-editor.org/rfc/rfc7986, and the older names that Apple and Microsoft read.
    calendar.add("name", vText(resource.name))
    calendar.add("x-wr-calname", vText(resource.name))
    calendar.add("x-wr-timezone", vText(resource.zone))
    calendar.add("refresh-interval", vDuration(REFRESH, params={"VALUE": "DURATION"}))
    calendar.add("x-published-ttl", vDuration(REFRESH))
    for booking in bookings:
        calendar.add_component(_event(booking, _summary(booking, shows, services)))
    return str(calendar.to_ical(), "utf-8")


def feed_reply(call: Call, text: str) -> Reply:
    """The calendar, or 304 where the client has this very text."""
    tag = f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": CACHE}
    known = {part.strip().removeprefix("W/") for part in call.headers.get("If-None-Match", "").split(",")}
    if tag in known or "*" in known:
        return Reply(status=304, headers=headers)
    return Reply(body=text, headers=headers, content_type=CALENDAR)


def _summary(booking: Booking, shows: Shows, services: Mapping[str, str]) -> str:
    if shows is Shows.BUSY:
        return TAKEN
    # A feed may be shown to guests, and those of a group do not know each other.
    who = sessions.booked(booking) if booking.is_session else booking.customer.name
    return f"{services.get(booking.service, TAKEN)}: {who}"


def _event(booking: Booking, summary: str) -> Event:
    """One appointment; instants in UTC need no table of a zone's rules to be right everywhere."""
    event = Event()
    event.add("uid", f"{booking.id}@bookings.slotbridge")
    event.add("sequence", booking.revision)
    # Of the last change and not of this answer, so that an unchanged feed is an unchanged text.
    event.add("dtstamp", booking.updated_at.replace(microsecond=0))
    event.add("created", booking.created_at.replace(microsecond=0))
    event.add("last-modified", booking.updated_at.replace(microsecond=0))
    event.add("dtstart", booking.interval.start)
    event.add("dtend", booking.interval.end)
    event.add("summary", summary)
    event.add("status", "CONFIRMED" if booking.active else "CANCELLED")
    event.add("transp", "OPAQUE" if booking.active else "TRANSPARENT")
    return event
