"""What the function ``services`` answers."""

from __future__ import annotations

from typing import Annotated

from common.api.catalogue import ServiceBody
from openapi.fields import Answer, Name, Yes, one_of
from openapi.operation import Operation

SUMMARY = "What customers can book."


class Service(Answer):
    """A service as staff see it; lengths in minutes, the horizon in days."""

    id: Annotated[str, one_of("haircut")]
    name: Annotated[str, one_of("Haircut")]
    duration: Annotated[int, one_of(30)]
    buffer_before: Annotated[int, one_of(0)]
    buffer_after: Annotated[int, one_of(5)]
    interval: Annotated[int, one_of(15)]
    notice: Annotated[int, one_of(120)]
    horizon_days: Annotated[int, one_of(90)]
    resources: list[Name]
    active: Yes


class ServiceList(Answer):
    """All services of the tenant."""

    services: list[Service]


OPERATIONS = (
    Operation("GET /", "listServices", "The services", {200: ServiceList}),
    Operation("GET /<service>", "getService", "One service", {200: Service}),
    Operation(
        "PUT /<service>",
        "putService",
        "Make or replace a service",
        {200: Service},
        body=ServiceBody,
        errors=("unknown_resource",),
    ),
)
