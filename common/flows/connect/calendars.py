"""Lists an account's calendars again: new ones appear, lost ones are noticed."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from common.domain.calendar.connection import CalendarEntry, Connection
from common.domain.connect.calendar_list import Relisting, relisted
from common.domain.notify import Notice, NoticeKind
from common.domain.shared.task_records import RefreshCalendars
from common.domain.shared.tasks import Lane
from common.domain.sync.upkeep import watched
from common.errors import Rejected
from common.flows.shared.calendar_access import all_calendars, pace
from common.flows.shared.connection_update import update_connection
from common.flows.shared.enqueue import wake_calendar
from common.flows.shared.tokens import authorized
from common.ports import Ports


def refresh_calendars(ports: Ports, command: RefreshCalendars) -> Connection:
    """Store what the account shows now; switches stay, and what is missing stays until a person decides.

    Always a full listing: incremental ones do not report a role that was taken away.
    https://developers.google.com/workspace/calendar/api/v3/reference/calendarList/list

    Raises:
        Rejected: The connection cannot be used now.
    """
    connection = ports.connections.get(command.tenant, command.connection)
    if not connection.usable and command.scheduled:
        return connection
    if not connection.usable:
        raise Rejected("this connection cannot be used now", code=connection.status.value)
    listed = _listed(ports, connection)
    now = ports.clock.now()
    before = relisted(connection.calendars, listed, now=now)

    def refreshed(current: Connection) -> Connection:
        return replace(
            current,
            calendars=relisted(
                current.calendars, listed, now=now, admit=not current.dedicated_pending
            ).calendars,
        )

    saved = update_connection(ports, command.tenant, command.connection, refreshed)
    _tell_gone(ports, saved, before, now)
    if saved.run is not None:
        for key in set(before.returned) & set(watched(saved)):
            wake_calendar(ports, saved, key, cause=f"returned/{ports.keys.token()}")
    return saved


def _listed(ports: Ports, connection: Connection) -> tuple[CalendarEntry, ...]:
    provider = ports.providers[connection.provider].calendar
    pace(ports, connection, units=1, lane=Lane.UPKEEP)
    return authorized(
        ports,
        connection,
        lambda token: all_calendars(lambda page: provider.list_calendars(token, page=page)),
    )


def _tell_gone(ports: Ports, connection: Connection, relisting: Relisting, now: datetime) -> None:
    """Tell the owner once per disappearance, of calendars that were in use only."""
    for key in set(relisting.gone) & {*watched(connection), connection.dedicated_calendar}:
        since = relisting.calendars[key].missing_since
        ports.ledger.record_notice(
            Notice(
                id=f"gone-{connection.id}-{key}-{int(since.timestamp()) if since else 0}",
                tenant=connection.tenant,
                kind=NoticeKind.CALENDAR_GONE,
                at=now,
                connection=connection.id,
            )
        )
        ports.log.warning("calendar_gone", tenant=connection.tenant, connection=connection.id, calendar=key)
