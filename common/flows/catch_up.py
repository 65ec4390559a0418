"""Brings a connection up to date that works again."""

from __future__ import annotations

from dataclasses import dataclass

from common.errors import UnknownResource
from common.flows.steps import wakeups
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class CatchUp:
    """Which connection; ``cause`` names the occasion."""

    tenant: str
    connection: str
    cause: str


def catch_up(ports: Ports, command: CatchUp) -> None:
    """Queue everything that waited; tasks that were queued for this occasion already collapse."""
    try:
        connection = ports.connections.get(command.tenant, command.connection)
    except UnknownResource:
        return
    if connection.usable:
        wakeups.catch_up(ports, connection, cause=command.cause)
