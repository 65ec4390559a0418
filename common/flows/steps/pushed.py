"""Queues the look that a push message asks for; bursts collapse by the names of the tasks alone."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from common.domain.bucket import once_name, push_names
from common.domain.push import PURPOSE, Cause, PushClaims, PushNotice
from common.domain.work import Task, look
from common.push_ports import PushPorts

_LOOKS = frozenset({Cause.CHANGED, Cause.MISSED})


class Received(StrEnum):
    """What became of a push message; the provider gets the same answer to all of them."""

    LEADING = "leading"
    TRAILING = "trailing"
    COVERED = "covered"
    FORGED = "forged"


def queue_look(ports: PushPorts, notice: PushNotice) -> Received:
    """Queue at most two looks for all messages of one calendar in one bucket.

    What a provider says of the channel itself is worked off once in ten minutes, however often it is said.

    Raises:
        StoreUnavailable: The queue did not take it; the provider shall send it again.
    """
    claims = notice.claims
    if claims is None or not ports.keys.verify(claims.signature, PURPOSE, *claims.signed):
        ports.log.warning("push_forged", channel_known=claims is not None)
        return Received.FORGED
    ids = {"tenant": claims.tenant, "connection": claims.connection, "calendar": claims.calendar}
    now = ports.clock.now()
    if notice.cause not in _LOOKS:
        name = once_name(**ids, cause=f"{notice.cause}/{claims.channel}", now=now)
        return (
            Received.LEADING
            if ports.queue.enqueue(_task(notice, claims, name, now=now))
            else Received.COVERED
        )
    names = push_names(**ids, now=now)
    if ports.queue.enqueue(_task(notice, claims, names.lead, now=now)):
        return Received.LEADING
    trailing = _task(notice, claims, names.trail, now=now, not_before=names.trail_at)
    return Received.TRAILING if ports.queue.enqueue(trailing) else Received.COVERED


def _task(
    notice: PushNotice,
    claims: PushClaims,
    name: str,
    *,
    now: datetime,
    not_before: datetime | None = None,
) -> Task:
    why = {"reason": notice.cause.value, "channel": claims.channel, "pushed_at": int(now.timestamp())}
    return look(
        why,
        tenant=claims.tenant,
        connection=claims.connection,
        calendar=claims.calendar,
        name=name,
        not_before=not_before,
    )
