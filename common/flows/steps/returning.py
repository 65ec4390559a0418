"""Queues a calendar's next turn: to go on, to look once more, or to see whether its worker died."""

from __future__ import annotations

from common.domain.account import ProviderKind
from common.domain.feed import Feed
from common.domain.upkeep import later
from common.domain.work import Payload
from common.flows.steps.wakeups import look_at
from common.ports import Ports

CONTINUE = "continue"


def unfinished(feed: Feed) -> bool:
    """Whether a listing, a sweep or a delta stopped on the way."""
    if feed.cursor is None:
        return True
    swept = not feed.sweeping or (feed.held is not None and not feed.held.released)
    return feed.cursor.snapshot or feed.cursor.page is not None or not swept


def go_on_later(ports: Ports, feed: Feed, *, after: str | None, swept: bool, pushed_at: int | None) -> None:
    """The next task of the same pass."""
    look_at(
        ports,
        feed,
        {"reason": CONTINUE, "after": after, "swept": swept, "pushed_at": pushed_at},
        cause=f"continue/{feed.generation}/{feed.version}/{after}/{swept}",
    )


def look_again(ports: Ports, feed: Feed, request: int) -> None:
    """A fresh look, because somebody asked for one while we were looking."""
    look_at(ports, feed, {"request": request}, cause=f"again/{request}")


def look_later(ports: Ports, feed: Feed, *, provider: ProviderKind, reason: str) -> None:
    """One more look where the provider announces changes before they can be read."""
    if not ports.providers[provider].calendar.abilities.lags:
        return
    then = later(reason, now=ports.clock.now())
    if then:
        cause = f"{then.reason}/{then.bucket}"
        look_at(ports, feed, {"reason": then.reason}, cause=cause, not_before=then.not_before)


def look_after_lease(
    ports: Ports, feed: Feed, *, request: int | None, channel: str | None, pushed_at: int | None
) -> None:
    """A look when the lease has ended, in case that its holder died; most find nothing left to do."""
    until = feed.lease_until or ports.clock.now()
    payload: Payload = {"request": request, "channel": channel, "pushed_at": pushed_at}
    if request is None:
        payload = {"reason": CONTINUE}
    look_at(ports, feed, payload, cause=f"lease/{until.isoformat()}", not_before=until)
