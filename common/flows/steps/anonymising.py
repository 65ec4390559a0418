"""Takes a customer's name, address, number and notes out of every booking, and out of every calendar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from common.domain.account import CalendarRef, Connection
from common.domain.booking import Booking, ExportLink, LinkState
from common.domain.erasure import Erasure, Stage, anonymised, same_address
from common.domain.ownership import invited
from common.domain.work import Lane
from common.errors import (
    CalendarGone,
    Forbidden,
    GrantRevoked,
    OperatorFault,
    RateLimited,
    UsageExhausted,
)
from common.flows.steps.access import authorized
from common.flows.steps.erasing import passed, sealed_for
from common.flows.steps.missing import need_shown
from common.flows.steps.outbox import announce, exporting, promises
from common.flows.steps.pacing import pace
from common.flows.steps.reading import reference
from common.ports import BookingChange, Ports

PAGE = 100
EXHAUSTED = 3600.0


def begin(ports: Ports, erasure: Erasure) -> Erasure:
    """There is nothing to close: the first pass begins."""
    return ports.archive.save(replace(erasure, stage=Stage.ERASING))


def anonymise(ports: Ports, erasure: Erasure) -> Erasure:
    """The next bookings; ``position`` is the last one that was looked at."""
    if erasure.address is None:
        return passed(ports, erasure)
    customer = ports.vault.reveal(erasure.address, context=sealed_for(erasure.tenant, erasure.id))
    for _ in range(ports.tuning.page_budget):
        page = ports.bookings.page(erasure.tenant, after=erasure.position, limit=PAGE)
        if not page:
            return passed(ports, erasure)
        for booking in page:
            if same_address(booking.customer.email, customer):
                erasure = _forgotten(ports, erasure, booking)
        erasure = ports.archive.save(replace(erasure, position=page[-1].id))
    return erasure


def _forgotten(ports: Ports, erasure: Erasure, booking: Booking) -> Erasure:
    """Anonymise one booking; its events are rewritten by the exports that are promised in the same commit.

    Where nothing is exported any more the event is removed instead: nobody else would ever change it.
    """
    links = _links(ports, booking)
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
    change = BookingChange(booking, after, outbox=promises(after, rewritten, now=now))
    ports.bookings.commit(change)
    announce(ports, change.outbox)
    return ports.archive.save(
        replace(
            erasure,
            bookings_anonymised=erasure.bookings_anonymised + 1,
            events_erased=erasure.events_erased + removed,
            events_left=erasure.events_left + left,
        )
    )


def _links(ports: Ports, booking: Booking) -> Sequence[tuple[Connection, ExportLink]]:
    """The events that mirror a booking; one that its owner deleted stays deleted."""
    found = (
        (connection, ports.bookings.link(booking.tenant, connection.id, booking.id))
        for connection in ports.connections.of_resource(booking.tenant, booking.resource)
    )
    return [(connection, link) for connection, link in found if link and link.state is not LinkState.GONE]


def _bound(ports: Ports, connection: Connection, link: ExportLink) -> bool:
    silent = ports.providers[connection.provider].calendar.abilities.silent_guests
    return not silent and invited(link.written)


def _removed(ports: Ports, connection: Connection, link: ExportLink) -> bool:
    if not connection.usable:
        return False
    entry = connection.calendars.get(link.calendar)
    zone = ports.catalogue.resource(connection.tenant, connection.resource).zone
    calendar = reference(ports, connection, entry) if entry else CalendarRef(link.calendar_id, zone=zone)
    provider = ports.providers[connection.provider].calendar
    pace(ports, connection, units=1, lane=Lane.BACKFILL)
    try:
        need_shown(ports, connection, link, calendar)
        authorized(
            ports,
            connection,
            lambda token: provider.delete_event(token, calendar, link.event_id, notify=False),
        )
    except CalendarGone:
        pass
    except UsageExhausted as limited:
        raise RateLimited("the account's own limit is used up", retry_after=EXHAUSTED) from limited
    except (Forbidden, GrantRevoked, OperatorFault):
        return False
    ports.bookings.save_link(replace(link, state=LinkState.GONE, revision=link.revision + 1))
    return True
