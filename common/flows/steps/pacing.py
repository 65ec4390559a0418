"""Keeps within a provider's limits before the provider has to say so."""

from __future__ import annotations

import hashlib

from common.domain.account import Connection
from common.domain.quota import Limit
from common.domain.work import Lane
from common.errors import RateLimited
from common.ports import Ports

PROJECT_SHARDS = 16


def pace(ports: Ports, connection: Connection, *, units: int, lane: Lane) -> None:
    """Book ``units`` requests of the account's and the project's limits.

    Live work is counted and never held back: what it takes, the back-fill does not get. Everything else
    keeps to its share, so that room for a live booking is always left.

    Raises:
        RateLimited: with code ``paced`` and the seconds to wait; the task is queued again for then.
    """
    live = lane is Lane.LIVE
    share = 1.0 if live else ports.tuning.backfill_share
    now = ports.clock.now()
    own, shared = ports.tuning.per_minute(connection.provider)
    rates = {f"{connection.provider}.{connection.tenant}.{connection.id}": own}
    if not live:
        shard = int(hashlib.sha256(connection.id.encode()).hexdigest(), 16) % PROJECT_SHARDS
        rates[f"{connection.provider}.{shard}"] = shared // PROJECT_SHARDS
    allowed = {scope: max(1, int(rate * share)) for scope, rate in rates.items()}
    limits = [Limit(scope, rate, burst=max(units, rate // 6)) for scope, rate in allowed.items()]
    wait = ports.ledger.reserve(limits, units=units, now=now)
    if wait > 0 and not live:
        raise RateLimited("the limit's share of this work is used up", code="paced", retry_after=wait)
