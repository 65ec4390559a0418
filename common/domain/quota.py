"""The providers' limits, and how long a first synchronisation takes under them."""

from __future__ import annotations

import math
from dataclasses import dataclass

EVENTS_A_PAGE = 250
# Counting, opening the channel, and the empty page that closes a listing.
CALLS_A_CALENDAR = 3
# Chunks run one after the other; this is a provider's ordinary time to answer one call.
SECONDS_A_CALL = 0.25


@dataclass(frozen=True, slots=True)
class Limit:
    """How much of something may be used: so many units a minute, and at most ``burst`` of them at once."""

    scope: str
    per_minute: int
    burst: int


@dataclass(frozen=True, slots=True)
class Volume:
    """What there is to do."""

    calendars: int
    imports: int
    exports: int

    @property
    def requests(self) -> int:
        """Calls of the provider: every event is counted and listed by pages, every booking written once."""
        pages = math.ceil(self.imports / EVENTS_A_PAGE)
        return self.calendars * CALLS_A_CALENDAR + 2 * pages + self.exports


def seconds(volume: Volume, *, per_minute: float) -> int:
    """Whole seconds at ``per_minute`` calls, and no faster than one call after the other."""
    paced = volume.requests * 60 / per_minute
    return math.ceil(max(paced, volume.requests * SECONDS_A_CALL))


def paced_rate(*, user_per_minute: int, project_per_minute: int, shards: int, share: float) -> float:
    """Calls a minute that a back-fill of one account may make, beside live work."""
    return max(1.0, min(user_per_minute, project_per_minute / shards) * share)
