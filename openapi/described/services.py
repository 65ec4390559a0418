"""What the function ``services`` answers."""

from __future__ import annotations

from typing import Annotated

from common.api.catalogue import ServiceBody
from common.api.paging import ListQuery
from openapi.fields import Answer, Name, Yes, one_of
from openapi.operation import Operation
from openapi.records import CONDITIONS, MATCH, NONE_MATCH, PAGE, PageOf, kept, seen

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
    capacity: Annotated[int, one_of(1, "How many may book the same time.")]
    hold_minutes: Annotated[int, one_of(10, "How long a time is kept for somebody who decides.")]
    show_seats: bool
    resources: list[Name]
    active: Yes


class ServiceList(PageOf):
    """All services of the tenant."""

    services: list[Service]


OPERATIONS = (
    Operation("GET /", "listServices", "The services", {200: ServiceList}, query=ListQuery, errors=PAGE),
    Operation(
        "GET /<service>",
        "getService",
        "One service",
        seen(Service),
        headers=NONE_MATCH,
        errors=("invalid_version",),
    ),
    Operation(
        "PUT /<service>",
        "putService",
        "Make or replace a service",
        kept(Service),
        body=ServiceBody,
        headers=MATCH,
        errors=(*CONDITIONS, "unknown_resource"),
    ),
    Operation(
        "DELETE /<service>",
        "deleteService",
        "Delete a service that was never booked",
        {204: None},
        headers=MATCH,
        errors=(*CONDITIONS, "still_active", "has_bookings"),
    ),
)
