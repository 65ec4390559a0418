"""Opens an invitation to whoever holds its secret, and uses it up when a consent under it succeeds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from common.domain.consent import CONNECTING, Outcome
from common.domain.invitation import Invitation, InvitationState, invited
from common.domain.work import ConsentState
from common.errors import Conflict, UnknownResource
from common.flows.steps.joining import Joined
from common.ports import Ports

# Longer than an exchange and a listing of calendars take.
CLAIMED_FOR = timedelta(minutes=5)
_TRIES = 5


def opened(ports: Ports, *, tenant: str, invitation: str, secret: str) -> Invitation:
    """The invitation, if this is its secret and it is still good for something.

    Unknown, expired, used, revoked and wrongly guessed all get the same answer.

    Raises:
        UnknownResource: It is none of that.
    """
    refused = UnknownResource(
        "this invitation is not valid (any more); ask for a new one", code="invitation_invalid"
    )
    try:
        found = ports.invitations.get(tenant, invitation)
        resource = ports.catalogue.resource(tenant, found.resource)
    except UnknownResource:
        raise refused from None
    good = found.opened_by(secret)
    still = found.state(now=ports.clock.now()) is InvitationState.OPEN and resource.email == found.address
    if not good or not still:
        raise refused
    return found


def under_invitation(ports: Ports, state: ConsentState, join: Callable[[], Joined]) -> Joined:
    """Finish a consent; one that began with an invitation only while that is good, and then it is used up.

    The invitation is claimed first, so that of two people with one link only one is connected; a consent
    that fails gives it back, and one that dies loses its claim after a few minutes.
    """
    name = invited(state.subject)
    if name is None:
        return join()
    if not _claimed(ports, state, name):
        return Joined(Outcome.STATE_EXPIRED_OR_USED)
    joined = Joined(Outcome.PROVIDER_UNAVAILABLE)
    try:
        joined = join()
    finally:
        _released(ports, state, name, joined)
    return joined


def _claimed(ports: Ports, state: ConsentState, name: str) -> bool:
    now = ports.clock.now()
    try:
        found = ports.invitations.get(state.tenant, name)
        resource = ports.catalogue.resource(state.tenant, found.resource)
    except UnknownResource:
        return False
    same = found.resource == state.resource and resource.email == found.address
    if not same or not found.claimable(state.id, now=now):
        return False
    try:
        ports.invitations.save(replace(found, claim=state.id, claimed_until=now + CLAIMED_FOR))
    except Conflict:
        return False
    return True


def _released(ports: Ports, state: ConsentState, name: str, joined: Joined) -> None:
    for _ in range(_TRIES):
        found = ports.invitations.get(state.tenant, name)
        if found.claim != state.id:
            return
        freed = replace(found, claim=None, claimed_until=None)
        if joined.outcome in CONNECTING:
            freed = replace(freed, used_at=ports.clock.now(), connection=joined.connection, sealed=None)
        try:
            ports.invitations.save(freed)
        except Conflict:
            continue
        return
    raise Conflict("the invitation is being changed at the moment")
