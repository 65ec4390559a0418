"""Changes what a person chose for a connection, and brings what is stored in line with it at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from common.domain.calendar.connection import Connection, Phase, SyncRun
from common.domain.connect.settings_change import Consequences, Patch, check, chosen, consequences, switched
from common.domain.shared.preconditions import NOTHING_DEMANDED, Condition
from common.errors import Conflict, Rejected
from common.flows.shared.enqueue import settle_later, wake_run
from common.flows.sync.settle import withdraw
from common.ports import Ports

TRIES = 5
SECOND_LOOK = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class ChangeSettings:
    """A patch of the settings and of the calendars' switches; what it does not name stays.

    ``condition`` names the settings versions that the person saw, where they said so.
    """

    tenant: str
    connection: str
    settings: Patch = field(default_factory=dict)
    calendars: Mapping[str, bool] = field(default_factory=dict)
    condition: Condition = NOTHING_DEMANDED


def change_settings(ports: Ports, command: ChangeSettings) -> Connection:
    """Store the new choices, remove at once what they no longer allow, and queue what they ask for.

    Raises:
        InvalidRequest: The choices cannot work.
        StaleVersion: Somebody else changed them since the person looked.
        Rejected: The connection has ended.
    """
    for _ in range(TRIES):
        before = ports.connections.get(command.tenant, command.connection)
        now = ports.clock.now()
        after = _chosen(before, command, now)
        if after == before:
            return before
        command.condition.insist(str(before.settings.version))
        found = consequences(before, after)
        # Queued before the change: it also finds what a synchronisation stored that had not heard of it yet.
        _settle(ports, after, found, now=now, later=True)
        try:
            saved = ports.connections.save(after)
        except Conflict:
            continue
        for key in found.settle:
            withdraw(ports, saved, key)
        _settle(ports, saved, found, now=now, later=False)
        if saved.run is not None and saved.run != before.run:
            wake_run(ports, saved, saved.run)
        return saved
    raise Conflict("the connection is being changed too often", code="busy_connection")


def _chosen(before: Connection, command: ChangeSettings, now: datetime) -> Connection:
    if before.ended:
        raise Rejected("this connection has ended", code="disconnected")
    calendars = switched(before.calendars, command.calendars, dedicated=before.dedicated_calendar)
    settings = chosen(before.settings, command.settings)
    check(settings.exports, calendars)
    if calendars != before.calendars and settings == before.settings:
        settings = replace(settings, version=settings.version + 1)
    after = replace(before, calendars=calendars, settings=settings)
    rewrite = consequences(before, after).rewrite and before.run is not None
    return replace(after, run=_again(before.run, after, now)) if rewrite else after


def _again(run: SyncRun | None, after: Connection, now: datetime) -> SyncRun:
    """A run that writes all bookings (again) and mails nobody; one under way starts its export anew."""
    if run is not None and run.running:
        return replace(
            run, seq=run.seq + 1, export_after=None, exports_done=0, exports_failed=0, waiting_until=None
        )
    name = f"{after.id}-v{after.settings.version}"
    return SyncRun(id=name, phase=Phase.COUNTING, seq=0, calendars=(), started_at=now)


def _settle(ports: Ports, after: Connection, found: Consequences, *, now: datetime, later: bool) -> None:
    for key in found.settle:
        settle_later(
            ports,
            tenant=after.tenant,
            connection=after.id,
            calendar=key,
            cause=f"v{after.settings.version}/{int(now.timestamp())}/{'later' if later else 'now'}",
            not_before=now + SECOND_LOOK if later else None,
        )
    if later and after.run is not None and found.rewrite:
        wake_run(ports, after, after.run, not_before=now + SECOND_LOOK, cause="later")
