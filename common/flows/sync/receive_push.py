"""Takes several push messages that came as one: each is judged on its own, and none hides another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from common.domain.shared.tasks import Task, look
from common.domain.sync.push import PURPOSE, Cause, PushClaims, PushNotice, once_name, push_names
from common.errors import StoreUnavailable
from common.push_ports import PushPorts

# Microsoft waits three seconds, and one message of many calendars is many calls to the queue:
# https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class ReceivePushes:
    """The messages of one request."""

    notices: tuple[PushNotice, ...]


@dataclass(frozen=True, slots=True)
class ReceivedPushes:
    """How many different messages there were, and how many of them nobody of ours can have asked for."""

    different: int
    forged: int


def receive_pushes(ports: PushPorts, command: ReceivePushes) -> ReceivedPushes:
    """Queue what every believable message asks for; repetitions within one request are one.

    Raises:
        StoreUnavailable: The queue did not take all of them; the provider shall send them again.
    """
    different = tuple(dict.fromkeys(command.notices))
    found = _each(ports, different)
    failed = [one for one in found if isinstance(one, StoreUnavailable)]
    taken = ReceivedPushes(len(different), found.count(Received.FORGED))
    if len(command.notices) != 1:
        # Nearly every request has one message, of which the request's own line says enough.
        ports.log.info("pushes", items=len(command.notices), different=taken.different, forged=taken.forged)
    if failed:
        raise failed[0]
    return taken


def _each(ports: PushPorts, notices: Sequence[PushNotice]) -> list[Received | StoreUnavailable]:
    def take(notice: PushNotice) -> Received | StoreUnavailable:
        try:
            return queue_look(ports, notice)
        except StoreUnavailable as error:
            # The others are not to wait until this one is sent again.
            return error

    if len(notices) <= 1:
        return [take(notice) for notice in notices]
    # A request nearly always brings one message: a cold start does without threads.
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    with ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="pushes") as pool:
        return list(pool.map(take, notices))


__all__ = ["Received", "receive_push"]


def receive_push(ports: PushPorts, command: PushNotice) -> Received:
    """Queue at most two looks for all messages of one calendar in one bucket.

    The first is worked off at once. The others share one that runs after the bucket has ended: whatever they
    announce, it sees. The message that only opens a channel is worked off like any other: it proves the
    channel, and whatever changed before it was open is looked for.

    Raises:
        StoreUnavailable: The queue did not take it; the provider shall send it again.
    """
    return queue_look(ports, command)


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
