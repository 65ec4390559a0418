"""Takes several push messages that came as one: each is judged on its own, and none hides another."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from common.domain.push import PushNotice
from common.errors import StoreUnavailable
from common.flows.steps.pushed import Received, queue_look
from common.push_ports import PushPorts

# Microsoft waits three seconds, and one message of many calendars is many calls to the queue:
# https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class ReceivePushes:
    """The messages of one request."""

    notices: tuple[PushNotice, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """How many different messages there were, and how many of them nobody of ours can have asked for."""

    different: int
    forged: int


def receive_pushes(ports: PushPorts, command: ReceivePushes) -> Taken:
    """Queue what every believable message asks for; repetitions within one request are one.

    Raises:
        StoreUnavailable: The queue did not take all of them; the provider shall send them again.
    """
    different = tuple(dict.fromkeys(command.notices))
    found = _each(ports, different)
    failed = [one for one in found if isinstance(one, StoreUnavailable)]
    taken = Taken(len(different), found.count(Received.FORGED))
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
    with ThreadPoolExecutor(max_workers=AT_ONCE, thread_name_prefix="pushes") as pool:
        return list(pool.map(take, notices))
