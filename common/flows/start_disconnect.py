"""Starts the end of a connection: from this moment on, nothing else may use it."""

from __future__ import annotations

from dataclasses import dataclass

from common.domain.account import Connection
from common.flows.steps.ending import end
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class StartDisconnect:
    """Which connection."""

    tenant: str
    connection: str


def start_disconnect(ports: Ports, command: StartDisconnect) -> Connection:
    """Put the tombstone up and queue the clean-up; repeating it changes nothing."""
    return end(ports, ports.connections.get(command.tenant, command.connection))
