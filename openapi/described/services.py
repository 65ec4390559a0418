"""Operations and answers of the function ``services``."""

from __future__ import annotations

from typing import Annotated

from common.api.catalogue import ServiceBody
from common.api.paging import ListQuery
from openapi.fields import Answer, Name, TrueFlag, example_field
from openapi.operation import Operation
from openapi.record_responses import (
    CONDITIONS,
    MATCH,
    NONE_MATCH,
    PAGE,
    Page,
    read_responses,
    store_responses,
)

SUMMARY = "What customers can book."


class Service(Answer):
    """A service as staff see it; lengths in minutes, the horizon in days."""

    id: Annotated[str, example_field("haircut")]
    name: Annotated[str, example_field("Haircut")]
    duration: Annotated[int, example_field(30)]
    buffer_before: Annotated[int, example_field(0)]
    buffer_after: Annotated[int, example_field(5)]
    interval: Annotated[int, example_field(15)]
    notice: Annotated[int, example_field(120)]
    horizon_days: Annotated[int, example_field(90)]
    capacity: Annotated[int, example_field(1, "How many may book the same time.")]
    hold_minutes: Annotated[int, example_field(10, "How long a time is kept for somebody who decides.")]
    show_seats: bool
    resources: list[Name]
    active: TrueFlag


class ServiceList(Page):
    """All services of the tenant."""

    services: list[Service]


OPERATIONS = (
    Operation("GET /", "listServices", "The services", {200: ServiceList}, query=ListQuery, errors=PAGE),
    Operation(
        "GET /<service>",
        "getService",
        "One service",
        read_responses(Service),
        headers=NONE_MATCH,
        errors=("invalid_version",),
    ),
    Operation(
        "PUT /<service>",
        "putService",
        "Make or replace a service",
        store_responses(Service),
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
