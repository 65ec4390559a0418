"""Takes a customer's name, address, number and notes out of every booking, and out of every calendar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from common.domain.booking.booking import Booking
from common.domain.booking.booking_change import BookingChange
from common.domain.calendar.connection import Connection, Status
from common.domain.export.exported_event import ExportLink, LinkState
from common.domain.export.own_events import has_guest
from common.domain.privacy.erasure import NAMING, Erasure, Record, anonymised, names, same_address, sealed_for
from common.domain.shared.outbox import export_entries, exporting
from common.errors import (
    GrantRevoked,
    OperatorFault,
    RateLimited,
    SealedForAnother,
    UnreadableDocument,
    UsageExhausted,
)
from common.flows.export.event_writer import delete_exported_event
from common.flows.export.owner_edits import links_to_restore
from common.flows.privacy.erasure import end_pass
from common.flows.shared.outbox import enqueue_entries
from common.flows.shared.own_events import connections_with_event
from common.flows.shared.unreadable import UNREADABLE, readable_bookings, readable_records
from common.ports import Ports

PAGE = 100
# Seconds until an account is tried again whose own limit is used up.
EXHAUSTED = 3600.0


def anonymise_bookings(ports: Ports, erasure: Erasure) -> Erasure:
    """Anonymise the next pages of bookings; ``erasure.position`` is the id of the last one dealt with.

    Raises:
        RateLimited: A provider wants us to wait; the job is where it was.
    """
    if erasure.address is None:
        return end_pass(ports, erasure)
    customer = ports.vault.reveal(erasure.address, context=sealed_for(erasure.tenant, erasure.id))
    for _ in range(ports.tuning.page_budget):
        page, last = readable_bookings(ports, erasure.tenant, after=erasure.position, limit=PAGE)
        if last is None:
            return end_pass(ports, erasure)
        for booking in page.readable:
            if same_address(booking.customer.email, customer):
                erasure = _anonymise(ports, erasure, booking)
        for record in page.unreadable:
            if names(record, customer):
                erasure = _anonymise_unreadable(ports, erasure, record)
        erasure = ports.archive.save(replace(erasure, position=last))
    return erasure


def _anonymise(ports: Ports, erasure: Erasure, booking: Booking) -> Erasure:
    """Anonymise one booking; its events are rewritten by the exports that are queued in the same commit.

    Where nothing is exported any more the event is deleted instead: nobody else would ever change it.
    """
    links, unknown = _links(ports, booking.tenant, booking.resource, booking.id)
    rewritten = [connection for connection, _ in links if exporting(connection) and booking.active]
    # A guest would be mailed that the appointment is off: such an event waits for the booking's next change.
    left = sum(
        connection in rewritten and _mails_guests(ports, connection, link) for connection, link in links
    )
    erased = len(rewritten) - left
    for connection, link in links:
        if connection not in rewritten and booking.active:
            # One that another connection shows as well is rewritten there.
            shared = [event.connection for event in connections_with_event(ports, connection, link)]
            deleted = any(other in rewritten for other in shared) or _delete_event(ports, connection, link)
            erased, left = erased + deleted, left + (not deleted)
    now = ports.clock.now()
    after = anonymised(booking, now)
    proposal = booking.proposal
    change = BookingChange(
        booking,
        after,
        outbox=export_entries(after, rewritten, now=now),
        # Nobody decides about it any more, so its event shows the booking's time again.
        links=links_to_restore(ports, booking, proposal) if proposal and booking.active else (),
    )
    ports.bookings.commit(change)
    enqueue_entries(ports, change.outbox)
    return _count(ports, erasure, erased=erased, left=left + unknown)


def _anonymise_unreadable(ports: Ports, erasure: Erasure, record: Record) -> Erasure:
    """Remove the fields of a booking that may name its customer, and its events: nobody can rewrite them."""
    erased = left = 0
    links, unknown = _links(ports, erasure.tenant, None, record.id)
    for connection, link in links:
        deleted = _delete_event(ports, connection, link)
        erased, left = erased + deleted, left + (not deleted)
    ports.archive.remove_fields(record, NAMING)
    return _count(ports, erasure, erased=erased, left=left + unknown)


def _count(ports: Ports, erasure: Erasure, *, erased: int, left: int) -> Erasure:
    return ports.archive.save(
        replace(
            erasure,
            bookings_anonymised=erasure.bookings_anonymised + 1,
            events_erased=erasure.events_erased + erased,
            events_left=erasure.events_left + left,
        )
    )


def _links(
    ports: Ports, tenant: str, resource: str | None, booking: str
) -> tuple[Sequence[tuple[Connection, ExportLink]], int]:
    """The exported events of a booking, and how many cannot be found; what its owner deleted is left out."""
    connections = readable_records(
        ports,
        tenant,
        "connections",
        read_all=lambda: (
            ports.connections.of_tenant(tenant)
            if resource is None
            else ports.connections.of_resource(tenant, resource)
        ),
        read_one=lambda name: ports.connections.get(tenant, name),
    )
    found: list[tuple[Connection, ExportLink]] = []
    unknown = sum(bool(_link(ports, tenant, record.id, booking)) for record in connections.unreadable)
    for connection in connections.readable:
        if connection.status is Status.DISCONNECTED or resource not in {None, connection.resource}:
            continue
        link = _link(ports, tenant, connection.id, booking)
        if link is UNREADABLE:
            unknown += 1
        elif isinstance(link, ExportLink) and link.state is not LinkState.GONE:
            found.append((connection, link))
    return found, unknown


def _link(ports: Ports, tenant: str, connection: str, booking: str) -> ExportLink | str | None:
    try:
        return ports.bookings.link(tenant, connection, booking)
    except UnreadableDocument:
        return UNREADABLE


def _mails_guests(ports: Ports, connection: Connection, link: ExportLink) -> bool:
    """Whether a change of the event would be mailed to its guests by the provider."""
    silent = ports.providers[connection.provider].calendar.abilities.silent_guests
    return not silent and (has_guest(link) or link.others)


def _delete_event(ports: Ports, connection: Connection, link: ExportLink) -> bool:
    """Delete the event at the provider; False where that is not possible and the event is left.

    Raises:
        RateLimited: The account's own limit is used up.
    """
    if not connection.usable:
        return False
    try:
        gone = delete_exported_event(ports, connection, link)
    except UsageExhausted as limited:
        raise RateLimited("the account's own limit is used up", retry_after=EXHAUSTED) from limited
    except (GrantRevoked, OperatorFault, SealedForAnother, UnreadableDocument):
        return False
    if gone:
        ports.bookings.save_link(replace(link, state=LinkState.GONE, revision=link.revision + 1))
    return gone
