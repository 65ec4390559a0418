"""Reads how well a connection works: by the changes that really reached it, never by the jobs that ran."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from common.domain.calendar.connection import Connection, Status
from common.domain.calendar.event import Flaw
from common.domain.calendar.sync_state import CalendarSync, Quarantined
from common.domain.sync.followed_calendars import ChannelState, channel_state, followed_calendars
from common.flows.sync.stalled import run_stalled_since
from common.ports import Ports

MOST_COUNTED = 1_000
# A minute's outage is none: the same patience as before its owner is notified.
PATIENCE = timedelta(minutes=5)
MOST_LISTED = 50


@dataclass(frozen=True, slots=True)
class UnreadableItem:
    """A single event or a series that could not be read as it should be, under the provider's id.

    ``id`` is None for all items of the calendar that have none.
    """

    id: str | None
    reason: Flaw
    since: datetime


@dataclass(frozen=True, slots=True)
class CalendarHealth:
    """How up to date one followed calendar is.

    ``age`` counts from the last change that was really stored; ``behind`` are requests for a synchronisation
    that are not answered yet; ``held`` are deletions that wait for a person. ``quarantined`` counts the items
    of the calendar that could not be read as they should be, ``unreadable`` names up to 50 of them.
    ``stalled_since`` is since when its synchronisation has not come on although the provider did not ask it
    to wait, ``failing_since`` since when it cannot be read. ``channel_error`` is why there is no push
    channel, or why the present one could not be renewed; polling carries on without one.
    """

    key: str
    name: str = field(repr=False)
    last_push_at: datetime | None
    last_applied_at: datetime | None
    age: timedelta | None
    behind: int
    channel: ChannelState
    channel_expires_at: datetime | None
    quarantined: int
    unreadable: tuple[UnreadableItem, ...]
    held: int
    error: str | None
    stalled_since: datetime | None = None
    failing_since: datetime | None = None
    channel_error: str | None = None

    def healthy(self, *, now: datetime, longest: timedelta) -> bool:
        """Whether everything of it arrived, not longer ago than that, and it can be read."""
        if self.age is None or self.age > longest or self.error or self.quarantined or self.held:
            return False
        return self.failing_since is None or now - self.failing_since < PATIENCE


@dataclass(frozen=True, slots=True)
class Health:
    """A connection and its calendars; ``healthy`` only where everything that is wanted really arrives.

    ``waiting_exports`` are counted up to 1,000, and so are ``refused_exports``, those of them whose event the
    provider does not take; ``export_error`` is why, for the oldest of them. ``stalled_since`` is since when
    the first synchronisation or that of a calendar has not come on, whichever stands longer. ``status`` is
    ``unreachable`` while the provider refuses our tokens or none of the calendars can be read;
    ``unreachable_since`` is since when.
    """

    status: Status
    healthy: bool
    error: str | None
    waiting_exports: int
    oldest_export_at: datetime | None
    calendars: tuple[CalendarHealth, ...]
    stalled_since: datetime | None = None
    refused_exports: int = 0
    export_error: str | None = None
    unreachable_since: datetime | None = None


def read_health(ports: Ports, *, tenant: str, connection: str) -> Health:
    """Read how up to date each calendar of a connection is, and what waits to be exported."""
    found = ports.connections.get(tenant, connection)
    now = ports.clock.now()
    stored = {state.key: state for state in ports.sync_states.of_connection(tenant, connection)}
    states = [stored.get(key) or CalendarSync(tenant, connection, key) for key in followed_calendars(found)]
    waiting = ports.ledger.outbox_of(tenant, connection, MOST_COUNTED)
    calendars = tuple(
        _calendar_health(ports, found, state, quarantine, now)
        for state, quarantine in zip(states, ports.sync_states.quarantines(states), strict=True)
    )
    # Two polls missed: whatever ran since then did not get through.
    longest = timedelta(minutes=2 * ports.tuning.poll_minutes)
    standstills = [run_stalled_since(ports, found), *(item.stalled_since for item in calendars)]
    refused = sorted((entry for entry in waiting if entry.error), key=lambda entry: entry.created_at)
    stalled = min(filter(None, standstills), default=None) if found.usable else None
    unreachable = _unreachable_since(found, calendars, now)
    return Health(
        status=Status.UNREACHABLE if unreachable else found.status,
        healthy=found.status is Status.ACTIVE
        and stalled is None
        and not refused
        and unreachable is None
        and all(item.healthy(now=now, longest=longest) for item in calendars),
        error=found.doubt.reason if found.doubt else found.error,
        waiting_exports=len(waiting),
        oldest_export_at=min((entry.created_at for entry in waiting), default=None),
        calendars=calendars,
        stalled_since=stalled,
        refused_exports=len(refused),
        export_error=refused[0].error if refused else None,
        unreachable_since=unreachable,
    )


def _unreachable_since(
    connection: Connection, calendars: Sequence[CalendarHealth], now: datetime
) -> datetime | None:
    """Since when the account refuses our tokens, or none of its calendars can be read."""
    if not connection.usable:
        return None
    if connection.doubt is not None:
        return connection.doubt.since
    failing = [item.failing_since for item in calendars if item.failing_since is not None]
    since = max(failing, default=now)
    return since if len(failing) == len(calendars) and now - since >= PATIENCE else None


def _calendar_health(
    ports: Ports,
    connection: Connection,
    state: CalendarSync,
    quarantine: Sequence[Quarantined],
    now: datetime,
) -> CalendarHealth:
    requested = ports.sync_states.requested(state.tenant, state.connection, state.key)
    applied = state.last_applied_at
    return CalendarHealth(
        key=state.key,
        name=connection.calendars[state.key].name,
        last_push_at=state.last_push_at,
        last_applied_at=applied,
        age=now - applied if applied else None,
        behind=max(0, requested - state.done_request),
        channel=channel_state(state, now=now),
        channel_expires_at=state.channel.expires_at if state.channel else None,
        quarantined=len(quarantine),
        unreadable=tuple(map(_unreadable, quarantine[:MOST_LISTED])),
        held=state.held.missing if state.held and not state.held.released else 0,
        error=_error(ports, state, now),
        stalled_since=state.stalled_since(now) if connection.usable else None,
        failing_since=state.failing_since,
        channel_error=state.push_refused,
    )


def _error(ports: Ports, state: CalendarSync, now: datetime) -> str | None:
    """Why a calendar is not followed as it should be, as a code: also where a part of it is out of range."""
    if state.error or state.given_up or not state.halvings:
        return state.error or state.given_up
    # Hardly any calendar comes here, and whoever only lists connections should not load it.
    from common.domain.sync.windows import rolled  # noqa: PLC0415

    # Where only the pages are smaller, all of it is followed all the same.
    return "narrow_range" if rolled(state.covered, now, months=ports.tuning.months_covered) else None


def _unreadable(item: Quarantined) -> UnreadableItem:
    known = item.reason in set(Flaw)
    return UnreadableItem(item.id or None, Flaw(item.reason) if known else Flaw.NOT_READ, item.at)
