"""Operations and answers of the function ``overview``."""

from __future__ import annotations

from typing import Annotated, Literal

from common.api.privacy import OverviewQuery
from openapi.described.bookings import StaffBooking
from openapi.described.connection_models import ImportedEvent
from openapi.described.resources import Absence
from openapi.described.slots import CalendarState
from openapi.fields import Answer, Moment, TrueFlag, example_field
from openapi.operation import Operation

SUMMARY = "Shows a resource's day or week to its staff, and to support under a grant of the owner."


class ImportedCopy(ImportedEvent):
    """An imported event, and the calendar that it is from."""

    calendar: Annotated[str, example_field("5f3b0c1d2e4a69788796a5b4")]


class ExternalBlock(Answer):
    """One thing in an external calendar, asked for this view and not kept."""

    calendar: Annotated[str, example_field("5f3b0c1d2e4a69788796a5b4")]
    start: Moment
    end: Annotated[Moment, example_field("2027-03-15T10:00:00+01:00")]
    busy: TrueFlag
    all_day: bool
    private: bool
    imported: bool
    title: Annotated[str, example_field("Dentist", "Only while the owner shows events.")] | None
    read_only: Literal[True]


class Overview(Answer):
    """Everything in a resource's days."""

    bookings: list[StaffBooking]
    absences: list[Absence]
    imported: list[ImportedCopy]
    external: list[ExternalBlock]
    calendars: list[CalendarState]
    as_of: Moment


OPERATIONS = (
    Operation(
        "GET /",
        "getOverview",
        "Bookings, absences and events of a resource",
        {200: Overview},
        query=OverviewQuery,
        errors=("window", "window_too_long", "naive_time", "not_found", "support_locked", "no_support_grant"),
    ),
)
