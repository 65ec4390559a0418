"""Operations and answers of the function ``invitations``."""

from __future__ import annotations

from typing import Annotated

from common.api.invitations import AcceptBody, NewInvitation, OfferQuery
from common.api.paging import ListQuery
from common.domain.calendar.connection import ProviderKind
from common.domain.catalogue.records import Language
from common.domain.connect.invitation import InvitationState
from openapi.described.connection_models import Consent
from openapi.fields import Answer, Count, Id, Moment, Name, example_field
from openapi.operation import Operation, SecurityScheme
from openapi.record_responses import PAGE, Page

SUMMARY = "Invites staff to connect their own calendars, and lets the invited accept."
MAIL = ("no_address", "mail_not_configured", "too_many_invitations")
HELD = ("unauthenticated", "invitation_invalid")


class Invitation(Answer):
    """An invitation as the owner sees it; nothing of its secret."""

    id: Id
    resource: Name
    address: Annotated[str, example_field("anna@example.com")]
    provider: ProviderKind | None
    expected_account: Annotated[str, example_field("anna@example.com")] | None
    language: Language
    state: InvitationState
    created_at: Moment
    expires_at: Annotated[Moment, example_field("2027-03-18T09:00:00+01:00")]
    sent_at: Moment | None
    sendings: Annotated[Count, example_field(1)]
    used_at: Moment | None
    connection: Id | None


class InvitationList(Page):
    """All invitations, newest first."""

    invitations: list[Invitation]


class Offer(Answer):
    """What the invited person reads before accepting."""

    business: Annotated[str, example_field("Salon Zoe")]
    resource: Annotated[str, example_field("Anna Meier")]
    providers: list[ProviderKind]
    expected_account: Annotated[str, example_field("anna@example.com")] | None
    language: Language
    expires_at: Moment


OPERATIONS = (
    Operation(
        "POST /",
        "createInvitation",
        "Invite somebody to connect a resource's calendar",
        {201: Invitation},
        body=NewInvitation,
        errors=(*MAIL, "too_long", "unknown_return_address", "unknown_provider", "not_found"),
    ),
    Operation(
        "GET /", "listInvitations", "All invitations", {200: InvitationList}, query=ListQuery, errors=PAGE
    ),
    Operation("DELETE /<invitation>", "revokeInvitation", "Revoke an invitation", {200: Invitation}),
    Operation(
        "POST /<invitation>/resend",
        "resendInvitation",
        "Send the mail again, with a new secret",
        {202: Invitation},
        errors=(*MAIL, "invitation_ended", "sent_too_often"),
    ),
    Operation(
        "GET /<invitation>/offer",
        "getOffer",
        "What the invitation is for",
        {200: Offer},
        query=OfferQuery,
        errors=HELD,
        security=(SecurityScheme.INVITATION,),
    ),
    Operation(
        "POST /<invitation>/accept",
        "acceptInvitation",
        "Begin to connect",
        {201: Consent},
        body=AcceptBody,
        query=OfferQuery,
        errors=(*HELD, "no_provider", "other_provider", "unknown_provider", "unknown_return_address"),
        security=(SecurityScheme.INVITATION,),
    ),
)
