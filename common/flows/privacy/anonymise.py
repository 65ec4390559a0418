"""Takes a customer's name, address, number and notes out of every booking, and out of every calendar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from common.domain.booking.booking import Booking
from common.domain.booking.booking_change import BookingChange
from common.domain.calendar.connection import Connection, Status
from common.domain.export.exported_event import ExportLink, LinkState
from common.domain.export.own_events import invited
from common.domain.privacy.erasure import (
    NAMING,
    Erasure,
    ErasureStage,
    Record,
    anonymised,
    names,
    same_address,
)
from common.errors import (
    GrantRevoked,
    OperatorFault,
    RateLimited,
    SealedForAnother,
    UnreadableDocument,
    UsageExhausted,
)
from common.flows.export.event_writer import take_away
from common.flows.export.owner_edits import put_right
from common.flows.shared.outbox import announce, exporting, promises
from common.flows.shared.unreadable import UNREADABLE, bookings, sifted
from common.ports import Ports

PAGE = 100
EXHAUSTED = 3600.0


def begin(ports: Ports, erasure: Erasure) -> Erasure:
    """There is nothing to close: the first pass begins."""
    return ports.archive.save(replace(erasure, stage=ErasureStage.ERASING))


def anonymise(ports: Ports, erasure: Erasure) -> Erasure:
    """The next bookings; ``position`` is the last one that was looked at."""
    if erasure.address is None:
        return passed(ports, erasure)
    customer = ports.vault.reveal(erasure.address, context=sealed_for(erasure.tenant, erasure.id))
    for _ in range(ports.tuning.page_budget):
        page, last = bookings(ports, erasure.tenant, after=erasure.position, limit=PAGE)
        if last is None:
            return passed(ports, erasure)
        for booking in page.readable:
            if same_address(booking.customer.email, customer):
                erasure = _forgotten(ports, erasure, booking)
        for record in page.lost:
            if names(record, customer):
                erasure = _stripped(ports, erasure, record)
        erasure = ports.archive.save(replace(erasure, position=last))
    return erasure


def _stripped(ports: Ports, erasure: Erasure, record: Record) -> Erasure:
    """Take out of a booking what may name its customer; its events go, because nobody can rewrite them."""
    removed = left = 0
    links, lost = _links(ports, erasure.tenant, None, record.id)
    for connection, link in links:
        done = _removed(ports, connection, link)
        removed, left = removed + done, left + (not done)
    ports.archive.strip(record, NAMING)
    return ports.archive.save(
        replace(
            erasure,
            bookings_anonymised=erasure.bookings_anonymised + 1,
            events_erased=erasure.events_erased + removed,
            events_left=erasure.events_left + left + lost,
        )
    )


def _forgotten(ports: Ports, erasure: Erasure, booking: Booking) -> Erasure:
    """Anonymise one booking; its events are rewritten by the exports that are promised in the same commit.

    Where nothing is exported any more the event is removed instead: nobody else would ever change it.
    """
    links, lost = _links(ports, booking.tenant, booking.resource, booking.id)
    rewritten = [connection for connection, _ in links if exporting(connection) and booking.active]
    # A guest would be mailed that the appointment is off: such an event waits for the booking's next change.
    left = sum(connection in rewritten and _bound(ports, connection, link) for connection, link in links)
    removed = len(rewritten) - left
    for connection, link in links:
        if connection not in rewritten and booking.active:
            done = _removed(ports, connection, link)
            removed, left = removed + done, left + (not done)
    now = ports.clock.now()
    after = anonymised(booking, now)
    proposal = booking.proposal
    change = BookingChange(
        booking,
        after,
        outbox=promises(after, rewritten, now=now),
        # Nobody decides about it any more, so its event shows the booking's time again.
        links=put_right(ports, booking, proposal) if proposal and booking.active else (),
    )
    ports.bookings.commit(change)
    announce(ports, change.outbox)
    return ports.archive.save(
        replace(
            erasure,
            bookings_anonymised=erasure.bookings_anonymised + 1,
            events_erased=erasure.events_erased + removed,
            events_left=erasure.events_left + left + lost,
        )
    )


def _links(
    ports: Ports, tenant: str, resource: str | None, booking: str
) -> tuple[Sequence[tuple[Connection, ExportLink]], int]:
    """The events that mirror a booking, and how many cannot be told; what its owner deleted stays deleted."""
    connections = sifted(
        ports,
        tenant,
        "connections",
        every=lambda: _alive(ports, tenant, resource),
        one=lambda name: ports.connections.get(tenant, name),
    )
    found: list[tuple[Connection, ExportLink]] = []
    lost = sum(bool(_link(ports, tenant, record.id, booking)) for record in connections.lost)
    for connection in connections.readable:
        if connection.status is Status.DISCONNECTED or resource not in {None, connection.resource}:
            continue
        link = _link(ports, tenant, connection.id, booking)
        if link is UNREADABLE:
            lost += 1
        elif isinstance(link, ExportLink) and link.state is not LinkState.GONE:
            found.append((connection, link))
    return found, lost


def _alive(ports: Ports, tenant: str, resource: str | None) -> tuple[Connection, ...]:
    if resource is None:
        return ports.connections.of_tenant(tenant)
    return ports.connections.of_resource(tenant, resource)


def _link(ports: Ports, tenant: str, connection: str, booking: str) -> ExportLink | str | None:
    try:
        return ports.bookings.link(tenant, connection, booking)
    except UnreadableDocument:
        return UNREADABLE


def _bound(ports: Ports, connection: Connection, link: ExportLink) -> bool:
    silent = ports.providers[connection.provider].calendar.abilities.silent_guests
    return not silent and invited(link.written)


def _removed(ports: Ports, connection: Connection, link: ExportLink) -> bool:
    if not connection.usable:
        return False
    try:
        gone = take_away(ports, connection, link)
    except UsageExhausted as limited:
        raise RateLimited("the account's own limit is used up", retry_after=EXHAUSTED) from limited
    except (GrantRevoked, OperatorFault, SealedForAnother, UnreadableDocument):
        return False
    if gone:
        ports.bookings.save_link(replace(link, state=LinkState.GONE, revision=link.revision + 1))
    return gone


def sealed_for(tenant: str, erasure: str) -> str:
    """The context that binds a concealed address to its own job."""
    return f"erasure/{tenant}/{erasure}"


def passed(ports: Ports, erasure: Erasure) -> Erasure:
    """After the first pass wait for stragglers, after the second it is done."""
    now = ports.clock.now()
    if erasure.stage is ErasureStage.SWEEPING:
        return ports.archive.save(
            replace(
                erasure, stage=ErasureStage.DONE, position=None, address=None, connections=(), finished_at=now
            )
        )
    until = now + timedelta(seconds=ports.tuning.lease_seconds + 60)
    return ports.archive.save(
        replace(erasure, stage=ErasureStage.WAITING, position=None, waiting_until=until)
    )
