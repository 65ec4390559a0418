"""Lets an OpenID issuer of the tenant's own vouch for its staff, once it has shown that it can."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass, field, replace

from common.domain.issuers import MOST_ISSUERS, Issuer, Role, Standing, check_issuer, identify, issuer_id
from common.domain.privacy.support import Action
from common.domain.shared.url_policy import check_target
from common.errors import InvalidRequest, NotAllowed, Rejected, Retry, Stop, UntrustedCaller
from common.flows.shared.audit import entry
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
    check_issuer(url, command.jwks_uri, loopback=ports.outbound.loopback)
    standing = ports.issuers.standing(command.tenant)
    known = ports.issuers.find(url, audience)
    ours = any((item.url, item.audience) == (url, audience) for item in ports.token_verifier.installation)
    if ours or (known is not None and known.tenant != command.tenant):
        raise Rejected("this issuer and audience vouch for somebody else already", code="issuer_taken")
    if known is None and len(ports.issuers.of_tenant(command.tenant)) >= MOST_ISSUERS:
        raise Rejected(f"a tenant has at most {MOST_ISSUERS} issuers", code="too_many_issuers")
    jwks_uri = command.jwks_uri or discovered(ports, url)
    ports.outbound.check(jwks_uri)
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


@dataclass(frozen=True, slots=True)
class DistrustIssuer:
    """Which issuer; ``vouched_by`` is the one behind the caller, empty for the installation's."""

    tenant: str
    subject: str
    issuer: str
    vouched_by: str


def distrust_issuer(ports: Ports, command: DistrustIssuer) -> None:
    """Remove it; other instances forget it within a minute.

    Raises:
        UnknownResource: The tenant has no such issuer.
        Rejected: The caller could not come back afterwards.
    """
    issuer = ports.issuers.get(command.tenant, command.issuer)
    standing = ports.issuers.standing(command.tenant)
    left = {item.id for item in ports.issuers.of_tenant(command.tenant)} - {issuer.id}
    demand_way_in(left, installation=standing.installation, vouched_by=command.vouched_by)
    action = Action.ISSUER_REMOVED
    told = entry(ports, tenant=command.tenant, who=command.subject, action=action, target=issuer.id)
    ports.issuers.remove(issuer, standing, told)


@dataclass(frozen=True, slots=True)
class AcceptInstallation:
    """Whether they do; ``vouched_by`` is the issuer behind the caller, empty for the installation's."""

    tenant: str
    subject: str
    accepted: bool
    vouched_by: str


def accept_installation(ports: Ports, command: AcceptInstallation) -> Standing:
    """How it is from now on; other instances know it within a minute.

    Raises:
        Rejected: The caller could not come back afterwards.
    """
    standing = ports.issuers.standing(command.tenant)
    own = {item.id for item in ports.issuers.of_tenant(command.tenant)}
    demand_way_in(own, installation=command.accepted, vouched_by=command.vouched_by)
    action = Action.INSTALLATION_ACCEPTED if command.accepted else Action.INSTALLATION_REFUSED
    told = entry(ports, tenant=command.tenant, who=command.subject, action=action)
    return ports.issuers.settle(replace(standing, installation=command.accepted), told)


LARGEST_DISCOVERY = 64 * 1024
LONGEST_ADDRESS = 2_000


def discovered(ports: Ports, url: str) -> str:
    """Where an issuer says that its keys are.

    https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig

    Raises:
        InvalidRequest: There is no such document, or it is another issuer's.
    """
    try:
        raw = ports.outbound.fetch(
            f"{url.rstrip('/')}/.well-known/openid-configuration", largest=LARGEST_DISCOVERY
        )
    except (Retry, Stop):
        raise InvalidRequest(
            "the issuer's openid-configuration cannot be fetched", code="issuer_unreachable"
        ) from None
    try:
        document = json.loads(raw)
    except (ValueError, RecursionError):
        document = None
    said = document if isinstance(document, dict) else {}
    keys = said.get("jwks_uri")
    # Only the issuer itself may say where its keys are; a document that names another one is somebody else's.
    if said.get("issuer") != url or not isinstance(keys, str) or len(keys) > LONGEST_ADDRESS:
        raise InvalidRequest("the openid-configuration is not this issuer's", code="invalid_issuer")
    check_target(keys, loopback=ports.outbound.loopback)
    return keys


def prove(ports: Ports, issuer: Issuer, proof: str) -> None:
    """Demand that an owner can come in by this issuer, configured as it will be.

    Raises:
        InvalidRequest: The token does not stand up to it.
    """
    try:
        identity = identify(issuer, ports.token_verifier.verify(issuer, proof))
    except (Retry, Stop):
        raise InvalidRequest("the issuer's keys cannot be fetched", code="issuer_unreachable") from None
    except (UntrustedCaller, NotAllowed) as error:
        raise InvalidRequest(
            f"the proof does not hold under this configuration: {error.detail}", code="proof_refused"
        ) from None
    if identity.role is not Role.OWNER:
        raise InvalidRequest("the proof is not an owner's token", code="proof_refused")


def demand_way_in(own: Collection[str], *, installation: bool, vouched_by: str) -> None:
    """Demand that the caller, by whoever vouched for it, can come in again.

    Raises:
        Rejected: It could not, and so perhaps nobody could.
    """
    if vouched_by not in own and not (installation and not vouched_by):
        raise Rejected(
            "come with a token of an issuer that stays: this one could not be used afterwards",
            code="would_lock_out",
        )
