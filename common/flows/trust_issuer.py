"""Lets an OpenID issuer of the tenant's own vouch for its staff, once it has shown that it can."""

from __future__ import annotations

from dataclasses import dataclass, field

from common.domain.staff import MOST_ISSUERS, Issuer, check_issuer, issuer_id
from common.domain.support import Action
from common.errors import Rejected
from common.flows.steps.issuing import discovered, prove
from common.flows.steps.oversight import entry
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class TrustIssuer:
    """Which issuer and audience, how its claims are called, and an owner's ID token of it as ``proof``."""

    tenant: str
    subject: str
    issuer: str
    audience: str
    proof: str = field(repr=False)
    jwks_uri: str | None = None
    tenant_claim: str | None = "tenant"
    tenant_value: str | None = None
    role_claim: str = "role"
    resources_claim: str = "resources"


def trust_issuer(ports: Ports, command: TrustIssuer) -> Issuer:
    """The issuer as it counts from now on; the same issuer and audience again is a change of it.

    Raises:
        InvalidRequest: The address is not acceptable, leads nowhere, or the proof does not hold under just
            this configuration, in which case whatever was configured before still counts.
        Rejected: Another tenant or the installation holds this pair, or there are enough of them.
    """
    url, audience = command.issuer, command.audience
    check_issuer(url, command.jwks_uri, loopback=ports.courier.loopback)
    standing = ports.issuers.standing(command.tenant)
    known = ports.issuers.find(url, audience)
    ours = any((item.url, item.audience) == (url, audience) for item in ports.witness.installation)
    if ours or (known is not None and known.tenant != command.tenant):
        raise Rejected("this issuer and audience vouch for somebody else already", code="issuer_taken")
    if known is None and len(ports.issuers.of_tenant(command.tenant)) >= MOST_ISSUERS:
        raise Rejected(f"a tenant has at most {MOST_ISSUERS} issuers", code="too_many_issuers")
    jwks_uri = command.jwks_uri or discovered(ports, url)
    ports.courier.check(jwks_uri)
    issuer = Issuer(
        id=issuer_id(url, audience),
        url=url,
        audience=audience,
        jwks_uri=jwks_uri,
        tenant=command.tenant,
        tenant_claim=command.tenant_claim,
        tenant_value=command.tenant_value,
        role_claim=command.role_claim,
        resources_claim=command.resources_claim,
        added_at=ports.clock.now(),
        added_by=command.subject,
        version=known.version if known else None,
    )
    prove(ports, issuer, command.proof)
    action = Action.ISSUER_CHANGED if known else Action.ISSUER_ADDED
    told = entry(ports, tenant=command.tenant, who=command.subject, action=action, target=issuer.id)
    return ports.issuers.save(issuer, standing, told)
