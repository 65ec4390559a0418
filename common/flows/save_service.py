"""Stores a service, if it is the one that the caller saw, and if its resources are there."""

from __future__ import annotations

from dataclasses import dataclass, replace

from common.domain.catalogue import Service
from common.domain.conditions import NOTHING_DEMANDED, Condition
from common.errors import InvalidRequest, UnknownResource
from common.flows.steps.conditional import Stored, put
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class SaveService:
    """A service to create or replace, and what the caller demands of the stored one."""

    tenant: str
    service: Service
    condition: Condition = NOTHING_DEMANDED


def save_service(ports: Ports, command: SaveService) -> Stored[Service]:
    """Create or replace a service; the commit demands that none of its resources went meanwhile.

    Raises:
        InvalidRequest: It names a resource that does not exist.
        StaleVersion: It is not at a version that the caller saw.
        PreconditionRequired: It is there, and the caller named no version.
        Conflict: Others keep changing it, or its resources.
    """
    tenant, wanted, catalogue = command.tenant, command.service, ports.catalogue

    def write(seen: str | None) -> Service:
        try:
            offered_by = [catalogue.resource(tenant, name) for name in wanted.resources]
        except UnknownResource:
            raise InvalidRequest(
                "the service names a resource that does not exist", code="unknown_resource"
            ) from None
        record = replace(wanted, version=seen)
        return catalogue.save_service(tenant, record, new=seen is None, offered_by=offered_by)

    return put(command.condition, wanted, find=lambda: catalogue.service(tenant, wanted.id), write=write)
