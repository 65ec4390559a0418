"""Looks for events that vanished from a calendar in the account's others, which may not report them."""

from __future__ import annotations

from collections.abc import Sequence

from common.domain.calendar.connection import CalendarEntry
from common.domain.calendar.event import Detail, ExternalEvent
from common.domain.calendar.sync_state import PendingKind, PendingUnit
from common.domain.shared.concurrency import retry_conflicts
from common.domain.sync.followed_calendars import imported_calendars
from common.errors import CalendarGone, Forbidden, UnexpectedReply
from common.flows.shared.calendar_access import CalendarAccess, ask, reference
from common.flows.shared.enqueue import request_sync
from common.flows.sync.import_events import ImportPlan
from common.ports import Ports

# Where more vanish at once, the other calendars are listed anew instead.
MOST_SOUGHT = 20


def find_moved_events(ports: Ports, access: CalendarAccess, plan: ImportPlan) -> None:
    """Have the account's other calendars take in what was moved there from this one.

    Before the events' times are freed here, so that they are never offered in between. A listing needs none
    of this: the other calendars are listed as often.

    Raises:
        Retry: It is not possible now.
    """
    connection = access.connection
    if not ports.providers[connection.provider].calendar.abilities.moves_silently:
        return
    gone = plan.vanished(ports.clock.now())
    keys = [key for key in imported_calendars(connection) if key != access.entry.key] if gone else []
    for entry in (connection.calendars[key] for key in keys):
        if len(gone) > MOST_SOUGHT:
            _take_in(ports, access, entry, None)
        elif there := [unit for unit in gone if _is_there(ports, access, entry, unit)]:
            _take_in(ports, access, entry, there)


def _is_there(ports: Ports, access: CalendarAccess, entry: CalendarEntry, unit: str) -> bool:
    calendar = reference(ports, access.connection, entry)
    try:
        found = ask(
            ports,
            access,
            lambda provider, token: provider.find_event(token, calendar, unit, detail=Detail.TIMES),
        )
    except (CalendarGone, Forbidden, UnexpectedReply):
        # Of a calendar that cannot be read the copy is not complete anyway.
        return False
    return isinstance(found, ExternalEvent)


def _take_in(ports: Ports, access: CalendarAccess, entry: CalendarEntry, units: Sequence[str] | None) -> None:
    """Have another calendar read these units, or, without any, listed anew."""
    connection = access.connection

    def note() -> None:
        state = ports.sync_states.get(connection.tenant, connection.id, entry.key)
        if state.cursor is None:
            return
        if units is None:
            ports.sync_states.save(state.without_cursor())
        else:
            pending = (PendingUnit(unit, PendingKind.EVENT) for unit in units)
            ports.sync_states.save(state.with_pending((), pending))

    retry_conflicts(note, message="this calendar is being synchronised", code="busy_calendar")
    request_sync(
        ports,
        tenant=connection.tenant,
        connection=connection.id,
        calendar=entry.key,
        cause=f"moved/{ports.keys.token()}",
    )
