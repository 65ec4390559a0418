"""Shows a resource's bookings to whoever holds the secret address of its feed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from common.domain.booking import Booking, BookingStatus
from common.domain.catalogue import Resource
from common.domain.subscription import Shows, hashed, shown, window
from common.errors import UnknownResource
from common.ports import Ports


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
    subscription = ports.subscriptions.by_secret(name)
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
