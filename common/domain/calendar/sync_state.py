"""The state of one calendar's synchronisation: cursor, lease, channel, covered range, breaker."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from common.domain.calendar.connection import CalendarEntry
    from common.domain.calendar.event import Change, ExternalEvent
    from common.domain.calendar.interval import Interval


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where the next page continues.

    A snapshot lists everything from ``window`` on; a delta continues ``token`` (Google's sync token,
    Graph's delta link). ``page`` is the provider's page token within either.
    """

    snapshot: bool
    window: Interval
    token: str | None = field(default=None, repr=False)
    page: str | None = field(default=None, repr=False)

    @staticmethod
    def start(window: Interval) -> Cursor:
        """The beginning of a full listing of ``window``."""
        return Cursor(snapshot=True, window=window)


@dataclass(frozen=True, slots=True)
class ChangePage:
    """One page of a feed; ``snapshot`` says that after the last page what was not listed is suspect."""

    changes: tuple[Change, ...]
    next: Cursor
    last: bool
    snapshot: bool


@dataclass(frozen=True, slots=True)
class OccurrencePage:
    """One page of a series' occurrences."""

    events: tuple[ExternalEvent, ...]
    unreadable: int = 0
    page: str | None = None


@dataclass(frozen=True, slots=True)
class CalendarPage:
    """One page of the account's calendars."""

    entries: tuple[CalendarEntry, ...]
    page: str | None = None


@dataclass(frozen=True, slots=True)
class Channel:
    """A live push channel or subscription, with the life that the provider returned."""

    id: str
    resource_id: str = field(repr=False)
    expires_at: datetime
    created_at: datetime
    verified_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Held:
    """The breaker's finding: too much vanished at once; nothing is deleted until a person says so."""

    missing: int
    known: int
    since: datetime
    released: bool = False


@dataclass(frozen=True, slots=True)
class CalendarSync:
    """Everything that one calendar's synchronisation remembers between two tasks.

    ``generation`` counts full listings: what a finished listing did not stamp is swept.
    ``done_request`` is the wake-up number that the last finished pass had seen.
    ``fields`` names what is asked of the provider; another value needs a new listing.
    ``failing_since`` is when looks began to fail, None once one succeeds.
    """

    tenant: str
    connection: str
    key: str
    cursor: Cursor | None = None
    generation: int = 0
    done_request: int = 0
    lease_holder: str | None = None
    lease_until: datetime | None = None
    covered: Interval | None = None
    fields: str | None = None
    channel: Channel | None = None
    old_channels: tuple[Channel, ...] = ()
    push_unsupported: bool = False
    units: int = 0
    listed: int = 0
    quarantined: int = 0
    sweeping: bool = False
    held: Held | None = None
    listings: tuple[datetime, ...] = ()
    last_push_at: datetime | None = None
    last_applied_at: datetime | None = None
    poll_at: datetime | None = None
    renew_at: datetime | None = None
    error: str | None = None
    failing_since: datetime | None = None
    version: str | None = None


@dataclass(frozen=True, slots=True)
class Quarantined:
    """One poison event that was set aside so that its page could go on."""

    id: str
    reason: str
    at: datetime
