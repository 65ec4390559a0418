"""Stores an absence of a resource, if it is the one that the caller saw."""

from __future__ import annotations

from dataclasses import dataclass, replace

from common.domain.catalogue import Absence
from common.domain.conditions import NOTHING_DEMANDED, Condition
from common.flows.steps.conditional import Stored, put
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class SaveAbsence:
    """An absence to create or replace, and what the caller demands of the stored one."""

    tenant: str
    resource: str
    absence: Absence
    condition: Condition = NOTHING_DEMANDED


def save_absence(ports: Ports, command: SaveAbsence) -> Stored[Absence]:
    """Create or replace an absence; its time is taken, and the old one free, in the same commit.

    Raises:
        UnknownResource: There is no such resource.
        StaleVersion: It is not at a version that the caller saw.
        PreconditionRequired: It is there, and the caller named no version.
        Conflict: Others keep changing it.
    """
    tenant, resource, wanted, catalogue = command.tenant, command.resource, command.absence, ports.catalogue

    def write(seen: str | None) -> Absence:
        of = catalogue.resource(tenant, resource)
        record = replace(wanted, version=seen)
        return catalogue.save_absence(tenant, resource, record, new=seen is None, of=of)

    return put(
        command.condition,
        wanted,
        find=lambda: catalogue.absence(tenant, resource, wanted.id),
        write=write,
    )
