"""Stores a resource, if it is the one that the caller saw."""

from __future__ import annotations

from dataclasses import dataclass, replace

from common.domain.catalogue import Resource
from common.domain.conditions import NOTHING_DEMANDED, Condition
from common.flows.steps.conditional import Stored, put
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class SaveResource:
    """A resource to create or replace, and what the caller demands of the stored one."""

    tenant: str
    resource: Resource
    condition: Condition = NOTHING_DEMANDED


def save_resource(ports: Ports, command: SaveResource) -> Stored[Resource]:
    """Create or replace a resource.

    Raises:
        StaleVersion: It is not at a version that the caller saw.
        PreconditionRequired: It is there, and the caller named no version.
        Conflict: Others keep changing it.
    """
    tenant, wanted, catalogue = command.tenant, command.resource, ports.catalogue
    return put(
        command.condition,
        wanted,
        find=lambda: catalogue.resource(tenant, wanted.id),
        write=lambda seen: catalogue.save_resource(tenant, replace(wanted, version=seen), new=seen is None),
    )
