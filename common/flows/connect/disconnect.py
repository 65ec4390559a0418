"""Starts the end of a connection: from this moment on, nothing else may use it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

from common.domain.calendar.connection import CalendarEntry, Connection, Phase, Receipt, Status
from common.domain.calendar.sync_state import CalendarSync
from common.domain.export.exported_event import ExportLink, LinkState
from common.domain.shared.task_records import AdvanceDisconnect
from common.domain.shared.tasks import Lane, OutboxKind, Task, Work
from common.errors import (
    Forbidden,
    GrantRevoked,
    OperatorFault,
    RateLimited,
    SealedForAnother,
    UnexpectedReply,
    UnknownResource,
    UnreadableDocument,
    UsageExhausted,
)
from common.flows.export.event_writer import take_away
from common.flows.export.own_event_changes import links_of
from common.flows.export.target import left_over
from common.flows.notify.delivery import life_of
from common.flows.shared.calendar_access import pace
from common.flows.shared.connection_update import update_connection
from common.flows.shared.outbox import announce, reminder_id
from common.flows.shared.tokens import authorized, shared
from common.flows.shared.unreadable import UNREADABLE, mend, mending
from common.flows.sync.channels import close, parting
from common.flows.sync.settle import purge
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class StartDisconnect:
    """Which connection."""

    tenant: str
    connection: str


def start_disconnect(ports: Ports, command: StartDisconnect) -> Connection:
    """Put the tombstone up and queue the clean-up; repeating it changes nothing.

    Raises:
        UnknownResource: There is no such connection.
        UnreadableDocument: What is stored of it does not even tell the account.
    """
    try:
        found = ports.connections.get(command.tenant, command.connection)
    except UnreadableDocument:
        mend(ports, command.tenant, command.connection)
        found = ports.connections.get(command.tenant, command.connection)
    return end(ports, found)


SECOND_LOOK = timedelta(seconds=30)


def end(ports: Ports, found: Connection) -> Connection:
    """Put the tombstone up and queue the clean-up; repeating it changes nothing."""
    if found.status is Status.DISCONNECTED:
        return found
    now = ports.clock.now()
    # Queued before the tombstone as well: a clean-up without one does nothing.
    advance(ports, found, cause=f"later/{ports.keys.token()}", not_before=now + SECOND_LOOK)

    def ended(current: Connection) -> Connection:
        if current.ended:
            return current
        run = current.run
        if run is not None and run.running:
            run = replace(run, phase=Phase.CANCELLED, seq=run.seq + 1, finished_at=now, waiting_until=None)
        return replace(
            current,
            status=Status.DISCONNECTING,
            run=run,
            receipt=Receipt(started_at=now),
            waiting_until=None,
            error=None,
        )

    saved = update_connection(ports, found.tenant, found.id, ended)
    advance(ports, saved, cause=f"start/{ports.keys.token()}")
    return saved


EXHAUSTED = timedelta(hours=1)
LIMITED = 60.0


def advance_disconnect(ports: Ports, command: AdvanceDisconnect) -> None:
    """Do the next chunk: what was imported first, then what needs the provider, then all that is left here.

    Every piece may be repeated. A dead grant ends what needs the provider, and nothing else.

    Raises:
        RateLimited: The provider wants us to wait; until when can be read on the connection.
        ProviderUnavailable: The provider could not be asked.
        UnreadableDocument: Something could not be read; the next try finds it mended.
    """
    with mending(ports, command.tenant, command.connection):
        _advanced(ports, command)


def _advanced(ports: Ports, command: AdvanceDisconnect) -> None:
    try:
        connection = ports.connections.get(command.tenant, command.connection)
    except UnknownResource:
        return
    if connection.status is Status.DISCONNECTED:
        # A synchronisation that had not heard of the end may have stored something after it.
        purge_imports(ports, connection)
        forget(ports, connection)
    if connection.status is not Status.DISCONNECTING:
        return
    now = ports.clock.now()
    if command.after is None:
        mend(ports, command.tenant, command.connection)
    connection = purge_imports(ports, connection)
    granted = ports.connections.sealed(command.tenant, command.connection)[0] is not None
    if granted and not _left_provider(ports, connection, command.after):
        return
    connection = purge_imports(ports, connection)
    forget(ports, connection)
    last_look = now + timedelta(seconds=ports.tuning.lease_seconds)
    advance(ports, connection, cause="last", not_before=last_look)
    told = life_of(connection, OutboxKind.DISCONNECTED, now=now)
    update_connection(
        ports, command.tenant, command.connection, lambda current: _ended(current, now), tasks=[told]
    )
    announce(ports, [told])


def _left_provider(ports: Ports, connection: Connection, after: str | None) -> bool:
    """Clean up at the provider and give the grant back; False while there is more to do."""
    now = ports.clock.now()
    try:
        connection = stop_channels(ports, connection)
        connection = remove_dedicated(ports, connection)
        more = remove_events(ports, connection, after=after, most=ports.tuning.backfill_chunk)
        if more is not None:
            advance(ports, connection, cause=f"after/{more}", after=more or None)
            return False
        connection = count(ports, connection, reachable=True)
    except GrantRevoked:
        connection = count(ports, connection, reachable=False)
    except SealedForAnother:
        until = opened_by(ports, connection)
        if now < until:
            advance(ports, connection, cause=f"sealed/{now.isoformat()}", not_before=until)
            return False
        connection = count(ports, connection, reachable=False)
    except RateLimited as limited:
        _wait(ports, connection, now + timedelta(seconds=limited.retry_after or LIMITED))
        raise
    except UsageExhausted:
        _wait(ports, connection, now + EXHAUSTED)
        cause = f"exhausted/{now.isoformat()}"
        advance(ports, connection, cause=cause, after=after, not_before=now + EXHAUSTED)
        return False
    return_grant(ports, connection)
    return True


def _wait(ports: Ports, connection: Connection, until: datetime) -> None:
    update_connection(
        ports,
        connection.tenant,
        connection.id,
        lambda current: replace(current, waiting_until=until, error="rate_limited"),
    )


def _ended(current: Connection, now: datetime) -> Connection:
    """What stays: whose it was, and the receipt."""
    receipt = current.receipt or Receipt(started_at=now)
    return replace(
        current,
        status=Status.DISCONNECTED,
        calendars={},
        dedicated_calendar=None,
        dedicated_pending=False,
        scopes=(),
        receipt=replace(receipt, finished_at=receipt.finished_at or now),
        waiting_until=None,
        error=None,
    )


# What a link says once its event is gone because of us; kept until the receipt has counted it.
REMOVED = "removed"
LEFT = "left"
ABSENT = "absent"
MOST_ENTRIES = 200
KEY_MISSED = timedelta(hours=1)


def advance(
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

    return update_connection(ports, connection.tenant, connection.id, noted)


def stop_channels(ports: Ports, connection: Connection) -> Connection:
    """Stop all push channels while the grant still allows it."""
    for feed in ports.sync_states.of_connection(connection.tenant, connection.id):
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
    for feed in ports.sync_states.of_connection(connection.tenant, connection.id):
        if removed := purge(ports, connection, feed):
            connection = note(ports, connection, partial(_more, imports=removed))
    return connection


def forget(ports: Ports, connection: Connection) -> None:
    """Forget the calendars' states, all promises and all links."""
    for feed in ports.sync_states.of_connection(connection.tenant, connection.id):
        ports.sync_states.delete(feed)
    for key in connection.calendars:
        ports.sync_states.delete(CalendarSync(connection.tenant, connection.id, key))
    ports.ledger.done(reminder_id(connection))
    while entries := ports.ledger.outbox_of(connection.tenant, connection.id, MOST_ENTRIES):
        for entry in entries:
            ports.ledger.done(entry.id)
    for link in links_of(ports, connection):
        ports.bookings.delete_link(link)
