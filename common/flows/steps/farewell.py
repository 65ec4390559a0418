"""The pieces of disconnecting: each may be repeated, and each leaves the next one something to go by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from common.domain.account import CalendarEntry, Connection, Receipt
from common.domain.booking import ExportLink, LinkState
from common.domain.feed import Feed
from common.domain.work import Lane, Task, Work
from common.errors import (
    Forbidden,
    OperatorFault,
    UnexpectedReply,
    UnknownResource,
    UnreadableDocument,
)
from common.flows.steps.access import authorized
from common.flows.steps.amending import amend
from common.flows.steps.closing import close, parting
from common.flows.steps.export_target import left_over
from common.flows.steps.grants import shared
from common.flows.steps.missing import links_of
from common.flows.steps.pacing import pace
from common.flows.steps.purge import purge
from common.flows.steps.reminding import reminder_id
from common.flows.steps.taking_away import take_away
from common.flows.steps.unreadable import UNREADABLE
from common.ports import Ports

# What a link says once its event is gone because of us; kept until the receipt has counted it.
REMOVED = "removed"
LEFT = "left"
ABSENT = "absent"
MOST_ENTRIES = 200
KEY_MISSED = timedelta(hours=1)


def go_on(
    ports: Ports,
    connection: Connection,
    *,
    cause: str,
    after: str | None = None,
    not_before: datetime | None = None,
) -> None:
    """Queue the next chunk of the clean-up; ``after`` is the last booking that was dealt with."""
    ports.queue.enqueue(
        Task(
            work=Work.DISCONNECT,
            lane=Lane.BACKFILL,
            payload={"tenant": connection.tenant, "connection": connection.id, "after": after},
            name=f"disconnect/{connection.tenant}/{connection.id}/{cause}",
            not_before=not_before,
        )
    )


def note(ports: Ports, connection: Connection, change: Callable[[Receipt], Receipt]) -> Connection:
    """Write something on the receipt."""

    def noted(current: Connection) -> Connection:
        receipt = current.receipt or Receipt(started_at=ports.clock.now())
        return replace(current, receipt=change(receipt), waiting_until=None, error=None)

    return amend(ports, connection.tenant, connection.id, noted)


def stop_channels(ports: Ports, connection: Connection) -> Connection:
    """Stop all push channels while the grant still allows it."""
    for feed in ports.feeds.of_connection(connection.tenant, connection.id):
        if stopped := close(ports, connection, feed):
            connection = note(ports, connection, partial(_more, channels=stopped))
    return connection


def _more(receipt: Receipt, *, channels: int = 0, imports: int = 0) -> Receipt:
    return replace(
        receipt,
        channels_stopped=receipt.channels_stopped + channels,
        imports_removed=receipt.imports_removed + imports,
    )


def remove_dedicated(ports: Ports, connection: Connection) -> Connection:
    """Remove the calendar that Slotbridge made, with everything in it."""
    if _calendar_removed(connection):
        return connection
    entry = connection.calendars.get(connection.dedicated_calendar or "")
    entry = entry or _left_over(ports, connection)
    if entry is None:
        return connection
    calendar = parting(ports, connection, entry)
    provider = ports.providers[connection.provider].calendar
    pace(ports, connection, units=1, lane=Lane.BACKFILL)
    try:
        authorized(ports, connection, lambda token: provider.delete_calendar(token, calendar))
    except Forbidden:
        return connection
    return note(ports, connection, lambda receipt: replace(receipt, calendar_removed=True))


def _left_over(ports: Ports, connection: Connection) -> CalendarEntry | None:
    try:
        return left_over(ports, connection, lane=Lane.BACKFILL)
    except (UnknownResource, UnreadableDocument):
        # It is known by a name that is made of stored ones.
        return None


def _calendar_removed(connection: Connection) -> bool:
    return connection.receipt is not None and connection.receipt.calendar_removed


def remove_events(ports: Ports, connection: Connection, *, after: str | None, most: int) -> str | None:
    """Delete up to ``most`` exported events, ours by their link and never others; where to go on, or None.

    Raises:
        Conflict: Somebody who had not heard of the end yet is writing one of them, or one is not shown yet.
    """
    budget, reached = most, after
    while page := ports.bookings.links(connection.tenant, connection.id, after=reached, limit=MOST_ENTRIES):
        for link in page:
            if link.error not in {REMOVED, LEFT, ABSENT}:
                if budget == 0:
                    return reached or ""
                budget -= 1
                word = _removed(ports, connection, link)
                ports.bookings.save_link(replace(link, state=LinkState.GONE, error=word))
            reached = link.booking
    return None


def _removed(ports: Ports, connection: Connection, link: ExportLink) -> str:
    if not _there(link):
        return LEFT if link.error == UNREADABLE else ABSENT
    if link.calendar == connection.dedicated_calendar and _calendar_removed(connection):
        return REMOVED
    return REMOVED if take_away(ports, connection, link) else LEFT


def _there(link: ExportLink) -> bool:
    return link.state is not LinkState.GONE and bool(link.event_id)


def count(ports: Ports, connection: Connection, *, reachable: bool) -> Connection:
    """Put on the receipt how many events were deleted, and how many had to be left where they are."""
    links = tuple(links_of(ports, connection))
    deleted = sum(link.error == REMOVED for link in links)
    # A report from before its deletion may let an event look alive once more.
    left = sum(link.error in {LEFT, UNREADABLE} or (link.error != REMOVED and _there(link)) for link in links)
    return note(
        ports,
        connection,
        lambda receipt: replace(
            receipt,
            events_deleted=deleted,
            events_left=left,
            provider_reachable=reachable,
        ),
    )


def return_grant(ports: Ports, connection: Connection) -> Connection:
    """Give the grant back, unless the account is connected elsewhere; it is forgotten here in any case."""
    sealed, _ = ports.connections.sealed(connection.tenant, connection.id)
    if sealed is None:
        return connection
    kept = shared(ports, connection)
    revoked = not kept and _revoked(ports, connection, sealed)
    connection = note(
        ports,
        connection,
        lambda receipt: replace(receipt, grant_revoked=revoked, grant_kept_for_other_connection=kept),
    )
    ports.connections.save_sealed(connection.tenant, connection.id, None, expected=None)
    return connection


def opened_by(ports: Ports, connection: Connection) -> datetime:
    """Until when the key may be brought back that a grant was sealed with; nobody can use it afterwards."""
    since = connection.receipt.started_at if connection.receipt else ports.clock.now()
    return since + KEY_MISSED


def _revoked(ports: Ports, connection: Connection, sealed: str) -> bool:
    try:
        grant = ports.vault.open(sealed, tenant=connection.tenant, connection=connection.id)
        return ports.providers[connection.provider].authorizer.revoke(grant)
    except (OperatorFault, UnexpectedReply) as error:
        # Trying again would not help, and the rest must not wait for it: the receipt says so.
        ports.log.warning("grant_not_revoked", connection=connection.id, code=error.reason)
        return False


def purge_imports(ports: Ports, connection: Connection) -> Connection:
    """Remove all imported events; the channels are still remembered, so that they can be stopped."""
    for feed in ports.feeds.of_connection(connection.tenant, connection.id):
        if removed := purge(ports, connection, feed):
            connection = note(ports, connection, partial(_more, imports=removed))
    return connection


def forget(ports: Ports, connection: Connection) -> None:
    """Forget the calendars' states, all promises and all links."""
    for feed in ports.feeds.of_connection(connection.tenant, connection.id):
        ports.feeds.delete(feed)
    for key in connection.calendars:
        ports.feeds.delete(Feed(connection.tenant, connection.id, key))
    ports.ledger.done(reminder_id(connection))
    while entries := ports.ledger.outbox_of(connection.tenant, connection.id, MOST_ENTRIES):
        for entry in entries:
            ports.ledger.done(entry.id)
    for link in links_of(ports, connection):
        ports.bookings.delete_link(link)
