"""Sends an invitation once more, with a new link; the old one is dead from then on."""

from __future__ import annotations

from dataclasses import dataclass, replace

from common.domain.invitation import KEPT, LONGEST_LIFE, MOST_SENDINGS, Invitation, InvitationState
from common.errors import Rejected
from common.flows.steps.inviting import mailable, sent
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class ResendInvitation:
    """Which one."""

    tenant: str
    invitation: str


def resend_invitation(ports: Ports, command: ResendInvitation) -> Invitation:
    """The invitation with a new life, sent to the resource's address as it is now.

    Raises:
        UnknownResource: There is no such invitation, or its resource is gone.
        InvalidRequest: The resource has no address any more.
        Rejected: It was used or revoked, or was sent often enough.
        RateLimited: This business has sent too many in a short time.
    """
    found = ports.invitations.get(command.tenant, command.invitation)
    now = ports.clock.now()
    if found.state(now=now) in {InvitationState.USED, InvitationState.REVOKED}:
        raise Rejected("this invitation has ended; make a new one", code="invitation_ended")
    if found.sendings >= MOST_SENDINGS:
        raise Rejected("this invitation was sent often enough; make a new one", code="sent_too_often")
    _, address = mailable(ports, tenant=command.tenant, resource=found.resource)
    life = min(found.ends_at - found.created_at, LONGEST_LIFE)
    again = replace(
        found,
        address=address,
        created_at=now,
        ends_at=now + life,
        expires_at=now + KEPT,
        sendings=found.sendings + 1,
    )
    return sent(ports, again)
