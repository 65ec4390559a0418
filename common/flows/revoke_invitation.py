"""Takes an invitation back: its link opens nothing any more, and a consent under way does not end well."""

from __future__ import annotations

from dataclasses import dataclass, replace

from common.domain.invitation import Invitation, InvitationState
from common.errors import Conflict
from common.ports import Ports

TRIES = 5


@dataclass(frozen=True, slots=True)
class RevokeInvitation:
    """Which one."""

    tenant: str
    invitation: str


def revoke_invitation(ports: Ports, command: RevokeInvitation) -> Invitation:
    """The invitation as it is then; revoking twice is fine, and one that was used stays used.

    Raises:
        UnknownResource: There is no such invitation.
        Conflict: Others keep changing it.
    """
    for _ in range(TRIES):
        found = ports.invitations.get(command.tenant, command.invitation)
        now = ports.clock.now()
        if found.state(now=now) in {InvitationState.USED, InvitationState.REVOKED}:
            return found
        try:
            return ports.invitations.save(replace(found, revoked_at=now, sealed=None))
        except Conflict:
            continue
    raise Conflict("the invitation is being changed at the moment")
