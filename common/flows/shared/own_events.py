"""Recognises the events that Slotbridge wrote into a calendar, and reads what a booking is there now.

An event is ours by an id that only our own key makes. Its owner may make a series of it: the booking is then
its first date, the one at the series' own start, and all other dates are the owner's. Nothing that is done
for the booking touches them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Protocol, TypeVar

from common.domain.booking.booking import Booking
from common.domain.calendar.connection import CalendarRef, Connection
from common.domain.calendar.event import Detail, ExternalEvent, Gone, Kind, Marker, own_event_id
from common.domain.export.exported_event import KEPT, ExportLink, LinkState, is_same_event
from common.domain.shared.outbox import export_entries
from common.errors import UnreadableDocument
from common.flows.shared.outbox import store_and_enqueue
from common.mail_address import ascii_address, can_be_mailed
from common.ports import Ports
from common.ports.machine import Keys
from common.ports.provider import CalendarProvider

LINKS_A_PAGE = 200


def all_links(ports: Ports, connection: Connection) -> Iterable[ExportLink]:
    """All links of a connection, page by page."""
    after: str | None = None
    while True:
        page = ports.bookings.links(connection.tenant, connection.id, after=after, limit=LINKS_A_PAGE)
        yield from page
        if len(page) < LINKS_A_PAGE:
            return
        after = page[-1].booking


def event_id(keys: Keys, *, tenant: str, booking: str, epoch: int) -> str:
    """The provider event id of a booking's export."""
    return own_event_id(keys.sign("event", tenant, booking, str(epoch)))


def series_marker(keys: Keys, tenant: str, event: ExternalEvent) -> Marker | None:
    """The marker of a date of a series that was made of an event of ours; not each date is the booking."""
    marker = event.marker
    if marker is None or event.series_id is None:
        return None
    own = event_id(keys, tenant=tenant, booking=marker.booking, epoch=marker.epoch)
    return marker if own in {event.series_id, event.given_id} else None


def genuine_marker(keys: Keys, tenant: str, event: ExternalEvent) -> Marker | None:
    """The marker of an event that is really ours: people copy events with everything that is in them.

    No date of a series has one. Each inherits it from the series, but only one of them is the booking, and
    which one that is the export link knows.
    """
    marker = event.marker
    if marker is None or event.series_id is not None:
        return None
    own = event_id(keys, tenant=tenant, booking=marker.booking, epoch=marker.epoch)
    return marker if own == event.given_id else None


def customer_addresses(booking: Booking) -> frozenset[str]:
    """The ways in which a provider may write the customer's address, in small letters."""
    address = booking.customer.email
    if not address or not can_be_mailed(address):
        return frozenset()
    return frozenset({address.casefold(), ascii_address(address).casefold()})


T = TypeVar("T")


class Exchange(Protocol):
    """Makes one exchange with the provider, counted against its limits."""

    def __call__(self, call: Callable[[CalendarProvider, str], T], /) -> T:
        """What ``call`` gets from the adapter with a token."""


@dataclass(frozen=True, slots=True)
class BookingEvent:
    """What a booking is in a calendar, with the event that it was written as.

    Attributes:
        event: The event, or the date of a series, that is the booking; Gone where that date was deleted.
        root: What was written: the same event, or the series that its owner made of it.
    """

    event: ExternalEvent | Gone
    root: ExternalEvent


def read_booking_event(
    exchange: Exchange,
    calendar: CalendarRef,
    root_id: str,
    *,
    detail: Detail = Detail.FULL,
    here: bool = False,
) -> BookingEvent | Gone:
    """What a booking is in a calendar now; Gone where nothing of it is found in a calendar that can be read.

    Args:
        exchange: Makes one exchange with the provider.
        calendar: Where to look.
        root_id: The id of the event that was written.
        detail: How much of it is asked for.
        here: Whether an event that is in another calendar by now counts as not found.
    """

    def read(provider: CalendarProvider, token: str) -> ExternalEvent | Gone:
        get = provider.find_event if here else provider.get_event
        return get(token, calendar, root_id, detail=detail)

    root = exchange(read)
    if isinstance(root, Gone):
        return root
    if root.kind is not Kind.SERIES or root.cancelled:
        return BookingEvent(root, root)
    date = exchange(lambda provider, token: provider.first_occurrence(token, calendar, root, detail=detail))
    if isinstance(date, ExternalEvent) and date.guests is None:
        # A listing of dates names nobody; all of them have the series' guests.
        date = date._replace(guests=root.guests)
    return BookingEvent(date, root)


def id_to_delete(link: ExportLink, found: BookingEvent | Gone) -> str | None:
    """What to delete, so that none of the owner's own dates goes; None where nothing of the booking is left.

    What is not shown is deleted by its id all the same: a provider may show an event later than it takes
    calls for it.
    """
    if isinstance(found, Gone):
        return link.event_id
    return None if isinstance(found.event, Gone) else found.event.id


@dataclass(frozen=True, slots=True)
class SharedEvent:
    """An event of ours that another connection keeps, with its link there.

    ``connection`` is None where its document cannot be read.
    """

    connection: Connection | None
    link: ExportLink


def connections_with_event(ports: Ports, connection: Connection, link: ExportLink) -> list[SharedEvent]:
    """The other connections that keep the very same event, in a calendar that several accounts share.

    An event of ours has one owner as long as one is left: whoever stops keeping it leaves it to the others.
    """
    found = _links_to_event(ports, connection, link)
    kept = [event for event in found if event.link.state in KEPT]
    return [event for event in kept if event.connection is None or not event.connection.ended]


def is_written_by_another(ports: Ports, connection: Connection, link: ExportLink, *, revision: int) -> bool:
    """Whether another connection brought the same event in line with this revision of its booking."""
    found = _links_to_event(ports, connection, link)
    return any(
        event.link.revision >= revision and event.link.state is not LinkState.PENDING for event in found
    )


def _links_to_event(ports: Ports, connection: Connection, link: ExportLink) -> list[SharedEvent]:
    ids_repeat = ports.providers[connection.provider].calendar.abilities.keeps_ids
    found: list[SharedEvent] = []
    for name, other in _siblings(ports, connection).items():
        if name == connection.id or (other and other.provider is not connection.provider):
            continue
        try:
            theirs = ports.bookings.link(link.tenant, name, link.booking)
        except UnreadableDocument:
            continue
        if theirs and is_same_event(link, theirs, ids_repeat=ids_repeat):
            found.append(SharedEvent(other, theirs))
    return found


def _siblings(ports: Ports, connection: Connection) -> Mapping[str, Connection | None]:
    """The live connections of the resource by their ids; None for one that nobody can read."""
    tenant, resource = connection.tenant, connection.resource
    try:
        return {item.id: item for item in ports.connections.of_resource(tenant, resource)}
    except UnreadableDocument:
        # Hardly ever needed, and whoever only writes events shall not load it.
        from common.flows.shared.unreadable import read_each  # noqa: PLC0415

    records = ports.archive.records(tenant, "connections")
    found = read_each(ports, records, read_one=lambda name: ports.connections.get(tenant, name))
    readable = {item.id: item for item in found.readable if item.resource == resource}
    return {**readable, **{record.id: None for record in found.unreadable}}


def delete_unless_shared(
    ports: Ports, connection: Connection, link: ExportLink, delete: Callable[[], T]
) -> T | None:
    """Delete the event of an active booking; None where another connection keeps it, so that it stays.

    What we delete ourselves is nobody's wish: a connection that came to keep the event in the same moment
    has it made anew, and never takes it for deleted by its owner.

    Args:
        ports: The outside.
        connection: Whose link it is.
        link: The event.
        delete: Deletes it.

    Raises:
        Conflict: The other connection is writing the event just now; trying again finds out.
    """
    if connections_with_event(ports, connection, link):
        return None
    done = delete()
    now = ports.clock.now()
    for shared in connections_with_event(ports, connection, link):
        booking = ports.bookings.get(link.tenant, link.booking)
        if booking.active and shared.connection is not None:
            ports.bookings.save_link(link_to_new_event(ports, shared.link))
            store_and_enqueue(
                ports, export_entries(booking, [shared.connection], now=now, cause=f"{shared.link.epoch}anew")
            )
    return done


def link_to_new_event(ports: Ports, link: ExportLink) -> ExportLink:
    """A link that wants a new event: providers never free the id of a deleted one."""
    epoch = link.epoch + 1
    return replace(
        link,
        state=LinkState.PENDING,
        epoch=epoch,
        event_id=event_id(ports.keys, tenant=link.tenant, booking=link.booking, epoch=epoch),
        revision=0,
        written={},
        shown={},
        sending={},
        etag=None,
        updated=None,
        missing_since=None,
        series_id=None,
        original_start=None,
    )
