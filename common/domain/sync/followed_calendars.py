"""Decides which calendars of a connection are read, and why, and whether push still works for them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from common.domain.calendar.connection import CalendarEntry, Connection, Status
from common.domain.calendar.sync_state import CalendarSync


@dataclass(frozen=True, slots=True)
class SyncPurpose:
    """Why a calendar is read: its events are imported, our own events in it are followed, or both."""

    imports: bool
    own: bool

    @property
    def any(self) -> bool:
        """Whether it is read at all."""
        return self.imports or self.own


def export_target(connection: Connection) -> CalendarEntry | None:
    """The calendar that bookings are written to; None while there is none."""
    exports = connection.settings.exports
    if exports.dedicated:
        key = connection.dedicated_calendar
        return connection.calendars.get(key) if key else None
    if exports.target is not None:
        return connection.calendars.get(exports.target)
    return connection.default_calendar


def purpose_of(connection: Connection, key: str) -> SyncPurpose:
    """What one calendar of a connection is read for, if at all."""
    settings, entry = connection.settings, connection.calendars.get(key)
    if entry is None or not connection.usable:
        return SyncPurpose(imports=False, own=False)
    target = export_target(connection)
    ours = key in connection.moved_to or (target is not None and target.key == key)
    return SyncPurpose(imports=connection.imports(entry), own=settings.exports.on and ours)


class ChannelState(StrEnum):
    """Whether the provider's push messages about a calendar reach us.

    Attributes:
        LIVE: The channel has reported at least once.
        UNVERIFIED: The channel is open, but nothing came from it yet.
        EXPIRED: The channel's life is over.
        MISSING: There is no channel.
        UNSUPPORTED: This calendar cannot push.
        REFUSED: The provider refused to open a channel; it is asked again, and polling carries on meanwhile.
    """

    LIVE = "live"
    UNVERIFIED = "unverified"
    EXPIRED = "expired"
    MISSING = "missing"
    UNSUPPORTED = "unsupported"
    REFUSED = "refused"


# The code of a refusal because of what the calendar is: generated ones have no push messages.
PUSH_UNSUPPORTED = "push_unsupported"


@dataclass(frozen=True, slots=True)
class CalendarNeeds:
    """What a connection lacks, by keys of calendars.

    Attributes:
        sync: Calendars that are followed but were never read, or whose push channel is lost.
        settle: Calendars that are not followed any more, but of which something is still stored.
    """

    sync: tuple[str, ...] = ()
    settle: tuple[str, ...] = ()


def imported_calendars(connection: Connection) -> tuple[str, ...]:
    """The calendars whose events are copied, whether the provider can be asked at the moment or not."""
    return tuple(key for key in sorted(connection.calendars) if _purpose_when_usable(connection, key).imports)


def followed_calendars(connection: Connection) -> tuple[str, ...]:
    """The calendars whose changes are followed: what is imported, and where our bookings are written.

    Owners edit exported bookings in the target calendar, and wherever they move them, so these are followed
    even where nothing is imported.
    """
    return tuple(key for key in sorted(connection.calendars) if _purpose_when_usable(connection, key).any)


def _purpose_when_usable(connection: Connection, key: str) -> SyncPurpose:
    if connection.ended:
        return SyncPurpose(imports=False, own=False)
    # A dead grant changes nothing about what shall be kept.
    return purpose_of(replace(connection, status=Status.ACTIVE), key)


def channel_state(state: CalendarSync, *, now: datetime) -> ChannelState:
    """Whether changes of this calendar reach us by push."""
    if state.channel is None and state.push_refused is not None:
        unsupported = state.push_refused == PUSH_UNSUPPORTED
        return ChannelState.UNSUPPORTED if unsupported else ChannelState.REFUSED
    if state.channel is None:
        return ChannelState.MISSING
    if state.channel.expires_at <= now:
        return ChannelState.EXPIRED
    return ChannelState.LIVE if state.channel.verified_at else ChannelState.UNVERIFIED


# So many deltas in a row that brought changes without a push message are no delay: the channel is dead.
MOST_UNANNOUNCED = 3


def unannounced_after(state: CalendarSync, *, changed: bool) -> int:
    """How many deltas in a row brought changes that no push message had announced, after one more delta.

    A channel that its provider has forgotten says nothing; only what it did not announce shows that.

    Args:
        state: The state before that delta.
        changed: Whether the delta brought any change.
    """
    pushed, applied = state.last_push_at, state.last_applied_at
    if state.channel is None or (pushed is not None and (applied is None or pushed >= applied)):
        return 0
    return state.unannounced + changed


def channel_lost(state: CalendarSync, *, now: datetime) -> bool:
    """Whether a calendar that should push has no channel that could."""
    return channel_state(state, now=now) in {ChannelState.MISSING, ChannelState.EXPIRED}


def calendar_needs(
    connection: Connection, states: tuple[CalendarSync, ...], *, now: datetime
) -> CalendarNeeds:
    """Compare what a synchronising connection should have with what is stored of it."""
    wanted = followed_calendars(connection)
    have = {state.key: state for state in states}
    return CalendarNeeds(
        sync=tuple(key for key in wanted if key not in have or channel_lost(have[key], now=now)),
        settle=tuple(sorted(set(have) - set(wanted))),
    )
