"""Removes an absence, if it is the one that the caller saw; its time is free again in the same commit."""

from __future__ import annotations

from dataclasses import dataclass

from common.domain.conditions import NOTHING_DEMANDED, Condition
from common.flows.steps.conditional import remove
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class DeleteAbsence:
    """Which absence, and what the caller demands of it."""

    tenant: str
    resource: str
    absence: str
    condition: Condition = NOTHING_DEMANDED


def delete_absence(ports: Ports, command: DeleteAbsence) -> None:
    """Remove it.

    Raises:
        UnknownResource: There is no such absence.
        StaleVersion: It is not at a version that the caller saw.
        Conflict: Others keep changing it.
    """
    named, catalogue = (command.tenant, command.resource, command.absence), ports.catalogue
    remove(
        command.condition,
        find=lambda: catalogue.absence(*named),
        delete=lambda seen: catalogue.delete_absence(*named, version=seen.version),
    )
