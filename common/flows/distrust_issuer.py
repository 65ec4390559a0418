"""Stops an issuer of the tenant's own from vouching for its staff."""

from __future__ import annotations

from dataclasses import dataclass

from common.domain.support import Action
from common.flows.steps.issuing import demand_way_in
from common.flows.steps.oversight import entry
from common.ports import Ports


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
