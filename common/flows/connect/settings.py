"""Changes what a person chose for a connection, and brings what is stored in line with it at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from common.domain.calendar.connection import CalendarUse, Connection, Phase, SyncRun
from common.domain.connect.settings_change import (
    Consequences,
    Patch,
    check_exports,
    consequences,
    patched,
    with_uses,
)
from common.domain.shared.concurrency import NOTHING_DEMANDED, Condition, retry_conflicts
from common.errors import SCOPE_MISSING, Rejected
from common.flows.shared.connection_update import AFTER_COMMIT
from common.flows.shared.enqueue import enqueue_run_chunk, enqueue_settle, enqueue_waiting_exports
from common.flows.sync.settle import remove_disallowed
from common.ports import Ports


def change_settings(
    ports: Ports,
    *,
    tenant: str,
    connection: str,
    settings: Patch | None = None,
    calendars: Mapping[str, CalendarUse] | None = None,
    condition: Condition = NOTHING_DEMANDED,
) -> Connection:
    """Store new choices, remove at once what they no longer allow, and queue what they ask for.

    Args:
        ports: Everything outside.
        tenant: Whose connection it is.
        connection: The connection's id.
        settings: The settings that change; what is not named stays.
        calendars: What calendars are used for from now on, by their keys.
        condition: The versions of the settings that the person saw, where they said so.

    Raises:
        InvalidRequest: The choices cannot work.
        StaleVersion: Somebody else changed them since the person looked.
        Rejected: The connection has ended, or its owner did not permit what is chosen (``scope_missing``).
    """

    def change() -> tuple[Connection, Connection]:
        before = ports.connections.get(tenant, connection)
        after = _with_choices(before, settings or {}, calendars or {}, ports.clock.now())
        _check_permitted(ports, before, after)
        if after == before:
            return before, before
        condition.insist(str(before.settings.version))
        # It also finds what a synchronisation stores that has not heard of the change yet.
        _enqueue_settling(ports, after, consequences(before, after), after_commit=True)
        return before, ports.connections.save(after)

    before, saved = retry_conflicts(
        change, message="the connection is being changed too often", code="busy_connection"
    )
    if saved == before:
        return saved
    found = consequences(before, saved)
    for key in found.settle:
        remove_disallowed(ports, saved, key)
    _enqueue_settling(ports, saved, found, after_commit=False)
    if saved.run is not None and saved.run != before.run:
        enqueue_run_chunk(ports, saved, saved.run)
        # What was refused may be taken under other settings.
        enqueue_waiting_exports(ports, saved, cause=f"v{saved.settings.version}")
    return saved


def _with_choices(
    before: Connection, settings: Patch, uses: Mapping[str, CalendarUse], now: datetime
) -> Connection:
    """The connection with the new choices; where bookings must be written again, with a run that does it."""
    if before.ended:
        raise Rejected("this connection has ended", code="disconnected")
    calendars = with_uses(before.calendars, uses, dedicated=before.dedicated_calendar)
    changed = patched(before.settings, settings)
    check_exports(changed.exports, calendars)
    if calendars != before.calendars and changed == before.settings:
        changed = replace(changed, version=changed.version + 1)
    after = replace(before, calendars=calendars, settings=changed)
    rewrite = consequences(before, after).rewrite and before.run is not None
    return replace(after, run=_rewriting_run(before.run, after, now)) if rewrite else after


def _check_permitted(ports: Ports, before: Connection, after: Connection) -> None:
    """Refuse a calendar of our own where its owner did not tick that box; everything else goes on as it is.

    Raises:
        Rejected: A new consent is needed first (``scope_missing``).
    """
    made = before.dedicated_calendar is not None or before.settings.exports.dedicated
    if made or not after.settings.exports.dedicated or not before.scopes:
        return
    if not ports.providers[before.provider].authorizer.can_make_calendars(before.scopes):
        raise Rejected(
            "the owner did not permit a calendar of its own for bookings; begin a new consent for this"
            f" connection first (POST /connections with the connection {before.id})",
            code=SCOPE_MISSING,
        )


def _rewriting_run(run: SyncRun | None, after: Connection, now: datetime) -> SyncRun:
    """A run that writes all bookings (again) and mails nobody; one under way starts its export anew."""
    if run is not None and run.running:
        return replace(
            run, seq=run.seq + 1, export_after=None, exports_done=0, exports_failed=0, waiting_until=None
        )
    name = f"{after.id}-v{after.settings.version}"
    return SyncRun(id=name, phase=Phase.COUNTING, seq=0, calendars=(), started_at=now)


def _enqueue_settling(ports: Ports, after: Connection, found: Consequences, *, after_commit: bool) -> None:
    """Queue what follows from a change: at once, or so that it surely runs after the change is stored."""
    now = ports.clock.now()
    for key in found.settle:
        enqueue_settle(
            ports,
            tenant=after.tenant,
            connection=after.id,
            calendar=key,
            cause=f"v{after.settings.version}/{int(now.timestamp())}/{'later' if after_commit else 'now'}",
            not_before=now + AFTER_COMMIT if after_commit else None,
        )
    if after_commit and after.run is not None and found.rewrite:
        enqueue_run_chunk(ports, after, after.run, not_before=now + AFTER_COMMIT, cause="later")
