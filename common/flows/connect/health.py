"""Tells how well a connection works: by what reached it last, never by what ran last."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from common.domain.calendar.connection import Connection, Status
from common.domain.calendar.sync_state import CalendarSync
from common.domain.sync.upkeep import ChannelState, channel_state, watched
from common.ports import Ports

MOST_COUNTED = 1_000


@dataclass(frozen=True, slots=True)
class ReadHealth:
    """Of which connection."""

    tenant: str
    connection: str


@dataclass(frozen=True, slots=True)
class CalendarHealth:
    """One followed calendar.

    ``age`` counts from the last change that was really stored; ``behind`` are requests to look that are not
    answered yet; ``held`` are deletions that wait for a person.
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
    held: int
    error: str | None


@dataclass(frozen=True, slots=True)
class Health:
    """A connection and its calendars; ``healthy`` only where everything that is wanted really arrives.

    ``waiting_exports`` are counted up to 1,000.
    """

    status: Status
    healthy: bool
    error: str | None
    waiting_exports: int
    oldest_export_at: datetime | None
    calendars: tuple[CalendarHealth, ...]


def read_health(ports: Ports, command: ReadHealth) -> Health:
    """Read how up to date each calendar is, and what waits to be exported."""
    connection = ports.connections.get(command.tenant, command.connection)
    now = ports.clock.now()
    feeds = {feed.key: feed for feed in ports.sync_states.of_connection(command.tenant, command.connection)}
    waiting = ports.ledger.outbox_of(command.tenant, command.connection, MOST_COUNTED)
    calendars = tuple(
        _calendar(
            ports, connection, feeds.get(key) or CalendarSync(command.tenant, command.connection, key), now
        )
        for key in watched(connection)
    )
    # Two polls missed: whatever ran since then did not get through.
    longest = timedelta(minutes=2 * ports.tuning.poll_minutes)
    return Health(
        status=connection.status,
        healthy=connection.status is Status.ACTIVE
        and all(item.age is not None and item.age <= longest and not item.error for item in calendars),
        error=connection.error,
        waiting_exports=len(waiting),
        oldest_export_at=min((entry.created_at for entry in waiting), default=None),
        calendars=calendars,
    )


def _calendar(ports: Ports, connection: Connection, feed: CalendarSync, now: datetime) -> CalendarHealth:
    requested = ports.sync_states.requested(feed.tenant, feed.connection, feed.key)
    applied = feed.last_applied_at
    return CalendarHealth(
        key=feed.key,
        name=connection.calendars[feed.key].name,
        last_push_at=feed.last_push_at,
        last_applied_at=applied,
        age=now - applied if applied else None,
        behind=max(0, requested - feed.done_request),
        channel=channel_state(feed, now=now),
        channel_expires_at=feed.channel.expires_at if feed.channel else None,
        quarantined=feed.quarantined,
        held=feed.held.missing if feed.held and not feed.held.released else 0,
        error=feed.error,
    )
