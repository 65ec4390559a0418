"""Decides whether the installation's issuers vouch for a tenant's staff beside its own ones."""

from __future__ import annotations

from dataclasses import dataclass, replace

from common.domain.staff import Standing
from common.domain.support import Action
from common.flows.steps.issuing import demand_way_in
from common.flows.steps.oversight import entry
from common.ports import Ports


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
