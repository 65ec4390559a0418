"""Decides when a calendar is read again without a new push message: polls and follow-ups."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from common.domain.calendar.sync_state import ABSENT_FOR, ABSENT_PAUSE, CalendarSync
from common.domain.sync.push import Cause


@dataclass(frozen=True, slots=True)
class FollowUp:
    """One more sync after the one that a provider asked for: its reason, and from when on it may run.

    All that are asked for within the time bucket of number ``bucket`` share one.
    """

    reason: str
    bucket: int
    not_before: datetime


# Most changes can be read within a minute, the rest within three:
# https://learn.microsoft.com/graph/change-notifications-overview#latency
_FOLLOW_UPS = {
    Cause.CHANGED.value: ("second", timedelta(seconds=15), timedelta(seconds=30)),
    Cause.MISSED.value: ("second", timedelta(seconds=15), timedelta(seconds=30)),
    Cause.REMOVED.value: ("second", timedelta(seconds=15), timedelta(seconds=30)),
    "second": ("third", timedelta(minutes=1), timedelta(minutes=2)),
}
# Where changes are readable late, an event moved to another calendar is in neither of the two for a moment.
LAGGING_GRACE = timedelta(seconds=30)


LONGEST_PAUSE = timedelta(days=1)


def absence_proven_after(*, lags: bool) -> timedelta:
    """How far two looks for an event are apart that both do not find it, before it counts as gone.

    ``lags`` says that the provider shows changes late.
    """
    return ABSENT_FOR if lags else ABSENT_PAUSE


def next_look(since: datetime, now: datetime) -> datetime:
    """When to look again for what is sought in vain ``since`` then: ever more rarely, at least once a day."""
    return now + min(max(ABSENT_FOR, now - since), LONGEST_PAUSE)


def follow_up(reason: str, *, now: datetime) -> FollowUp | None:
    """The sync that follows a sync for ``reason``; None where the chain ends, after two more."""
    if reason not in _FOLLOW_UPS:
        return None
    name, share, pause = _FOLLOW_UPS[reason]
    number = time_bucket(now, seconds=int(share.total_seconds()))
    end = datetime.fromtimestamp((number + 1) * share.total_seconds(), tz=UTC)
    return FollowUp(name, number, end + pause)


def next_poll(now: datetime, *, minutes: int, seed: str) -> datetime:
    """A poll interval of ``minutes`` later, give or take a fifth, so that calendars are spread out.

    ``seed`` decides the deviation: the same seed in the same minute has the same one.
    """
    return now + timedelta(minutes=minutes) * (
        0.8 + 0.4 * hashed_fraction(f"{seed}:{time_bucket(now, seconds=60)}")
    )


def overdue(state: CalendarSync, *, now: datetime, minutes: int) -> float:
    """How many seconds longer than a poll interval ago a calendar was last read.

    0 for one that was never read, and for one that only its owner can help, who has been notified.
    """
    if state.last_applied_at is None or state.error is not None:
        return 0.0
    return max(0.0, (now - state.last_applied_at).total_seconds() - minutes * 60)


def time_bucket(now: datetime, *, seconds: int, seed: str = "") -> int:
    """The number of the time bucket that an instant is in; part of task names.

    With a ``seed``, buckets begin at a time of their own: what is done daily is not done at midnight by all.
    """
    shift = int(hashed_fraction(seed) * seconds) if seed else 0
    return (int(now.timestamp()) + shift) // seconds


def hashed_fraction(seed: str) -> float:
    """A number in [0, 1) that depends on ``seed`` only."""
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:6]) / float(1 << 48)
