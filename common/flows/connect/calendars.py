"""Lists an account's calendars again: new ones are added, those that have disappeared are noticed."""

from __future__ import annotations

from common.domain.calendar.connection import Connection
from common.domain.shared.task_records import RefreshCalendars
from common.domain.shared.tasks import Lane
from common.errors import Rejected
from common.flows.shared.calendar_listing import list_calendars_anew
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
    return list_calendars_anew(ports, connection, lane=Lane.UPKEEP)
