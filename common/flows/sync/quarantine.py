"""Keeps the list of a calendar's items that could not be read as they should be, and notifies its owner."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from common.domain.calendar.sync_state import (
    CalendarSync,
    Quarantined,
    quarantine_after_listing,
    quarantine_after_page,
)
from common.domain.notify import NoticeKind, new_notice
from common.flows.sync.import_events import ImportPlan
from common.ports import Ports


def list_flawed(
    ports: Ports, state: CalendarSync, plan: ImportPlan, *, ended: bool = False
) -> tuple[CalendarSync, Sequence[Quarantined] | None]:
    """The list after a page, or after the end of a full listing, and the state that counts it.

    Both belong into the commit of what was read. None where the list stays as it is.

    Args:
        ports: The outside.
        state: The calendar's state.
        plan: What was read.
        ended: Whether that was the end of a full listing.
    """
    if not plan.quarantined and not state.quarantined:
        return state, None
    before = ports.sync_states.quarantine(state)
    found = [replace(item, generation=state.generation) for item in plan.quarantined]
    after = quarantine_after_page(before, read=plan.read, found=found)
    if ended:
        after = quarantine_after_listing(after, generation=state.generation)
    counted = replace(state, quarantined=len(after))
    return counted, None if after == before and counted == state else after


def notify_flawed(ports: Ports, state: CalendarSync) -> None:
    """Notify the owner of a calendar once of each listed item, of all new ones at once."""
    if not state.quarantined:
        return
    fresh = [item for item in ports.sync_states.quarantine(state) if not item.told]
    if not fresh:
        return
    named = "\n".join(f"{item.id} {item.at.isoformat()}" for item in fresh)
    ports.ledger.record_notice(
        new_notice(
            NoticeKind.EVENTS_UNREADABLE,
            tenant=state.tenant,
            cause=f"{state.connection}-{state.key}-{hashlib.sha256(named.encode()).hexdigest()[:16]}",
            at=ports.clock.now(),
            connection=state.connection,
        )
    )
    ports.sync_states.mark_told(state, {item.id for item in fresh})
    ports.log.warning(
        "events_unreadable",
        tenant=state.tenant,
        connection=state.connection,
        calendar=state.key,
        items=len(fresh),
    )
