"""Requests and views of the OpenID issuers that vouch for a tenant's staff."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from common.api.http import Json
from common.api.models import Model, moment
from common.domain.issuers import Issuer, Standing
from common.ports import Ports

Address = Annotated[
    str, Field(min_length=8, max_length=500, pattern=r"^[\x21-\x7e]+$", examples=["https://login.example/"])
]
Word = Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[\x21-\x7e]+$", examples=["slotbridge"])]
Token = Annotated[
    str,
    Field(
        min_length=20,
        max_length=16_384,
        pattern=r"^[A-Za-z0-9_.-]+$",
        repr=False,
        examples=["eyJhbGciOiJSUzI1NiJ9.eyJyb2xlIjoib3duZXIifQ.c2ln"],
    ),
]


class NewIssuer(Model):
    """POST /issuers: ``proof`` is an owner's ID token of just this issuer."""

    issuer: Address
    audience: Word
    proof: Token
    jwks_uri: Address | None = None
    tenant_claim: Word | None = "tenant"
    tenant_value: Word | None = None
    role_claim: Word = "role"
    resources_claim: Word = "resources"


class Acceptance(Model):
    """PUT /issuers/installation."""

    accepted: bool


def issuer_view(issuer: Issuer) -> Json:
    """An issuer as the owner sees it."""
    return {
        "id": issuer.id,
        "issuer": issuer.url,
        "audience": issuer.audience,
        "jwks_uri": issuer.jwks_uri,
        "tenant_claim": issuer.tenant_claim,
        "tenant_value": issuer.tenant_value,
        "role_claim": issuer.role_claim,
        "resources_claim": issuer.resources_claim,
        "added_at": moment(issuer.added_at) if issuer.added_at else None,
        "added_by": issuer.added_by,
    }


def issuers_view(ports: Ports, tenant: str, _: str) -> Json:
    """GET /issuers: the tenant's own, and the installation's."""
    return {
        "issuers": [issuer_view(item) for item in ports.issuers.of_tenant(tenant)],
        "installation": {
            "accepted": ports.issuers.standing(tenant).installation,
            "issuers": [
                {"issuer": item.url, "audience": item.audience}
                for item in ports.token_verifier.installation
                if not item.tenants or tenant in item.tenants
            ],
        },
    }


def acceptance_view(standing: Standing) -> Json:
    """PUT /issuers/installation."""
    return {"accepted": standing.installation}
