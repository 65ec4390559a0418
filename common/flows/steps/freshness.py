"""Says how long a change that a provider announced had to wait until it was applied."""

from __future__ import annotations

from common.domain.feed import Feed
from common.ports import Ports


def tell_lag(ports: Ports, feed: Feed, *, pushed_at: int | None) -> None:
    """Log the seconds from the push message of ``pushed_at`` to the pass that saw what it announced.

    Whoever finds it done by somebody else counts until that pass ended, not until now.
    """
    if pushed_at is None or feed.last_applied_at is None:
        return
    ports.log.info(
        "push_applied",
        tenant=feed.tenant,
        connection=feed.connection,
        calendar=feed.key,
        lag=round(max(0.0, feed.last_applied_at.timestamp() - pushed_at), 1),
    )
