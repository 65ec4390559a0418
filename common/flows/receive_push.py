"""Takes a provider's push message: verified without a database, answered by queueing a look."""

from __future__ import annotations

from common.domain.push import PushNotice
from common.flows.steps.pushed import Received, queue_look
from common.push_ports import PushPorts

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
