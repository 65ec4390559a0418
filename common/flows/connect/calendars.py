"""Lists an account's calendars again: new ones are added, those that have disappeared are noticed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from common.domain.calendar.connection import CalendarListing, Connection, merge_listing
from common.domain.notify import NoticeKind, new_notice
from common.domain.shared.task_records import RefreshCalendars
from common.domain.shared.tasks import Lane
from common.domain.sync.followed_calendars import followed_calendars
from common.errors import Rejected
from common.flows.shared.calendar_access import all_calendars, reserve_requests
from common.flows.shared.connection_update import update_connection
from common.flows.shared.enqueue import request_sync
from common.flows.shared.tokens import authorized
from common.ports import Ports


def refresh_calendars(ports: Ports, command: RefreshCalendars) -> Connection:
    """Store the calendars that the account shows now; what each is used for stays as it was.

    A calendar that is missing stays in the list until a person decides. Always a full listing: incremental
    ones do not report a role that was taken away.
    https://developers.google.com/workspace/calendar/api/v3/reference/calendarList/list

    Raises:
        Rejected: The connection cannot be used now.
    """
    connection = ports.connections.get(command.tenant, command.connection)
    if not connection.usable and command.scheduled:
        return connection
    if not connection.usable:
        raise Rejected("this connection cannot be used now", code=connection.status.value)
    provider = ports.providers[connection.provider].calendar
    reserve_requests(ports, connection, units=1, lane=Lane.UPKEEP)
    entries = authorized(
        ports,
        connection,
        lambda token: all_calendars(lambda page: provider.list_calendars(token, page=page)),
    )
    now = ports.clock.now()
    listing = merge_listing(connection.calendars, entries, now=now)

    def with_listing(current: Connection) -> Connection:
        add_new = not current.dedicated_pending
        merged = merge_listing(current.calendars, entries, now=now, add_new=add_new)
        return replace(current, calendars=merged.calendars)

    saved = update_connection(ports, command.tenant, command.connection, with_listing)
    _notify_of_lost(ports, saved, listing, now)
    if saved.run is not None:
        for key in set(listing.returned) & set(followed_calendars(saved)):
            request_sync(
                ports,
                tenant=saved.tenant,
                connection=saved.id,
                calendar=key,
                cause=f"returned/{ports.keys.token()}",
            )
    return saved


def _notify_of_lost(ports: Ports, connection: Connection, listing: CalendarListing, now: datetime) -> None:
    """Notify the owner once of each disappearance, of calendars that were in use only."""
    for key in set(listing.gone) & {*followed_calendars(connection), connection.dedicated_calendar}:
        since = listing.calendars[key].missing_since
        ports.ledger.record_notice(
            new_notice(
                NoticeKind.CALENDAR_GONE,
                tenant=connection.tenant,
                cause=f"{connection.id}-{key}-{int(since.timestamp()) if since else 0}",
                at=now,
                connection=connection.id,
            )
        )
        ports.log.warning("calendar_gone", tenant=connection.tenant, connection=connection.id, calendar=key)
