"""Decides which OpenID issuers a tenant's staff may come with: its own, the installation's, or both."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import replace

from common.domain.issuers import MOST_ISSUERS, Issuer, Role, Standing, check_issuer, identify, issuer_id
from common.domain.privacy.support import Action
from common.domain.shared.url_policy import check_target
from common.errors import InvalidRequest, NotAllowed, Rejected, Retry, Stop, UntrustedCaller
from common.flows.shared.audit import entry
from common.ports import Ports

# A discovery document (openid-configuration) and the address in it are not read beyond these, in bytes.
LARGEST_DISCOVERY = 64 * 1024
LONGEST_ADDRESS = 2_000


def trust_issuer(
    ports: Ports,
    *,
    tenant: str,
    subject: str,
    issuer: str,
    audience: str,
    proof: str,
    jwks_uri: str | None = None,
    tenant_claim: str | None = "tenant",
    tenant_value: str | None = None,
    role_claim: str = "role",
    resources_claim: str = "resources",
) -> Issuer:
    """Add an issuer whose tokens a tenant's staff may come with, or change its configuration.

    Args:
        ports: The outside.
        tenant: Whose staff.
        subject: Who does this, for the audit trail.
        issuer: The issuer's address, as its tokens name it.
        audience: Whom its tokens for us are made out to. An issuer and audience that the tenant has already
            is changed.
        proof: An ID token of an owner by just this issuer, which shows that the configuration works.
        jwks_uri: Where the issuer's public keys are; by default the issuer itself is asked.
        tenant_claim: The claim that names the tenant; None where every token of the issuer is the tenant's.
        tenant_value: What that claim says; by default the tenant's id.
        role_claim: The claim that names the role.
        resources_claim: The claim that names a staff member's own resources.

    Raises:
        InvalidRequest: The address is not acceptable, leads nowhere, or the proof does not hold under just
            this configuration, in which case whatever was configured before still counts.
        Rejected: Another tenant or the installation has this issuer and audience, or there are too many.
    """
    check_issuer(issuer, jwks_uri, loopback=ports.outbound.loopback)
    standing = ports.issuers.standing(tenant)
    known = ports.issuers.find(issuer, audience)
    of_installation = any(
        (item.url, item.audience) == (issuer, audience) for item in ports.token_verifier.installation
    )
    if of_installation or (known is not None and known.tenant != tenant):
        raise Rejected("this issuer and audience vouch for somebody else already", code="issuer_taken")
    if known is None and len(ports.issuers.of_tenant(tenant)) >= MOST_ISSUERS:
        raise Rejected(f"a tenant has at most {MOST_ISSUERS} issuers", code="too_many_issuers")
    jwks_uri = jwks_uri or _discover_jwks_uri(ports, issuer)
    ports.outbound.check(jwks_uri)
    trusted = Issuer(
        id=issuer_id(issuer, audience),
        url=issuer,
        audience=audience,
        jwks_uri=jwks_uri,
        tenant=tenant,
        tenant_claim=tenant_claim,
        tenant_value=tenant_value,
        role_claim=role_claim,
        resources_claim=resources_claim,
        added_at=ports.clock.now(),
        added_by=subject,
        version=known.version if known else None,
    )
    _check_proof(ports, trusted, proof)
    action = Action.ISSUER_CHANGED if known else Action.ISSUER_ADDED
    audited = entry(ports, tenant=tenant, who=subject, action=action, target=trusted.id)
    return ports.issuers.save(trusted, standing, audited)


def distrust_issuer(ports: Ports, *, tenant: str, subject: str, issuer: str, vouched_by: str) -> None:
    """Remove a tenant's own issuer; instances that have it cached accept it for another minute.

    Args:
        ports: The outside.
        tenant: Whose issuer it is.
        subject: Who does this, for the audit trail.
        issuer: The issuer's id.
        vouched_by: The id of the tenant's own issuer that the caller's token is of; empty for the
            installation's.

    Raises:
        UnknownResource: The tenant has no such issuer.
        Rejected: The caller could not sign in any more.
    """
    found = ports.issuers.get(tenant, issuer)
    standing = ports.issuers.standing(tenant)
    left = {item.id for item in ports.issuers.of_tenant(tenant)} - {found.id}
    _check_not_locked_out(left, installation=standing.installation, vouched_by=vouched_by)
    audited = entry(ports, tenant=tenant, who=subject, action=Action.ISSUER_REMOVED, target=found.id)
    ports.issuers.remove(found, standing, audited)


def accept_installation(
    ports: Ports, *, tenant: str, subject: str, accepted: bool, vouched_by: str
) -> Standing:
    """Decide whether a tenant's staff may come with tokens of the installation's issuers too.

    Instances that have the answer cached know it within a minute. ``subject`` and ``vouched_by`` are as at
    ``distrust_issuer``.

    Raises:
        Rejected: The caller could not sign in any more.
    """
    standing = ports.issuers.standing(tenant)
    own = {item.id for item in ports.issuers.of_tenant(tenant)}
    _check_not_locked_out(own, installation=accepted, vouched_by=vouched_by)
    action = Action.INSTALLATION_ACCEPTED if accepted else Action.INSTALLATION_REFUSED
    audited = entry(ports, tenant=tenant, who=subject, action=action)
    return ports.issuers.settle(replace(standing, installation=accepted), audited)


def _discover_jwks_uri(ports: Ports, url: str) -> str:
    """Ask an issuer where its public keys are.

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


def _check_proof(ports: Ports, issuer: Issuer, proof: str) -> None:
    """Refuse a configuration under which the owner's token would not be accepted.

    Raises:
        InvalidRequest: The token is not valid, or not an owner's.
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


def _check_not_locked_out(own: Collection[str], *, installation: bool, vouched_by: str) -> None:
    """Refuse a change after which the caller's own token would not be accepted any more.

    Raises:
        Rejected: It would not, and so perhaps nobody could sign in.
    """
    if vouched_by not in own and not (installation and not vouched_by):
        raise Rejected(
            "come with a token of an issuer that stays: this one could not be used afterwards",
            code="would_lock_out",
        )
