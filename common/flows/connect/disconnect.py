"""Disconnects a connection: from the moment nothing else may use it to the receipt of what was cleaned up.

``start_disconnect`` marks the connection, ``advance_disconnect`` does the work in tasks, chunk by chunk:
imported events, push channels, the calendar that was made for exports, exported events, the grant, and in the
end everything that is stored here but the receipt.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from common.domain.calendar.connection import CalendarEntry, Connection, Phase, Receipt, Status
from common.domain.calendar.sync_state import CalendarSync
from common.domain.export.exported_event import ExportLink, LinkState
from common.domain.shared.outbox import OutboxKind, connection_news_entry, reminder_entry_id
from common.domain.shared.task_records import AdvanceDisconnect
from common.domain.shared.tasks import Lane
from common.domain.sync.followed_calendars import export_target
from common.errors import (
    AccountClosed,
    Forbidden,
    GrantRevoked,
    RateLimited,
    SealedForAnother,
    Stop,
    UnexpectedReply,
    UnknownResource,
    UnreadableDocument,
    UsageExhausted,
)
from common.flows.export.event_writer import delete_exported_event
from common.flows.export.target import unrecorded_calendar
from common.flows.shared.calendar_access import reserve_requests
from common.flows.shared.connection_update import AFTER_COMMIT, update_connection
from common.flows.shared.enqueue import enqueue_disconnect
from common.flows.shared.outbox import enqueue_entries
from common.flows.shared.own_events import all_links, delete_unless_shared
from common.flows.shared.tokens import authorized, grant_needed_elsewhere
from common.flows.shared.unreadable import UNREADABLE, repair_connection, repairing
from common.flows.sync.channels import close_channels, reference_for_removal
from common.flows.sync.settle import remove_imported
from common.ports import Ports

# How long to wait where the account's daily limit is used up, and (seconds) where a provider does not say.
EXHAUSTED_WAIT = timedelta(hours=1)
LIMITED_WAIT = 60.0
# How long the key that a grant was sealed with may be brought back; nobody can use the grant afterwards.
KEY_GRACE = timedelta(hours=1)
# How long a mailbox that is missing may come back, so that what is ours in it can be removed.
CLOSED_GRACE = timedelta(hours=1)
MOST_ENTRIES = 200
# What a link's error says once its event was dealt with; kept until the receipt has counted it.
REMOVED = "removed"
LEFT = "left"
ABSENT = "absent"
HANDED_OVER = "handed_over"
_DEALT_WITH = frozenset({REMOVED, LEFT, ABSENT, HANDED_OVER})


def start_disconnect(ports: Ports, *, tenant: str, connection: str) -> Connection:
    """Mark a connection as disconnecting and queue the clean-up; repeating it changes nothing.

    Raises:
        UnknownResource: There is no such connection.
        UnreadableDocument: What is stored of it does not even tell the account.
    """
    try:
        found = ports.connections.get(tenant, connection)
    except UnreadableDocument:
        repair_connection(ports, tenant, connection)
        found = ports.connections.get(tenant, connection)
    return begin_disconnect(ports, found)


def advance_disconnect(ports: Ports, command: AdvanceDisconnect) -> None:
    """Do the next chunk: imported events first, then what needs the provider, then all that is left here.

    Every piece may be repeated. A dead grant ends what needs the provider, and nothing else.

    Raises:
        RateLimited: The provider wants us to wait; until when can be read on the connection.
        ProviderUnavailable: The provider could not be asked.
        UnreadableDocument: Something could not be read; the next try finds it repaired.
    """
    with repairing(ports, command.tenant, command.connection):
        _advance(ports, command)


def _advance(ports: Ports, command: AdvanceDisconnect) -> None:
    try:
        connection = ports.connections.get(command.tenant, command.connection)
    except UnknownResource:
        return
    if connection.status is Status.DISCONNECTED:
        # A synchronisation that had not heard of the end may have stored something after it.
        _purge_imports(ports, connection)
        _forget(ports, connection)
    if connection.status is not Status.DISCONNECTING:
        return
    now = ports.clock.now()
    if command.after is None:
        repair_connection(ports, command.tenant, command.connection)
    connection = _purge_imports(ports, connection)
    granted = ports.connections.sealed(command.tenant, command.connection)[0] is not None
    if granted and not _clean_up_provider(ports, connection, command.after):
        return
    connection = _purge_imports(ports, connection)
    _forget(ports, connection)
    lease_end = now + timedelta(seconds=ports.tuning.lease_seconds)
    enqueue_disconnect(ports, connection, cause="last", not_before=lease_end)
    disconnected = connection_news_entry(connection, OutboxKind.DISCONNECTED, now=now)
    update_connection(
        ports,
        command.tenant,
        command.connection,
        lambda current: _disconnected(current, now),
        tasks=[disconnected],
    )
    enqueue_entries(ports, [disconnected])


def _disconnected(connection: Connection, now: datetime) -> Connection:
    """What stays of a connection: whose it was, and the receipt."""
    receipt = connection.receipt or Receipt(started_at=now)
    return replace(
        connection,
        status=Status.DISCONNECTED,
        calendars={},
        dedicated_calendar=None,
        dedicated_pending=False,
        scopes=(),
        receipt=replace(receipt, finished_at=receipt.finished_at or now),
        waiting_until=None,
        error=None,
        doubt=None,
        paused_until=None,
    )


def _clean_up_provider(ports: Ports, connection: Connection, after: str | None) -> bool:
    """Remove what is ours at the provider and give the grant back; False while there is more to do."""
    now = ports.clock.now()
    try:
        connection = _stop_channels(ports, connection)
        connection = _remove_dedicated_calendar(ports, connection)
        last = remove_events(ports, connection, after=after, most=ports.tuning.backfill_chunk)
        if last is not None:
            enqueue_disconnect(ports, connection, cause=f"after/{last}", after=last or None)
            return False
        connection = count_events(ports, connection, reachable=True)
    except GrantRevoked:
        connection = count_events(ports, connection, reachable=False)
    except AccountClosed:
        since = connection.receipt.started_at if connection.receipt else now
        if now < since + CLOSED_GRACE:
            raise
        connection = count_events(ports, connection, reachable=False)
    except SealedForAnother:
        since = connection.receipt.started_at if connection.receipt else now
        if now < since + KEY_GRACE:
            cause = f"sealed/{now.isoformat()}"
            enqueue_disconnect(ports, connection, cause=cause, not_before=since + KEY_GRACE)
            return False
        connection = count_events(ports, connection, reachable=False)
    except RateLimited as limited:
        _note_wait(ports, connection, now + timedelta(seconds=limited.retry_after or LIMITED_WAIT))
        raise
    except UsageExhausted:
        _note_wait(ports, connection, now + EXHAUSTED_WAIT)
        cause = f"exhausted/{now.isoformat()}"
        enqueue_disconnect(ports, connection, cause=cause, after=after, not_before=now + EXHAUSTED_WAIT)
        return False
    _give_grant_back(ports, connection)
    return True


def _note_wait(ports: Ports, connection: Connection, until: datetime) -> None:
    """Show on the connection until when the provider wants us to wait."""
    update_connection(
        ports,
        connection.tenant,
        connection.id,
        lambda current: replace(current, waiting_until=until, error="rate_limited"),
    )


def _stop_channels(ports: Ports, connection: Connection) -> Connection:
    """Stop all push channels while the grant still allows it."""
    for state in ports.sync_states.of_connection(connection.tenant, connection.id):
        if stopped := close_channels(ports, connection, state):
            connection = _note_on_receipt(ports, connection, partial(_add, channels=stopped))
    return connection


def _remove_dedicated_calendar(ports: Ports, connection: Connection) -> Connection:
    """Remove the calendar that Slotbridge made for its exports, with everything in it."""
    if _calendar_removed(connection):
        return connection
    entry = connection.calendars.get(connection.dedicated_calendar or "")
    entry = entry or _unrecorded_calendar(ports, connection)
    if entry is None or _is_written_by_others(ports, connection, entry):
        return connection
    calendar = reference_for_removal(ports, connection, entry)
    provider = ports.providers[connection.provider].calendar
    reserve_requests(ports, connection, units=1, lane=Lane.BACKFILL)
    try:
        authorized(ports, connection, lambda token: provider.delete_calendar(token, calendar))
    except Forbidden:
        return connection
    return _note_on_receipt(ports, connection, lambda receipt: replace(receipt, calendar_removed=True))


def _is_written_by_others(ports: Ports, connection: Connection, entry: CalendarEntry) -> bool:
    """Whether another connection writes its bookings to this calendar too, because its owner shared it."""
    try:
        others = ports.connections.of_tenant(connection.tenant)
    except UnreadableDocument:
        # Whoever it is, it may write there: the calendar stays, and our events in it go one by one.
        return True
    targets = [export_target(other) for other in others if other.id != connection.id and not other.ended]
    return any(target is not None and target.provider_id == entry.provider_id for target in targets)


def _unrecorded_calendar(ports: Ports, connection: Connection) -> CalendarEntry | None:
    """A calendar that was made at the provider and not stored here, because the instance died in between."""
    try:
        return unrecorded_calendar(ports, connection, lane=Lane.BACKFILL)
    except (UnknownResource, UnreadableDocument):
        # It is known by a name that is made of stored ones.
        return None


def _calendar_removed(connection: Connection) -> bool:
    return connection.receipt is not None and connection.receipt.calendar_removed


def remove_events(ports: Ports, connection: Connection, *, after: str | None, most: int) -> str | None:
    """Delete exported events, ours by their link and never others; the last booking reached, None at the end.

    Args:
        ports: Everything outside.
        connection: The connection that is disconnected.
        after: The last booking whose event was dealt with before.
        most: How many events are deleted at most.

    Raises:
        Conflict: Somebody who had not heard of the end yet is writing one of them, or one is not shown yet.
    """
    left, reached = most, after
    while page := ports.bookings.links(connection.tenant, connection.id, after=reached, limit=MOST_ENTRIES):
        for link in page:
            if link.error not in _DEALT_WITH:
                if left == 0:
                    return reached or ""
                left -= 1
                outcome = _remove_event(ports, connection, link)
                ports.bookings.save_link(replace(link, state=LinkState.GONE, error=outcome))
            reached = link.booking
    return None


def _remove_event(ports: Ports, connection: Connection, link: ExportLink) -> str:
    """Delete the event of one link; what became of it."""
    if not _has_event(link):
        return LEFT if link.error == UNREADABLE else ABSENT
    if link.calendar == connection.dedicated_calendar and _calendar_removed(connection):
        return REMOVED
    deleted = delete_unless_shared(
        ports, connection, link, lambda: delete_exported_event(ports, connection, link)
    )
    if deleted is None:
        # Another connection shows the booking by the same event, and keeps it from now on.
        return HANDED_OVER
    return REMOVED if deleted else LEFT


def _has_event(link: ExportLink) -> bool:
    return link.state is not LinkState.GONE and bool(link.event_id)


def count_events(ports: Ports, connection: Connection, *, reachable: bool) -> Connection:
    """Put on the receipt how many events were deleted, and how many had to be left where they are.

    ``reachable`` says whether the provider could be asked.
    """
    links = tuple(all_links(ports, connection))
    deleted = sum(link.error == REMOVED for link in links)
    # A report from before its deletion may let an event look alive once more.
    left = sum(
        link.error in {LEFT, UNREADABLE} or (link.error != REMOVED and _has_event(link)) for link in links
    )
    return _note_on_receipt(
        ports,
        connection,
        lambda receipt: replace(
            receipt, events_deleted=deleted, events_left=left, provider_reachable=reachable
        ),
    )


def _give_grant_back(ports: Ports, connection: Connection) -> None:
    """Revoke the grant, unless the account is connected elsewhere; it is forgotten here in any case."""
    sealed, _ = ports.connections.sealed(connection.tenant, connection.id)
    if sealed is None:
        return
    kept = grant_needed_elsewhere(ports, connection)
    revoked = not kept and _revoke(ports, connection, sealed)
    _note_on_receipt(
        ports,
        connection,
        lambda receipt: replace(receipt, grant_revoked=revoked, grant_kept_for_other_connection=kept),
    )
    ports.connections.save_sealed(connection.tenant, connection.id, None, expected=None)


def _revoke(ports: Ports, connection: Connection, sealed: str) -> bool:
    try:
        grant = ports.vault.open(sealed, tenant=connection.tenant, connection=connection.id)
        return ports.providers[connection.provider].authorizer.revoke(grant)
    except (Stop, UnexpectedReply) as error:
        # Trying again would not help, and the rest must not wait for it: the receipt says so.
        ports.log.warning("grant_not_revoked", connection=connection.id, code=error.reason)
        return False


def _purge_imports(ports: Ports, connection: Connection) -> Connection:
    """Remove all imported events; the channels are still remembered, so that they can be stopped."""
    for state in ports.sync_states.of_connection(connection.tenant, connection.id):
        if removed := remove_imported(ports, connection, state):
            connection = _note_on_receipt(ports, connection, partial(_add, imports=removed))
    return connection


def _forget(ports: Ports, connection: Connection) -> None:
    """Remove the calendars' sync states, all outbox entries and all links."""
    for state in ports.sync_states.of_connection(connection.tenant, connection.id):
        ports.sync_states.delete(state)
    for key in connection.calendars:
        ports.sync_states.delete(CalendarSync(connection.tenant, connection.id, key))
    ports.ledger.done(reminder_entry_id(connection))
    while entries := ports.ledger.outbox_of(connection.tenant, connection.id, MOST_ENTRIES):
        for entry in entries:
            ports.ledger.done(entry.id)
    for link in all_links(ports, connection):
        ports.bookings.delete_link(link)


def _note_on_receipt(
    ports: Ports, connection: Connection, change: Callable[[Receipt], Receipt]
) -> Connection:
    """Store a change of the receipt; whatever was waited for is over."""

    def noted(current: Connection) -> Connection:
        receipt = current.receipt or Receipt(started_at=ports.clock.now())
        return replace(current, receipt=change(receipt), waiting_until=None, error=None)

    return update_connection(ports, connection.tenant, connection.id, noted)


def _add(receipt: Receipt, *, channels: int = 0, imports: int = 0) -> Receipt:
    return replace(
        receipt,
        channels_stopped=receipt.channels_stopped + channels,
        imports_removed=receipt.imports_removed + imports,
    )


def begin_disconnect(ports: Ports, connection: Connection) -> Connection:
    """Like ``start_disconnect``, for a connection that was read already."""
    if connection.status is Status.DISCONNECTED:
        return connection
    now = ports.clock.now()
    # Before the mark as well: a clean-up of a connection that is not marked does nothing.
    enqueue_disconnect(ports, connection, cause=f"later/{ports.keys.token()}", not_before=now + AFTER_COMMIT)

    def marked(current: Connection) -> Connection:
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

    saved = update_connection(ports, connection.tenant, connection.id, marked)
    enqueue_disconnect(ports, saved, cause=f"start/{ports.keys.token()}")
    return saved
