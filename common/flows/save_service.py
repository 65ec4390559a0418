"""Stores a service after checking that its resources exist."""

from __future__ import annotations

from dataclasses import dataclass

from common.domain.catalogue import Service
from common.errors import InvalidRequest
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class SaveService:
    """A service to create or replace."""

    tenant: str
    service: Service


def save_service(ports: Ports, command: SaveService) -> Service:
    """Create or replace a service.

    Raises:
        InvalidRequest: it names a resource that does not exist.
    """
    known = {resource.id for resource in ports.catalogue.resources(command.tenant)}
    if not set(command.service.resources) <= known:
        raise InvalidRequest("the service names a resource that does not exist", code="unknown_resource")
    ports.catalogue.save_service(command.tenant, command.service)
    return command.service
