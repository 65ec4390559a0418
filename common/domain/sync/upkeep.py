"""Decides what a connection's calendars need: to be watched, polled, settled, or left alone."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from common.domain.calendar.connection import Connection, Status
from common.domain.calendar.sync_state import CalendarSync, Held
from common.domain.sync.imported_events import SyncPurpose, wanted
from common.domain.sync.push import Cause


class ChannelState(StrEnum):
    """Whether push works for a calendar."""

    LIVE = "live"
    UNVERIFIED = "unverified"
    EXPIRED = "expired"
    MISSING = "missing"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Later:
    """One more look after the one that a provider asked for: its reason, and from when on it may run.

    All that are asked for within ``bucket`` share one.
    """

    reason: str
    bucket: int
    not_before: datetime


# Most changes can be read within a minute, the rest within three:
# https://learn.microsoft.com/graph/change-notifications-overview#latency
_LATER = {
    Cause.CHANGED.value: ("second", timedelta(seconds=15), timedelta(seconds=30)),
    Cause.MISSED.value: ("second", timedelta(seconds=15), timedelta(seconds=30)),
    Cause.REMOVED.value: ("second", timedelta(seconds=15), timedelta(seconds=30)),
    "second": ("third", timedelta(minutes=1), timedelta(minutes=2)),
}
# An event on its way between two calendars is in neither for a moment.
LAGGING_GRACE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Needs:
    """What was found wanting in a connection, by keys of calendars.

    ``look`` are followed but were never looked at, or have no channel any more; ``settle`` are not followed
    any more, but something of them is still there.
    """

    look: tuple[str, ...] = ()
    settle: tuple[str, ...] = ()


def imported(connection: Connection) -> tuple[str, ...]:
    """The calendars whose events are copied, whether the provider can be asked at the moment or not."""
    return tuple(key for key in sorted(connection.calendars) if _wanted(connection, key).imports)


def watched(connection: Connection) -> tuple[str, ...]:
    """The calendars whose changes are followed: what is imported, and where our bookings are written.

    Owners edit exported bookings in the target calendar, so it is followed even where nothing is imported.
    """
    return tuple(key for key in sorted(connection.calendars) if _wanted(connection, key).any)


def _wanted(connection: Connection, key: str) -> SyncPurpose:
    if connection.ended:
        return SyncPurpose(imports=False, own=False)
    # A dead grant changes nothing about what shall be kept.
    return wanted(replace(connection, status=Status.ACTIVE), key)


def channel_state(feed: CalendarSync, *, now: datetime) -> ChannelState:
    """Whether changes of this calendar reach us by push."""
    if feed.push_unsupported:
        return ChannelState.UNSUPPORTED
    if feed.channel is None:
        return ChannelState.MISSING
    if feed.channel.expires_at <= now:
        return ChannelState.EXPIRED
    return ChannelState.LIVE if feed.channel.verified_at else ChannelState.UNVERIFIED


def lost(feed: CalendarSync, *, now: datetime) -> bool:
    """Whether a calendar that should push has no channel that could."""
    return channel_state(feed, now=now) in {ChannelState.MISSING, ChannelState.EXPIRED}


def leased(feed: CalendarSync, *, now: datetime) -> bool:
    """Whether somebody is working on this calendar at the moment."""
    return feed.lease_until is not None and feed.lease_until > now


def needs(connection: Connection, feeds: tuple[CalendarSync, ...], *, now: datetime) -> Needs:
    """Compare what a synchronising connection should have with what it has."""
    wanted = watched(connection)
    have = {feed.key: feed for feed in feeds}
    return Needs(
        look=tuple(key for key in wanted if key not in have or lost(have[key], now=now)),
        settle=tuple(sorted(set(have) - set(wanted))),
    )


def later(reason: str, *, now: datetime) -> Later | None:
    """The look that follows a look for ``reason``; the chain ends after two more."""
    if reason not in _LATER:
        return None
    name, share, pause = _LATER[reason]
    number = bucket(now, seconds=int(share.total_seconds()))
    end = datetime.fromtimestamp((number + 1) * share.total_seconds(), tz=UTC)
    return Later(name, number, end + pause)


def next_poll(now: datetime, *, minutes: int, seed: str) -> datetime:
    """A poll interval later, give or take a fifth: calendars spread out instead of marching in step."""
    return now + timedelta(minutes=minutes) * (0.8 + 0.4 * dice(f"{seed}:{bucket(now, seconds=60)}"))


def overdue(feed: CalendarSync, *, now: datetime, minutes: int) -> float:
    """How many seconds longer than a poll interval ago a calendar was last read.

    Nothing for one that was never read, and for one that only its owner can help, who was told.
    """
    if feed.last_applied_at is None or feed.error is not None:
        return 0.0
    return max(0.0, (now - feed.last_applied_at).total_seconds() - minutes * 60)


def bucket(now: datetime, *, seconds: int, seed: str = "") -> int:
    """The number of the time bucket that an instant is in; part of task names.

    With a ``seed``, buckets begin at a time of their own: what is done daily is not done at midnight by all.
    """
    shift = int(dice(seed) * seconds) if seed else 0
    return (int(now.timestamp()) + shift) // seconds


def dice(seed: str) -> float:
    """A number in [0, 1) that depends on ``seed`` only."""
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:6]) / float(1 << 48)


ALWAYS_FINE = 10
SHARE = 0.2


def held(*, missing: int, known: int, now: datetime) -> Held | None:
    """What to hold when ``missing`` of ``known`` future items are not there any more; None: go on.

    Small numbers never trip: a person who clears a day must not need anybody's help.
    """
    if missing <= max(ALWAYS_FINE, known * SHARE):
        return None
    return Held(missing=missing, known=known, since=now)
