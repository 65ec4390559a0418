"""Takes a provider's push message: verified without a database, answered by queueing a look."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from common.domain.bucket import once_name, push_names
from common.domain.push import PURPOSE, Cause, PushClaims, PushNotice
from common.domain.work import Lane, Task, Work
from common.ports import PushPorts

_LOOKS = frozenset({Cause.CHANGED, Cause.MISSED})


class Received(StrEnum):
    """What became of a push message; the provider gets the same answer to all of them."""

    LEADING = "leading"
    TRAILING = "trailing"
    COVERED = "covered"
    FORGED = "forged"


def receive_push(ports: PushPorts, command: PushNotice) -> Received:
    """Queue at most two looks for all messages of one calendar in one bucket.

    The first is worked off at once. The others share one that runs after the bucket has ended: whatever they
    announce, it sees. The message that only opens a channel is worked off like any other: it proves the
    channel, and whatever changed before it was open is looked for. What a provider says of the channel
    itself is worked off once in ten minutes, however often it is said.

    Raises:
        StoreUnavailable: The queue did not take it; the provider shall send it again.
    """
    claims = command.claims
    if claims is None or not ports.keys.verify(claims.signature, PURPOSE, *claims.signed):
        ports.log.warning("push_forged", channel_known=claims is not None)
        return Received.FORGED
    ids = {"tenant": claims.tenant, "connection": claims.connection, "calendar": claims.calendar}
    now = ports.clock.now()
    if command.cause not in _LOOKS:
        name = once_name(**ids, cause=f"{command.cause}/{claims.channel}", now=now)
        return Received.LEADING if ports.queue.enqueue(_task(command, claims, name)) else Received.COVERED
    names = push_names(**ids, now=now)
    if ports.queue.enqueue(_task(command, claims, names.lead)):
        return Received.LEADING
    trailing = _task(command, claims, names.trail, not_before=names.trail_at)
    return Received.TRAILING if ports.queue.enqueue(trailing) else Received.COVERED


def _task(command: PushNotice, claims: PushClaims, name: str, *, not_before: datetime | None = None) -> Task:
    return Task(
        work=Work.DELTA_SYNC,
        lane=Lane.SYNC,
        payload={
            "tenant": claims.tenant,
            "connection": claims.connection,
            "calendar": claims.calendar,
            "reason": command.cause.value,
            "channel": claims.channel,
        },
        name=name,
        not_before=not_before,
    )
