"""Gives a grant back to the provider, unless somebody else lives on it."""

from __future__ import annotations

from common.domain.account import Connection, Grant, Status
from common.errors import UnreadableDocument
from common.ports import Ports


def shared(ports: Ports, connection: Connection) -> bool:
    """Whether another connection still needs the account's consent.

    Google's revocation ends every grant of the account for our client, whoever got it:
    https://developers.google.com/identity/protocols/oauth2/web-server#tokenrevoke
    """
    try:
        return any(_needs_it(ports, other) for other in ports.connections.same_account(connection))
    except UnreadableDocument:
        # Whoever it is, it may still need it.
        return True


def _needs_it(ports: Ports, other: Connection) -> bool:
    if other.status is not Status.DISCONNECTING:
        return other.status is not Status.DISCONNECTED
    # Two that end at the same time: the last one that still holds a grant gives it back.
    return ports.connections.sealed(other.tenant, other.id)[0] is not None


def give_back(ports: Ports, connection: Connection, grant: Grant) -> bool:
    """Revoke the grant; False where another connection keeps it alive, or the provider takes none back."""
    if shared(ports, connection):
        return False
    return ports.providers[connection.provider].authorizer.revoke(grant)
