"""Takes an exported event out of its owner's calendar for good, and mails nobody."""

from __future__ import annotations

from common.domain.account import CalendarRef, Connection
from common.domain.booking import ExportLink
from common.domain.work import Lane
from common.errors import CalendarGone, Forbidden
from common.flows.steps.access import authorized
from common.flows.steps.closing import NOWHERE, parting
from common.flows.steps.missing import need_shown
from common.flows.steps.pacing import pace
from common.ports import Ports


def take_away(ports: Ports, connection: Connection, link: ExportLink) -> bool:
    """Delete the event; False where the calendar is closed to us, so that it had to be left.

    Raises:
        Conflict: It is not shown yet and may be there all the same.
    """
    entry = connection.calendars.get(link.calendar)
    calendar = parting(ports, connection, entry) if entry else CalendarRef(link.calendar_id, zone=NOWHERE)
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
        return True
    except Forbidden:
        return False
    return True
