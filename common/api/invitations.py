"""What requests about invitations may say, and what the answers show of an invitation."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, NamedTuple

from pydantic import Field

from common.api.http import Call, Json
from common.api.models import FROM_JSON, Email, Id, Model, moment, path_id, read, to_json
from common.domain.calendar.connection import ProviderKind
from common.domain.catalogue.records import Language
from common.domain.connect.invitation import Invitation, InvitationOffer
from common.errors import UnknownResource, UntrustedCaller

Provider = Annotated[ProviderKind, FROM_JSON]


class NewInvitation(Model):
    """POST /invitations: for which resource, and where the browser goes in the end."""

    resource: Id
    return_to: Annotated[str, Field(max_length=2000)]
    provider: Provider | None = None
    expected_account: Email | None = None
    language: Annotated[Language, FROM_JSON] | None = None
    hours: Annotated[int, Field(ge=1, le=72)] = 72


class AcceptBody(Model):
    """POST /invitations/{id}/accept: which provider, where there is a choice."""

    provider: Provider | None = None


class OfferQuery(Model):
    """The query of the public calls."""

    tenant: Id


class InvitationLink(NamedTuple):
    """What the link in the mail says: the tenant, the invitation and its secret."""

    tenant: str
    invitation: str
    secret: str


def invitation_link(call: Call) -> InvitationLink:
    """Which invitation somebody holds; the secret comes as a bearer token, never in the address.

    Raises:
        UntrustedCaller: No secret was sent.
        UnknownResource: There can be no such invitation.
    """
    if call.bearer is None:
        raise UntrustedCaller("the invitation's secret is needed here")
    if not call.bearer.isascii():
        raise UnknownResource(
            "this invitation is not valid (any more); ask for a new one", code="invitation_invalid"
        )
    tenant = read(OfferQuery, call.query).tenant
    return InvitationLink(tenant, path_id(call.path["invitation"]), call.bearer)


def invitation_view(invitation: Invitation, *, now: datetime) -> Json:
    """An invitation as the owner sees it at ``now``: everything but its secret."""
    return {
        "id": invitation.id,
        "resource": invitation.resource,
        "address": invitation.address,
        "provider": invitation.provider.value if invitation.provider else None,
        "expected_account": invitation.expected_account,
        "language": invitation.language.value,
        "state": invitation.state(now=now).value,
        "created_at": moment(invitation.created_at),
        "expires_at": moment(invitation.ends_at),
        "sent_at": moment(invitation.sent_at) if invitation.sent_at else None,
        "sendings": invitation.sendings,
        "used_at": moment(invitation.used_at) if invitation.used_at else None,
        "connection": invitation.connection,
    }


def offer_view(offered: InvitationOffer) -> Json:
    """What the invited person reads before accepting."""
    view = to_json(offered)
    ends = view.pop("ends_at")
    return {**view, "expires_at": ends}
