"""Receives push messages: proves each by its signed token, and queues syncs of the calendar that it is about.

Nothing but the queue is touched, so that a provider has its answer at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from common.domain.shared.tasks import SyncCalendar, Task, task_for
from common.domain.sync.push import PURPOSE, Cause, PushClaims, PushNotice, once_name, push_names
from common.errors import StoreUnavailable
from common.push_ports import PushPorts

# Microsoft waits three seconds, and one message of many calendars is many calls to the queue:
# https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
AT_ONCE = 8
CHANGE_CAUSES = frozenset({Cause.CHANGED, Cause.MISSED})


class Received(StrEnum):
    """What became of a push message; the provider gets the same answer to all of them.

    Attributes:
        LEADING: It is the first of its calendar in this time bucket; its sync runs at once.
        TRAILING: It is the second; its sync runs after the bucket has ended.
        COVERED: A sync that sees what it announces is queued already.
        FORGED: Its token is none of ours.
    """

    LEADING = "leading"
    TRAILING = "trailing"
    COVERED = "covered"
    FORGED = "forged"


@dataclass(frozen=True, slots=True)
class ReceivedPushes:
    """How many different messages a request had, and how many of them nobody of ours can have asked for."""

    different: int
    forged: int


def receive_push(ports: PushPorts, notice: PushNotice) -> Received:
    """Queue at most two syncs for all messages of one calendar in one time bucket.

    The first is worked off at once. The others share one that runs after the bucket has ended: whatever they
    announce, it sees. The message that only opens a channel is worked off like any other: it proves the
    channel, and whatever changed before it was open is read. What a provider says of the channel itself is
    worked off once in ten minutes, however often it is said.

    Raises:
        StoreUnavailable: The queue did not take it; the provider shall send it again.
    """
    claims = notice.claims
    if claims is None or not ports.keys.verify(claims.signature, PURPOSE, *claims.signed):
        ports.log.warning("push_forged", channel_known=claims is not None)
        return Received.FORGED
    ids = {"tenant": claims.tenant, "connection": claims.connection, "calendar": claims.calendar}
    now = ports.clock.now()
    if notice.cause not in CHANGE_CAUSES:
        name = once_name(**ids, cause=f"{notice.cause}/{claims.channel}", now=now)
        taken = ports.queue.enqueue(_task(notice, claims, name, now=now))
        return Received.LEADING if taken else Received.COVERED
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
    sync = SyncCalendar(
        claims.tenant,
        claims.connection,
        claims.calendar,
        reason=notice.cause.value,
        channel=claims.channel,
        pushed_at=int(now.timestamp()),
    )
    return task_for(sync, name=name, not_before=not_before)


def receive_pushes(ports: PushPorts, notices: Sequence[PushNotice]) -> ReceivedPushes:
    """Receive the messages of one request: each is judged on its own, and repetitions are one.

    Raises:
        StoreUnavailable: The queue did not take all of them; the provider shall send them again.
    """
    different = tuple(dict.fromkeys(notices))
    found = _receive_each(ports, different)
    failed = [one for one in found if isinstance(one, StoreUnavailable)]
    received = ReceivedPushes(len(different), found.count(Received.FORGED))
    if len(notices) != 1:
        # Nearly every request has one message, of which the request's own line says enough.
        ports.log.info("pushes", items=len(notices), different=received.different, forged=received.forged)
    if failed:
        raise failed[0]
    return received


def _receive_each(ports: PushPorts, notices: Sequence[PushNotice]) -> list[Received | StoreUnavailable]:
    def receive(notice: PushNotice) -> Received | StoreUnavailable:
        try:
            return receive_push(ports, notice)
        except StoreUnavailable as error:
            # The others are not to wait until this one is sent again.
            return error

    if len(notices) <= 1:
        return [receive(notice) for notice in notices]
    # A request nearly always brings one message: a cold start does without threads.
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    with ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="pushes") as pool:
        return list(pool.map(receive, notices))
