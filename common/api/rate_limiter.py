"""Limits how often callers without an account may come: by address, by tenant and by contact."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

from common.api.http import Call
from common.domain.shared.rate_limits import WINDOW, Limits, Rate, Share, client, exceeded, window
from common.errors import TooMany, UntrustedCaller

if TYPE_CHECKING:
    from common.store.ops import RateCounts


MOST_REMEMBERED = 10_000
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
T = TypeVar("T")
Sign = Callable[..., bytes]


class RateLimiter:
    """Counts requests, refused tokens and changes, and refuses those above the limits.

    Requests and refused tokens are counted in memory, for this instance. Changes are counted in the store for
    all instances: by keyed hashes of addresses and contacts, which are deleted after a while.
    """

    def __init__(
        self,
        limits: Limits,
        counters: Callable[[], RateCounts],
        *,
        sign: Sign,
        now: Callable[[], datetime],
    ) -> None:
        """Count nothing yet.

        Args:
            limits: How often callers may come.
            counters: Gives the store's counts; called at the first change, as not every function has a store.
            sign: Makes the keyed hashes.
            now: The clock.
        """
        self._limits, self._counters, self._sign, self._now = limits, counters, sign, now
        self._full: OrderedDict[Hashable, datetime] = OrderedDict()
        self._before: OrderedDict[Hashable, Mapping[str, int]] = OrderedDict()
        self._closed: OrderedDict[Hashable, datetime] = OrderedDict()
        self._lock = Lock()

    def client_address(self, forwarded: str, remote: str) -> str:
        """The caller's address, or its network."""
        return client(forwarded, remote, hops=self._limits.hops)

    def count_request(self, address: str) -> None:
        """Count a request of an address.

        Raises:
            TooMany: with code ``rate_limited_address``.
        """
        self._take(("request", address), Rate(self._limits.requests))

    @contextmanager
    def count_refused_tokens(self, address: str, counted: bool) -> Iterator[None]:  # noqa: FBT001 - one flag
        """Count the tokens of an address that are refused inside, and check no more after too many.

        Raises:
            TooMany: with code ``rate_limited_address``.
        """
        if not counted:
            yield
            return
        name, rate = ("refusal", address), Rate(self._limits.refusals)
        self._take(name, rate, spend=False)
        try:
            yield
        except UntrustedCaller:
            self._take(name, rate)
            raise

    def count_change(self, call: Call, tenant: str, *, address: str, contact: str | None) -> None:
        """Count a change at a tenant, of an address and (where one is named) for a contact.

        Raises:
            TooMany: with code ``rate_limited_address``, ``rate_limited_tenant`` or ``rate_limited_contact``.
        """
        if call.method not in WRITES:
            return
        limits, now = self._limits, self._now()
        shares = [
            Share("address", self._key(tenant, "address", address), limits.address),
            Share("tenant", "tenant", limits.tenant),
        ]
        if contact is not None:
            shares.append(Share("contact", self._key(tenant, "contact", contact), limits.contact))
        at = window(now)
        self._refuse_exhausted(tenant, shares, now)
        counts = self._counters().count(
            tenant, at.name, [share.key for share in shares], expires_at=at.end + WINDOW
        )
        over = exceeded(shares, counts, self._window_before(tenant, at.before), at)
        if over is not None:
            share, until = over
            with self._lock:
                _remember(self._closed, (tenant, share.key), until)
            raise _too_many(share.word, share.most, WINDOW, until - now)

    def _refuse_exhausted(self, tenant: str, shares: Sequence[Share], now: datetime) -> None:
        """Refuse without counting what is above a limit already: a flood of requests then costs no writes."""
        with self._lock:
            closed = [(share, self._closed.get((tenant, share.key), now)) for share in shares]
        for share, until in closed:
            if until > now:
                raise _too_many(share.word, share.most, WINDOW, until - now)

    def _key(self, tenant: str, kind: str, value: str) -> str:
        return f"{kind[0]}{self._sign('limit', tenant, kind, value.strip().casefold()).hex()[:24]}"

    def _window_before(self, tenant: str, name: str) -> Mapping[str, int]:
        """The counts of the window before, which do not change any more and are read once."""
        with self._lock:
            if (tenant, name) in self._before:
                return self._before[tenant, name]
        found = self._counters().counted(tenant, name)
        with self._lock:
            _remember(self._before, (tenant, name), found)
        return found

    def _take(self, name: Hashable, rate: Rate, *, spend: bool = True) -> None:
        now = self._now()
        with self._lock:
            full_at = self._full.get(name, now)
            wait = rate.wait(full_at, now)
            if spend and not wait:
                _remember(self._full, name, rate.take(full_at, now))
        if wait:
            raise _too_many("address", rate.per_minute, timedelta(minutes=1), wait)


def _remember(kept: OrderedDict[Hashable, T], name: Hashable, value: T) -> None:
    kept[name] = value
    kept.move_to_end(name)
    while len(kept) > MOST_REMEMBERED:
        kept.popitem(last=False)


def _too_many(word: str, most: int, span: timedelta, wait: timedelta) -> TooMany:
    return TooMany(
        "too many requests; come back later",
        code=f"rate_limited_{word}",
        quota=most,
        seconds=int(span.total_seconds()),
        retry_after=wait.total_seconds(),
    )
