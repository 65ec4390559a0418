"""What the function ``resources`` answers."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from common.api.catalogue import AbsenceBody, ResourceBody
from common.api.feed_routes import FeedBody
from common.api.paging import ListQuery
from common.domain.subscription import Shows
from openapi.described.erasures import Erasure
from openapi.fields import Answer, Email, Line, Moment, Name, Wall, Yes, Zone, one_of
from openapi.operation import Operation
from openapi.records import CONDITIONS, MATCH, NONE_MATCH, PAGE, PageOf, kept, seen

SUMMARY = "Bookable people and rooms, their absences and their feeds."


class WeeklyHours(Answer):
    """Opening hours, day by day; an empty day is closed."""

    monday: list[Wall]
    tuesday: list[Wall]
    wednesday: list[Wall]
    thursday: list[Wall]
    friday: list[Wall]
    saturday: list[Wall]
    sunday: list[Wall]


class Resource(Answer):
    """A resource as staff see it."""

    id: Name
    name: Line
    email: Email | None
    time_zone: Zone
    hours: WeeklyHours
    overrides: Annotated[dict[date, list[Wall]], one_of({"2027-12-24": ["09:00-12:00"]})]
    use_external_free: bool
    active: Yes


class ResourceList(PageOf):
    """The resources that the caller may act for."""

    resources: list[Resource]


class Absence(Answer):
    """A time in which a resource cannot be booked."""

    id: Annotated[str, one_of("summer")]
    start: Moment
    end: Annotated[Moment, one_of("2027-03-22T09:00:00+01:00")]


class AbsenceList(PageOf):
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
    created_by: Annotated[str, one_of("oidc|48213")]


class NewFeed(Feed):
    """The feed with its address, this once."""

    url: Annotated[str, one_of("https://functions.example/feeds/9m2kV7xQ4tY1bW8rXc5LhNd0aZs3Ef6Gj.ics")]


OPERATIONS = (
    Operation("GET /", "listResources", "The resources", {200: ResourceList}, query=ListQuery, errors=PAGE),
    Operation(
        "GET /<resource>",
        "getResource",
        "One resource",
        seen(Resource),
        headers=NONE_MATCH,
        errors=("invalid_version",),
    ),
    Operation(
        "PUT /<resource>",
        "putResource",
        "Make or replace a resource",
        kept(Resource),
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
        says="What is left of it is erased as a job.",
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
        seen(Absence),
        headers=NONE_MATCH,
        errors=("invalid_version",),
    ),
    Operation(
        "PUT /<resource>/absences/<absence>",
        "putAbsence",
        "Enter or replace an absence",
        kept(Absence),
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
        body=FeedBody,
        says="The former address ends at once.",
    ),
    Operation("GET /<resource>/feed", "getFeed", "Whether there is a feed", {200: Feed | NoFeed}),
    Operation("DELETE /<resource>/feed", "endFeed", "End the feed", {204: None}),
)
