"""Starts the end of a connection: from this moment on, nothing else may use it."""

from __future__ import annotations

from dataclasses import dataclass

from common.domain.account import Connection
from common.errors import UnreadableDocument
from common.flows.steps.ending import end
from common.flows.steps.unreadable import mend
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class StartDisconnect:
    """Which connection."""

    tenant: str
    connection: str


def start_disconnect(ports: Ports, command: StartDisconnect) -> Connection:
    """Put the tombstone up and queue the clean-up; repeating it changes nothing.

    Raises:
        UnknownResource: There is no such connection.
        UnreadableDocument: What is stored of it does not even tell the account.
    """
    try:
        found = ports.connections.get(command.tenant, command.connection)
    except UnreadableDocument:
        mend(ports, command.tenant, command.connection)
        found = ports.connections.get(command.tenant, command.connection)
    return end(ports, found)
