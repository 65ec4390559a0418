"""The iCalendar feed of a resource: its text (RFC 5545), how that is cached, and how a feed is published."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

from common.api.http import Call, Json, Reply
from common.api.models import FROM_JSON, Model, moment
from common.domain.booking import sessions
from common.domain.booking.booking import Booking
from common.domain.catalogue.ics_feed import IcsFeed, Shows
from common.domain.catalogue.records import Resource

if TYPE_CHECKING:
    from icalendar import Event


REFRESH = timedelta(minutes=15)
CACHE = "private, max-age=300"
CALENDAR = "text/calendar; charset=utf-8"
BOOKED = "Booked"


def ics_file(
    resource: Resource, bookings: Iterable[Booking], *, shows: Shows, services: Mapping[str, str]
) -> str:
    """The feed as a text; equal bookings give an equal text."""
    # Loads slowly, and most functions that publish feeds write none.
    from icalendar import Calendar, vDuration, vText  # noqa: PLC0415

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


def ics_reply(call: Call, text: str) -> Reply:
    """The feed's text, or 304 where the client has this very text."""
    tag = f'"{hashlib.sha256(text.encode()).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": CACHE}
    known = {part.strip().removeprefix("W/") for part in call.headers.get("If-None-Match", "").split(",")}
    if tag in known or "*" in known:
        return Reply(status=304, headers=headers)
    return Reply(body=text, headers=headers, content_type=CALENDAR)


def _summary(booking: Booking, shows: Shows, services: Mapping[str, str]) -> str:
    if shows is Shows.BUSY:
        return BOOKED
    # A feed may be shown to guests, and those of a group do not know each other.
    who = sessions.booked_seats(booking) if booking.is_session else booking.customer.name
    return f"{services.get(booking.service, BOOKED)}: {who}"


def _event(booking: Booking, summary: str) -> Event:
    """One appointment; instants in UTC need no table of a zone's rules to be right everywhere."""
    from icalendar import Event  # noqa: PLC0415

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


class IcsFeedBody(Model):
    """POST /resources/{id}/feed: taken times alone, or with service and customer's name."""

    shows: Annotated[Shows, FROM_JSON] = Shows.BUSY


def ics_feed_view(ics_feed: IcsFeed | None) -> Json:
    """Whether a resource has a published feed, and what it shows."""
    if ics_feed is None:
        return {"published": False}
    return {
        "published": True,
        "shows": ics_feed.shows.value,
        "created_at": moment(ics_feed.created_at),
        "created_by": ics_feed.created_by,
    }
