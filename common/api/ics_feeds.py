"""The iCalendar feed of a resource as RFC 5545 text, and how it is cached."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol, TypeVar

from common.api.http import Call, Json, Reply
from common.api.models import Model, moment, read
from common.api.permissions import own_resource
from common.api.routes import Route, staff
from common.domain.booking import sessions
from common.domain.booking.booking import Booking
from common.domain.catalogue.ics_feed import IcsFeed, Shows
from common.domain.catalogue.records import Resource

if TYPE_CHECKING:
    from icalendar import Event

    from common.ports import Ports


REFRESH = timedelta(minutes=15)
CACHE = "private, max-age=300"
CALENDAR = "text/calendar; charset=utf-8"
TAKEN = "Booked"


def feed_file(
    resource: Resource, bookings: Iterable[Booking], *, shows: Shows, services: Mapping[str, str]
) -> str:
    """The whole calendar; equal bookings give an equal text."""
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
    who = sessions.booked_seats(booking) if booking.is_session else booking.customer.name
    return f"{services.get(booking.service, TAKEN)}: {who}"


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


C = TypeVar("C")
FEED = "/<resource>/feed"


class Address(Protocol):
    """A new address, and what is remembered of it."""

    @property
    def url(self) -> str:
        """The address with its secret."""

    @property
    def subscription(self) -> IcsFeed:
        """What is stored."""


class FeedBody(Model):
    """POST /resources/{id}/feed: taken times alone, or with service and customer's name."""

    shows: Shows = Shows.BUSY


def subscription_view(subscription: IcsFeed | None) -> Json:
    """Whether a resource has a feed, and what it shows."""
    if subscription is None:
        return {"published": False}
    return {
        "published": True,
        "shows": subscription.shows.value,
        "created_at": moment(subscription.created_at),
        "created_by": subscription.created_by,
    }


def feed_routes(
    ports: Callable[[], Ports], command: Callable[..., C], publish: Callable[[Ports, C], Address]
) -> tuple[Route, ...]:
    """POST makes a new address (and ends the former one), GET tells whether there is one, DELETE ends it."""

    def make(call: Call) -> Reply:
        shows = read(FeedBody, call.body).shows
        asked = command(
            tenant=call.staff.tenant,
            resource=own_resource(call),
            shows=shows,
            subject=call.staff.subject,
        )
        made = publish(ports(), asked)
        # The one time that the address is told.
        return Reply({**subscription_view(made.subscription), "url": made.url}, status=201)

    def show(call: Call) -> Reply:
        found = ports().ics_feeds.of_resource(call.staff.tenant, own_resource(call))
        return Reply(subscription_view(found))

    def end(call: Call) -> Reply:
        ports().ics_feeds.delete(call.staff.tenant, own_resource(call))
        return Reply(status=204)

    return (
        staff("POST", FEED, make, body=True),
        staff("GET", FEED, show),
        staff("DELETE", FEED, end),
    )
