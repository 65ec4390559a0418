"""How often somebody may call who has no account: by address, by tenant and by contact."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

WINDOW = timedelta(minutes=10)
MOST_HOPS = 5
_MINUTE = timedelta(minutes=1)
_NETWORK = 64
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Limits:
    """The numbers: requests of an address a minute (one instance), and changes in ten minutes (everywhere).

    Refusals are an address's bad tokens a minute. ``hops`` is how many addresses the front end appends to
    X-Forwarded-For: the caller's is the first of them, and what stands before it anybody may have written.
    """

    requests: int = 300
    refusals: int = 120
    address: int = 60
    tenant: int = 600
    contact: int = 20
    hops: int = 1


@dataclass(frozen=True, slots=True)
class Share:
    """One thing that is counted: ``key`` in the window's document, and how many are allowed."""

    word: str
    key: str
    most: int


@dataclass(frozen=True, slots=True)
class CountingWindow:
    """Ten minutes, and how much of the ten before them still weighs."""

    start: datetime
    weight: float

    @property
    def name(self) -> str:
        """The id of its document."""
        return f"{self.start:%Y%m%dT%H%M}"

    @property
    def before(self) -> str:
        """The id of the one before it."""
        return f"{self.start - WINDOW:%Y%m%dT%H%M}"

    @property
    def end(self) -> datetime:
        """When the next one begins."""
        return self.start + WINDOW


def window(now: datetime) -> CountingWindow:
    """The window of this moment."""
    start = _EPOCH + (now - _EPOCH) // WINDOW * WINDOW
    return CountingWindow(start, 1 - (now - start) / WINDOW)


def exceeded(
    shares: Sequence[Share], counts: Mapping[str, int], before: Mapping[str, int], at: CountingWindow
) -> tuple[Share, datetime] | None:
    """What there was too much of, if anything, and when there is room again.

    What was counted in this window, and the weighed part of the one before.
    """
    for share in shares:
        now, past = counts.get(share.key, 0), before.get(share.key, 0)
        if now > share.most:
            return share, at.end
        if now + past * at.weight > share.most:
            return share, at.start + WINDOW * (1 - (share.most - now) / past)
    return None


def client(forwarded: str, remote: str, *, hops: int) -> str:
    """Who calls: an IPv4 address, or the network of an IPv6 one, of which a customer has very many.

    Google's front end appends the caller's address to whatever the caller wrote, and a load balancer its own
    behind that: https://cloud.google.com/load-balancing/docs/https#x-forwarded-for_header
    """
    told = [part.strip() for part in forwarded.split(",")]
    named = _place(told[-hops]) if hops and len(told) >= hops else None
    return named or _place(remote) or "unknown"


def _place(text: str) -> str | None:
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return None
    if isinstance(found, ipaddress.IPv6Address):
        inner = found.ipv4_mapped
        network = ipaddress.IPv6Network((int(found), _NETWORK), strict=False)
        return str(inner) if inner is not None else str(network.network_address)
    return str(found)


@dataclass(frozen=True, slots=True)
class Rate:
    """So many in a minute, and half of them at once: a bucket that is known by when it is full again."""

    per_minute: int

    @property
    def each(self) -> timedelta:
        """What one costs."""
        return _MINUTE / self.per_minute

    def wait(self, full_at: datetime, now: datetime) -> timedelta:
        """How long until one more is allowed."""
        return max(timedelta(), self.take(full_at, now) - now - max(_MINUTE / 2, self.each))

    def take(self, full_at: datetime, now: datetime) -> datetime:
        """When the bucket is full again after one more."""
        return max(full_at, now) + self.each


@dataclass(frozen=True, slots=True)
class RateLimit:
    """So many units a minute, and at most ``burst`` of them at once, for everybody who shares ``scope``."""

    scope: str
    per_minute: int
    burst: int
