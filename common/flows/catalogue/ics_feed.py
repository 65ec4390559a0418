"""Gives a resource a secret address for calendar programs; a former address ends in the same moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from common.domain.booking.booking import Booking, BookingStatus
from common.domain.catalogue.ics_feed import IcsFeed, Shows, hashed, shown, window
from common.domain.catalogue.records import Resource
from common.errors import UnexpectedReply, UnknownResource
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class PublishFeed:
    """Which resource, how much its feed shows, and who wants it."""

    tenant: str
    resource: str
    shows: Shows
    subject: str


@dataclass(frozen=True, slots=True)
class Published:
    """The address, told this one time."""

    url: str = field(repr=False)
    subscription: IcsFeed


def publish_feed(ports: Ports, command: PublishFeed) -> Published:
    """The new address; its secret is kept as a hash only.

    Raises:
        UnknownResource: There is no such resource.
    """
    resource = ports.catalogue.resource(command.tenant, command.resource)
    secret = ports.keys.token()
    name = hashed(secret)
    if name is None:
        raise UnexpectedReply("a random value is not of the form that feeds have", code="random_value")
    subscription = IcsFeed(
        tenant=command.tenant,
        resource=resource.id,
        shows=command.shows,
        secret_hash=name,
        created_at=ports.clock.now(),
        created_by=command.subject,
    )
    stored = ports.ics_feeds.put(subscription)
    return Published(f"{ports.tuning.feed_url}/{secret}.ics", stored)


@dataclass(frozen=True, slots=True)
class ReadFeed:
    """The secret of the address."""

    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class FeedContent:
    """What the feed holds; ``services`` are the names of the services by id."""

    resource: Resource
    shows: Shows
    bookings: tuple[Booking, ...]
    services: Mapping[str, str]


def read_feed(ports: Ports, command: ReadFeed) -> FeedContent:
    """The bookings around now, and those that were cancelled lately.

    Raises:
        UnknownResource: Nothing is published under this address; why not is nobody's business.
    """
    name = hashed(command.secret)
    if name is None:
        raise UnknownResource("there is no such feed")
    subscription = ports.ics_feeds.by_secret(name)
    tenant, now = subscription.tenant, ports.clock.now()
    try:
        resource = ports.catalogue.resource(tenant, subscription.resource)
    except UnknownResource:
        raise UnknownResource("there is no such feed") from None
    span = window(now)
    found = [
        booking
        for status in (BookingStatus.CONFIRMED, BookingStatus.CANCELLED)
        for booking in ports.bookings.overlapping(tenant, resource.id, span, status=status)
        if shown(booking, now)
    ]
    services = ports.catalogue.services(tenant) if subscription.shows is Shows.TITLES else ()
    return FeedContent(
        resource=resource,
        shows=subscription.shows,
        bookings=tuple(sorted(found, key=lambda booking: (booking.interval.start, booking.id))),
        services={service.id: service.name for service in services},
    )
