"""Queues a calendar's next turn: to go on, to look once more, or to see whether its worker died."""

from __future__ import annotations

from datetime import datetime

from common.domain.account import ProviderKind
from common.domain.feed import Feed
from common.domain.upkeep import later
from common.domain.work import Lane, Payload, Task, Work
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
    _queue(
        ports,
        feed,
        {"reason": CONTINUE, "after": after, "swept": swept, "pushed_at": pushed_at},
        cause=f"continue/{feed.generation}/{feed.version}/{after}/{swept}",
    )


def look_again(ports: Ports, feed: Feed, request: int) -> None:
    """A fresh look, because somebody asked for one while we were looking."""
    _queue(ports, feed, {"request": request}, cause=f"again/{request}")


def look_later(ports: Ports, feed: Feed, *, provider: ProviderKind, reason: str) -> None:
    """One more look where the provider announces changes before they can be read."""
    if not ports.providers[provider].calendar.abilities.lags:
        return
    then = later(reason, now=ports.clock.now())
    if then:
        cause = f"{then.reason}/{then.bucket}"
        _queue(ports, feed, {"reason": then.reason}, cause=cause, not_before=then.not_before)


def look_after_lease(
    ports: Ports, feed: Feed, *, request: int | None, channel: str | None, pushed_at: int | None
) -> None:
    """A look when the lease has ended, in case that its holder died; most find nothing left to do."""
    until = feed.lease_until or ports.clock.now()
    payload: Payload = {"request": request, "channel": channel, "pushed_at": pushed_at}
    if request is None:
        payload = {"reason": CONTINUE}
    _queue(ports, feed, payload, cause=f"lease/{until.isoformat()}", not_before=until)


def _queue(
    ports: Ports, feed: Feed, payload: Payload, *, cause: str, not_before: datetime | None = None
) -> None:
    ports.queue.enqueue(
        Task(
            work=Work.DELTA_SYNC,
            lane=Lane.SYNC,
            payload={
                "tenant": feed.tenant,
                "connection": feed.connection,
                "calendar": feed.key,
                **{name: value for name, value in payload.items() if value is not None},
            },
            name=f"delta/{feed.tenant}/{feed.connection}/{feed.key}/{cause}",
            not_before=not_before,
        )
    )
