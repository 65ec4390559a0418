"""Operations and answers of the function ``issuers``."""

from __future__ import annotations

from typing import Annotated

from common.api.issuers import Acceptance, NewIssuer
from openapi.fields import Answer, Moment, TrueFlag, example_field
from openapi.operation import Operation

SUMMARY = "The OpenID issuers that vouch for a tenant's staff, beside or instead of the installation's."


class Issuer(Answer):
    """An issuer of the tenant's own, and how its tokens call what counts."""

    id: Annotated[str, example_field("is2b7e151628aed2a6abf7158809cf4f3c762e7160")]
    issuer: Annotated[str, example_field("https://login.salon.example/")]
    audience: Annotated[str, example_field("slotbridge")]
    jwks_uri: Annotated[str, example_field("https://login.salon.example/jwks.json")]
    tenant_claim: Annotated[str, example_field("tenant")] | None
    tenant_value: Annotated[str, example_field("salon")] | None
    role_claim: Annotated[str, example_field("role")]
    resources_claim: Annotated[str, example_field("resources")]
    added_at: Moment | None
    added_by: Annotated[str, example_field("auth0|5f7c8ec7c33c6c004bbafe82")] | None


class InstallationIssuer(Answer):
    """An issuer of the installation that may name this tenant."""

    issuer: Annotated[str, example_field("https://securetoken.google.com/slotbridge-prod")]
    audience: Annotated[str, example_field("slotbridge-prod")]


class InstallationIssuers(Answer):
    """The installation's issuers, and whether they vouch for this tenant's owners and staff."""

    accepted: TrueFlag
    issuers: list[InstallationIssuer]


class IssuerList(Answer):
    """Everybody who vouches for the tenant's staff."""

    issuers: list[Issuer]
    installation: InstallationIssuers


class Accepted(Answer):
    """Whether the installation's issuers vouch from now on."""

    accepted: TrueFlag


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
        description="The proof is an owner's ID token of just this issuer; it is verified and not kept.",
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
