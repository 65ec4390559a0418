"""Says what a first synchronisation would do, before it does anything."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from common.domain.account import Connection
from common.domain.backfill import colliding, stretches
from common.domain.booking import Booking
from common.domain.interval import Interval
from common.domain.limitations import LIMITATIONS, Limitation
from common.domain.quota import Volume, paced_rate, seconds
from common.domain.work import Lane
from common.errors import CalendarGone, Forbidden, Rejected
from common.flows.steps.backfill import all_bookings, invitations, unlinked
from common.flows.steps.pacing import PROJECT_SHARDS
from common.flows.steps.reading import Reading, open_reading
from common.flows.steps.volume import events_in, taken
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class PreviewSync:
    """For which connection."""

    tenant: str
    connection: str


@dataclass(frozen=True, slots=True)
class CalendarCount:
    """How many events one calendar would bring; with an ``error`` it cannot be read."""

    key: str
    name: str = field(repr=False)
    events: int
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Preview:
    """What would happen, and in about how many seconds.

    ``conflicts`` are bookings at times that are taken in an external calendar, looked for until
    ``conflicts_until``; None where a calendar cannot be asked. ``invitations`` is the number that has to be
    acknowledged before anybody is mailed. ``limitations`` is what this provider cannot do.
    """

    exports: int
    imports: int
    conflicts: int | None
    conflicts_until: datetime | None
    invitations: int
    seconds: int
    calendars: tuple[CalendarCount, ...]
    limitations: tuple[Limitation, ...] = ()


def preview_sync(ports: Ports, command: PreviewSync) -> Preview:
    """Count what would be exported, imported and mailed, and what collides; nothing is changed.

    Raises:
        Rejected: The connection cannot be used now.
        RateLimited: The account's limit is used up at the moment.
        ProviderUnavailable: The provider could not be asked.
    """
    connection = ports.connections.get(command.tenant, command.connection)
    if not connection.usable:
        raise Rejected("this connection cannot be used now", code=connection.status.value)
    now = ports.clock.now()
    exporting = connection.settings.exports.on
    bookings = all_bookings(ports, connection, since=now)
    new = unlinked(ports, connection, bookings) if exporting else ()
    counts = tuple(_counted(ports, connection))
    looked = stretches(bookings, now=now)
    imports = sum(item.events for item in counts)
    return Preview(
        exports=len(new),
        imports=imports,
        conflicts=_conflicts(ports, connection, bookings, looked),
        conflicts_until=looked[-1].end if looked else None,
        invitations=invitations(ports, connection, new),
        seconds=seconds(
            Volume(calendars=len(counts), imports=imports, exports=len(new)),
            per_minute=_rate(ports, connection),
        ),
        calendars=counts,
        limitations=LIMITATIONS[connection.provider],
    )


def _counted(ports: Ports, connection: Connection) -> list[CalendarCount]:
    found: list[CalendarCount] = []
    for entry in connection.enabled_calendars:
        reading = open_reading(
            ports, tenant=connection.tenant, connection=connection.id, key=entry.key, lane=Lane.SYNC
        )
        if reading is not None and reading.wanted.imports:
            found.append(_count(ports, reading))
    return found


def _count(ports: Ports, reading: Reading) -> CalendarCount:
    entry = reading.entry
    try:
        return CalendarCount(entry.key, entry.name, events_in(ports, reading))
    except (CalendarGone, Forbidden) as refused:
        return CalendarCount(entry.key, entry.name, 0, refused.reason)


def _conflicts(
    ports: Ports, connection: Connection, bookings: tuple[Booking, ...], looked: tuple[Interval, ...]
) -> int | None:
    try:
        return colliding(bookings, taken(ports, connection, looked), looked)
    except (CalendarGone, Forbidden):
        return None


def _rate(ports: Ports, connection: Connection) -> float:
    own, shared = ports.tuning.per_minute(connection.provider)
    return paced_rate(
        user_per_minute=own,
        project_per_minute=shared,
        shards=PROJECT_SHARDS,
        share=ports.tuning.backfill_share,
    )
