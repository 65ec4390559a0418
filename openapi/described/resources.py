"""Operations and answers of the function ``resources``."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from common.api.catalogue import AbsenceBody, ResourceBody
from common.api.ics_feeds import IcsFeedBody
from common.api.paging import ListQuery
from common.domain.catalogue.ics_feed import Shows
from openapi.described.erasure_models import Erasure
from openapi.fields import Answer, Email, Line, Moment, Name, TrueFlag, WallTimes, Zone, example_field
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

SUMMARY = "Bookable people and rooms, their absences and their feeds."


class WeeklyHours(Answer):
    """Opening hours, day by day; an empty day is closed."""

    monday: list[WallTimes]
    tuesday: list[WallTimes]
    wednesday: list[WallTimes]
    thursday: list[WallTimes]
    friday: list[WallTimes]
    saturday: list[WallTimes]
    sunday: list[WallTimes]


class Resource(Answer):
    """A resource as staff see it."""

    id: Name
    name: Line
    email: Email | None
    time_zone: Zone
    hours: WeeklyHours
    overrides: Annotated[dict[date, list[WallTimes]], example_field({"2027-12-24": ["09:00-12:00"]})]
    use_external_free: bool
    active: TrueFlag


class ResourceList(Page):
    """The resources that the caller may act for."""

    resources: list[Resource]


class Absence(Answer):
    """A time in which a resource cannot be booked."""

    id: Annotated[str, example_field("summer")]
    start: Moment
    end: Annotated[Moment, example_field("2027-03-22T09:00:00+01:00")]


class AbsenceList(Page):
    """A resource's absences."""

    absences: list[Absence]


class NoFeed(Answer):
    """The resource has no feed."""

    published: Literal[False]


class Feed(Answer):
    """What a resource's feed shows, and who published it."""

    published: Literal[True]
    shows: Shows
    created_at: Moment
    created_by: Annotated[str, example_field("oidc|48213")]


class NewFeed(Feed):
    """The feed with its address, this once."""

    url: Annotated[
        str, example_field("https://functions.example/feeds/9m2kV7xQ4tY1bW8rXc5LhNd0aZs3Ef6Gj.ics")
    ]


OPERATIONS = (
    Operation("GET /", "listResources", "The resources", {200: ResourceList}, query=ListQuery, errors=PAGE),
    Operation(
        "GET /<resource>",
        "getResource",
        "One resource",
        read_responses(Resource),
        headers=NONE_MATCH,
        errors=("invalid_version",),
    ),
    Operation(
        "PUT /<resource>",
        "putResource",
        "Make or replace a resource",
        store_responses(Resource),
        body=ResourceBody,
        headers=MATCH,
        errors=CONDITIONS,
    ),
    Operation(
        "DELETE /<resource>",
        "deleteResource",
        "Delete a resource on which nothing depends any more",
        {202: Erasure},
        headers=MATCH,
        errors=(*CONDITIONS, "still_active", "has_bookings", "has_connections", "offered_by_services"),
        description="What is left of it is erased as a job.",
    ),
    Operation(
        "GET /<resource>/absences",
        "listAbsences",
        "A resource's absences",
        {200: AbsenceList},
        query=ListQuery,
        errors=PAGE,
    ),
    Operation(
        "GET /<resource>/absences/<absence>",
        "getAbsence",
        "One absence",
        read_responses(Absence),
        headers=NONE_MATCH,
        errors=("invalid_version",),
    ),
    Operation(
        "PUT /<resource>/absences/<absence>",
        "putAbsence",
        "Enter or replace an absence",
        store_responses(Absence),
        body=AbsenceBody,
        headers=MATCH,
        errors=CONDITIONS,
    ),
    Operation(
        "DELETE /<resource>/absences/<absence>",
        "deleteAbsence",
        "Remove an absence",
        {204: None},
        headers=MATCH,
        errors=CONDITIONS,
    ),
    Operation(
        "POST /<resource>/feed",
        "publishFeed",
        "Publish the feed under a new address",
        {201: NewFeed},
        body=IcsFeedBody,
        description="The former address ends at once.",
    ),
    Operation("GET /<resource>/feed", "getFeed", "Whether there is a feed", {200: Feed | NoFeed}),
    Operation("DELETE /<resource>/feed", "endFeed", "End the feed", {204: None}),
)
