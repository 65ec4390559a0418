"""Stores the tenant's own record, if it is the one that its owner saw."""

from __future__ import annotations

from dataclasses import dataclass, replace

from common.domain.catalogue import Tenant
from common.domain.conditions import NOTHING_DEMANDED, Condition
from common.flows.steps.conditional import Stored, put
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class SaveTenant:
    """The record to create or replace, and what the caller demands of the stored one."""

    tenant: Tenant
    condition: Condition = NOTHING_DEMANDED


def save_tenant(ports: Ports, command: SaveTenant) -> Stored[Tenant]:
    """Create or replace the tenant's record.

    Raises:
        StaleVersion: It is not at a version that the caller saw.
        PreconditionRequired: It is there, and the caller named no version.
        Conflict: Others keep changing it.
    """
    wanted, catalogue = command.tenant, ports.catalogue
    return put(
        command.condition,
        wanted,
        find=lambda: catalogue.tenant(wanted.id),
        write=lambda seen: catalogue.save_tenant(replace(wanted, version=seen), new=seen is None),
    )
