"""Publishes the bookings of a resource as an iCalendar feed at a secret address, and reads what it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from common.domain.booking.booking import Booking, BookingStatus
from common.domain.catalogue.ics_feed import IcsFeed, Shows, belongs_in_feed, bookings_window, hash_secret
from common.domain.catalogue.records import Resource
from common.errors import UnexpectedReply, UnknownResource
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class PublishedIcsFeed:
    """A feed that was just published, and its address, which is known at this one time only."""

    url: str = field(repr=False)
    ics_feed: IcsFeed


@dataclass(frozen=True, slots=True)
class IcsFeedContent:
    """What a feed holds; ``services`` are the names of the services by id, where the feed shows them."""

    resource: Resource
    shows: Shows
    bookings: tuple[Booking, ...]
    services: Mapping[str, str]


def publish_ics_feed(
    ports: Ports, *, tenant: str, resource: str, shows: Shows, subject: str
) -> PublishedIcsFeed:
    """Give a resource's feed a new secret address; a former one ends in the same moment.

    The secret is stored as a hash only. ``subject`` is who publishes it.

    Raises:
        UnknownResource: There is no such resource.
    """
    found = ports.catalogue.resource(tenant, resource)
    secret = ports.keys.token()
    secret_hash = hash_secret(secret)
    if secret_hash is None:
        raise UnexpectedReply("a random value is not of the form that feeds have", code="random_value")
    ics_feed = IcsFeed(
        tenant=tenant,
        resource=found.id,
        shows=shows,
        secret_hash=secret_hash,
        created_at=ports.clock.now(),
        created_by=subject,
    )
    return PublishedIcsFeed(f"{ports.tuning.feed_url}/{secret}.ics", ports.ics_feeds.put(ics_feed))


def read_ics_feed(ports: Ports, *, secret: str) -> IcsFeedContent:
    """The bookings around now, and those that were cancelled lately, of the feed with this secret.

    Raises:
        UnknownResource: No feed is published under this address; the reason is not given away.
    """
    secret_hash = hash_secret(secret)
    if secret_hash is None:
        raise UnknownResource("there is no such feed")
    ics_feed = ports.ics_feeds.by_secret(secret_hash)
    tenant, now = ics_feed.tenant, ports.clock.now()
    try:
        resource = ports.catalogue.resource(tenant, ics_feed.resource)
    except UnknownResource:
        raise UnknownResource("there is no such feed") from None
    window = bookings_window(now)
    found = [
        booking
        for status in (BookingStatus.CONFIRMED, BookingStatus.CANCELLED)
        for booking in ports.bookings.overlapping(tenant, resource.id, window, status=status)
        if belongs_in_feed(booking, now)
    ]
    services = ports.catalogue.services(tenant) if ics_feed.shows is Shows.TITLES else ()
    return IcsFeedContent(
        resource=resource,
        shows=ics_feed.shows,
        bookings=tuple(sorted(found, key=lambda booking: (booking.interval.start, booking.id))),
        services={service.id: service.name for service in services},
    )
