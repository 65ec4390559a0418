"""Tells the tenant's systems that a connection began (again) or ended."""

from __future__ import annotations

from dataclasses import dataclass

from common.domain.hooks import HookEvent
from common.domain.work import OutboxKind
from common.errors import UnknownResource
from common.flows.steps.hooking import tell_hooks
from common.ports import Ports

_EVENTS = {
    OutboxKind.CONNECTED: HookEvent.CONNECTION_CONNECTED,
    OutboxKind.DISCONNECTED: HookEvent.CONNECTION_DISCONNECTED,
}


@dataclass(frozen=True, slots=True)
class TellConnection:
    """Which promise; ``subject`` is the connection."""

    kind: OutboxKind
    tenant: str
    subject: str
    entry: str


def tell_connection(ports: Ports, command: TellConnection) -> int:
    """How many targets wanted to know."""
    try:
        connection = ports.connections.get(command.tenant, command.subject)
    except UnknownResource:
        ports.ledger.done(command.entry)
        return 0
    data = {
        "connection": connection.id,
        "resource": connection.resource,
        "provider": connection.provider.value,
    }
    count = tell_hooks(ports, command.tenant, _EVENTS[command.kind], cause=command.entry, data=data)
    ports.ledger.done(command.entry)
    return count
