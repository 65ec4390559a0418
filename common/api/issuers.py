"""What the routes of the OpenID issuers that vouch for a tenant's staff read and answer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from common.api.http import Json
from common.api.models import Model, form, moment
from common.domain.issuers import Issuer, Standing

_PRINTABLE, _NO_SPACES = r"^[\x21-\x7e]+$", "this is printable ASCII without spaces"
Address = Annotated[
    str,
    form(_PRINTABLE, _NO_SPACES, min_length=8, max_length=500, examples=["https://login.example/"]),
]
Word = Annotated[str, form(_PRINTABLE, _NO_SPACES, min_length=1, max_length=200, examples=["slotbridge"])]
Token = Annotated[
    str,
    form(
        r"^[A-Za-z0-9_.-]+$",
        "an ID token as the issuer wrote it",
        min_length=20,
        max_length=16_384,
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
    """PUT /issuers/installation: whether the installation's issuers may vouch for the tenant's staff."""

    accepted: bool


def issuer_view(issuer: Issuer) -> Json:
    """One of the tenant's own issuers, as its owner sees it."""
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


def issuers_view(own: Sequence[Issuer], installation: Sequence[Issuer], standing: Standing) -> Json:
    """A tenant's own issuers, and those of the installation that may vouch for its staff."""
    return {
        "issuers": [issuer_view(issuer) for issuer in own],
        "installation": {
            "accepted": standing.installation,
            "issuers": [
                {"issuer": issuer.url, "audience": issuer.audience}
                for issuer in installation
                if not issuer.tenants or standing.tenant in issuer.tenants
            ],
        },
    }
