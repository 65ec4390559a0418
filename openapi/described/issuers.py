"""What the function ``issuers`` answers."""

from __future__ import annotations

from typing import Annotated

from common.api.issuers import Acceptance, NewIssuer
from openapi.fields import Answer, Moment, Yes, one_of
from openapi.operation import Operation

SUMMARY = "The OpenID issuers that vouch for a tenant's staff, beside or instead of the installation's."


class Issuer(Answer):
    """An issuer of the tenant's own, and how its tokens call what counts."""

    id: Annotated[str, one_of("is2b7e151628aed2a6abf7158809cf4f3c762e7160")]
    issuer: Annotated[str, one_of("https://login.salon.example/")]
    audience: Annotated[str, one_of("slotbridge")]
    jwks_uri: Annotated[str, one_of("https://login.salon.example/jwks.json")]
    tenant_claim: Annotated[str, one_of("tenant")] | None
    tenant_value: Annotated[str, one_of("salon")] | None
    role_claim: Annotated[str, one_of("role")]
    resources_claim: Annotated[str, one_of("resources")]
    added_at: Moment | None
    added_by: Annotated[str, one_of("auth0|5f7c8ec7c33c6c004bbafe82")] | None


class InstallationIssuer(Answer):
    """An issuer of the installation that may name this tenant."""

    issuer: Annotated[str, one_of("https://securetoken.google.com/slotbridge-prod")]
    audience: Annotated[str, one_of("slotbridge-prod")]


class InstallationIssuers(Answer):
    """The installation's issuers, and whether they vouch for this tenant's owners and staff."""

    accepted: Yes
    issuers: list[InstallationIssuer]


class IssuerList(Answer):
    """Everybody who vouches for the tenant's staff."""

    issuers: list[Issuer]
    installation: InstallationIssuers


class Accepted(Answer):
    """Whether the installation's issuers vouch from now on."""

    accepted: Yes


OPERATIONS = (
    Operation("GET /", "listIssuers", "Who vouches for staff", {200: IssuerList}),
    Operation(
        "POST /",
        "addIssuer",
        "Add or change an issuer",
        {201: Issuer},
        body=NewIssuer,
        errors=(
            *("invalid_issuer", "issuer_unreachable", "proof_refused", "forbidden_target", "unknown_target"),
            *("issuer_taken", "too_many_issuers", "already_exists"),
        ),
        says="The proof is an owner's ID token of just this issuer; it is verified and not kept.",
    ),
    Operation(
        "PUT /installation",
        "acceptInstallation",
        "Let the installation's issuers vouch, or not",
        {200: Accepted},
        body=Acceptance,
        errors=("would_lock_out",),
    ),
    Operation(
        "DELETE /<issuer>", "removeIssuer", "Remove an issuer", {204: None}, errors=("would_lock_out",)
    ),
)
