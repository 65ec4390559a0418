"""Request bodies of tenants, resources, services and absences, and the records as answers show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Annotated

from pydantic import Field

from common.api.http import InvalidFields, Json
from common.api.models import (
    FROM_JSON,
    Day,
    Email,
    Id,
    Instant,
    Line,
    Model,
    Origin,
    Zone,
    form,
    moment,
    to_json,
)
from common.domain.calendar.interval import Interval
from common.domain.catalogue.records import (
    Absence,
    DayHours,
    EditPolicy,
    Language,
    MailPolicy,
    OwnerEditPolicy,
    Resource,
    Service,
    Tenant,
    UnreachablePolicy,
    WallRange,
    WeeklyHours,
    day_hours,
)

WallText = Annotated[
    str,
    form(
        r"^[0-9][0-9]:[0-9][0-9]-[0-9][0-9]:[0-9][0-9]$",
        "opening hours are written HH:MM-HH:MM",
        examples=["09:00-12:00"],
    ),
]
DayText = Annotated[tuple[WallText, ...], FROM_JSON, Field(max_length=24)]
Address = Annotated[
    str,
    form(r"^https?://[^\s#]+$", "an http or https address without # and spaces", max_length=2000),
]
# Five minutes are the smallest piece of a day.
GridMinutes = Annotated[int, Field(multiple_of=5)]
Policy = Annotated[EditPolicy, FROM_JSON]
LONGEST_ABSENCE = timedelta(days=731)
DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


class Hours(Model):
    """Weekly opening hours; a day left out is closed."""

    monday: DayText = ()
    tuesday: DayText = ()
    wednesday: DayText = ()
    thursday: DayText = ()
    friday: DayText = ()
    saturday: DayText = ()
    sunday: DayText = ()


class ResourceBody(Model):
    """PUT /resources/{id}."""

    name: Line
    email: Email | None = None
    time_zone: Zone
    hours: Hours = Hours()
    overrides: Annotated[dict[Day, DayText], Field(max_length=1000, default_factory=dict)]
    use_external_free: bool = False
    active: bool = True


class ServiceBody(Model):
    """PUT /services/{id}; all lengths in minutes, the horizon in days.

    A customer books at least ``notice`` and at most ``horizon_days`` (of 24 hours) before the start.
    """

    name: Line
    duration: Annotated[GridMinutes, Field(ge=5, le=1440)]
    buffer_before: Annotated[GridMinutes, Field(ge=0, le=360)] = 0
    buffer_after: Annotated[GridMinutes, Field(ge=0, le=360)] = 0
    interval: Annotated[GridMinutes, Field(ge=5, le=1440)] = 15
    notice: Annotated[
        int, Field(ge=0, le=525_600, description="Not longer than the horizon, or no time could be booked.")
    ] = 0
    horizon_days: Annotated[
        int, Field(ge=1, le=731, description="The start counts, to the second, and not the end.")
    ] = 90
    resources: Annotated[list[Id], Field(min_length=1, max_length=200)]
    active: bool = True
    capacity: Annotated[int, Field(ge=1, le=500)] = 1
    hold_minutes: Annotated[int, Field(ge=1, le=60)] = 10
    show_seats: bool = False


class AbsenceBody(Model):
    """PUT /resources/{id}/absences/{absence}."""

    start: Instant
    end: Instant


class EditsBody(Model):
    """What becomes of the owner's changes to exported events."""

    time: Policy = EditPolicy.APPLY
    text: Policy = EditPolicy.APPLY
    deletion: Policy = EditPolicy.APPLY


class MailBody(Model):
    """What is mailed: to customers about their bookings, and to the owner about calendars."""

    customers: bool = True
    language: Annotated[Language, FROM_JSON] = Language.ENGLISH
    owner: Email | None = None
    reminders: bool = True


class TenantBody(Model):
    """PUT /tenant; ``grace_minutes`` null offers nothing while a calendar cannot be asked."""

    name: Line
    time_zone: Zone
    grace_minutes: Annotated[int, Field(ge=1, le=1440)] | None = None
    owner_edits: EditsBody = EditsBody()
    allowed_origins: Annotated[tuple[Origin, ...], FROM_JSON, Field(max_length=50)] = ()
    return_addresses: Annotated[tuple[Address, ...], FROM_JSON, Field(max_length=50)] = ()
    mail: MailBody = MailBody()


def resource_of(identifier: str, body: ResourceBody) -> Resource:
    """The resource that a request body describes.

    Raises:
        InvalidFields: some day's hours overlap or are off the grid.
    """
    named = {f"hours.{day}": getattr(body.hours, day) for day in DAYS}
    dated = {f"overrides.{day.isoformat()}": hours for day, hours in body.overrides.items()}
    read = _opening_hours({**named, **dated})
    return Resource(
        id=identifier,
        name=body.name,
        email=body.email,
        zone=body.time_zone,
        hours=WeeklyHours(tuple(read[field] for field in named)),
        overrides=dict(zip(body.overrides, (read[field] for field in dated), strict=True)),
        use_external_free=body.use_external_free,
        active=body.active,
    )


def _opening_hours(said: Mapping[str, Sequence[str]]) -> Mapping[str, DayHours]:
    """Some days' hours by the field that says them.

    Raises:
        InvalidFields: Names every day whose hours overlap, are no times or are off the grid.
    """
    read: dict[str, DayHours] = {}
    refused: list[dict[str, str]] = []
    for field, hours in said.items():
        try:
            read[field] = day_hours(map(WallRange.parse, hours))
        except ValueError as error:
            refused.append({"field": field, "message": str(error)})
    if refused:
        raise InvalidFields(refused)
    return read


def resource_view(resource: Resource) -> Json:
    """A resource as staff see it."""
    return {
        "id": resource.id,
        "name": resource.name,
        "email": resource.email,
        "time_zone": resource.zone,
        "hours": {day: [str(item) for item in resource.hours.days[index]] for index, day in enumerate(DAYS)},
        "overrides": {
            day.isoformat(): [str(item) for item in hours] for day, hours in resource.overrides.items()
        },
        "use_external_free": resource.use_external_free,
        "active": resource.active,
    }


def service_of(identifier: str, body: ServiceBody) -> Service:
    """The service that a request body describes.

    Raises:
        InvalidFields: the notice is longer than the horizon, so that no time could ever be booked.
    """
    service = Service(
        id=identifier,
        name=body.name,
        duration=timedelta(minutes=body.duration),
        buffer_before=timedelta(minutes=body.buffer_before),
        buffer_after=timedelta(minutes=body.buffer_after),
        step=timedelta(minutes=body.interval),
        notice=timedelta(minutes=body.notice),
        horizon=timedelta(days=body.horizon_days),
        resources=tuple(dict.fromkeys(body.resources)),
        active=body.active,
        capacity=body.capacity,
        hold=timedelta(minutes=body.hold_minutes),
        show_seats=body.show_seats,
    )
    # Not a rule of the record: an older release stored such services, and they are still to be read.
    if service.notice > service.horizon:
        message = "the notice is longer than the horizon, so that no time could be booked"
        raise InvalidFields([{"field": "notice", "message": message}])
    return service


def service_view(service: Service) -> Json:
    """A service as staff see it."""
    minute = timedelta(minutes=1)
    return {
        "id": service.id,
        "name": service.name,
        "duration": service.duration // minute,
        "buffer_before": service.buffer_before // minute,
        "buffer_after": service.buffer_after // minute,
        "interval": service.step // minute,
        "notice": service.notice // minute,
        "horizon_days": service.horizon.days,
        "resources": list(service.resources),
        "active": service.active,
        "capacity": service.capacity,
        "hold_minutes": service.hold // minute,
        "show_seats": service.show_seats,
    }


def absence_of(identifier: str, body: AbsenceBody) -> Absence:
    """The absence that a request body describes.

    Raises:
        InvalidFields: it ends before it starts, or is longer than two years.
    """
    # The difference, since a late start plus two years is no date any more.
    if not timedelta() < body.end - body.start <= LONGEST_ABSENCE:
        message = "an absence ends after it starts, within two years"
        raise InvalidFields([{"field": "end", "message": message}])
    return Absence(id=identifier, interval=Interval(body.start, body.end))


def absence_view(absence: Absence) -> Json:
    """An absence as staff see it."""
    return {"id": absence.id, "start": moment(absence.interval.start), "end": moment(absence.interval.end)}


def tenant_of(identifier: str, body: TenantBody) -> Tenant:
    """The tenant that a request body describes."""
    edits = body.owner_edits
    grace = timedelta(minutes=body.grace_minutes) if body.grace_minutes else None
    return Tenant(
        id=identifier,
        name=body.name,
        zone=body.time_zone,
        unreachable=UnreachablePolicy(grace),
        owner_edits=OwnerEditPolicy(time=edits.time, text=edits.text, deletion=edits.deletion),
        allowed_origins=tuple(body.allowed_origins),
        return_addresses=tuple(body.return_addresses),
        mail=MailPolicy(**body.mail.model_dump()),
    )


def tenant_view(tenant: Tenant) -> Json:
    """A tenant as its owner sees it."""
    grace = tenant.unreachable.grace
    edits = tenant.owner_edits
    return {
        "id": tenant.id,
        "name": tenant.name,
        "time_zone": tenant.zone,
        "grace_minutes": grace // timedelta(minutes=1) if grace else None,
        "owner_edits": {"time": edits.time.value, "text": edits.text.value, "deletion": edits.deletion.value},
        "allowed_origins": list(tenant.allowed_origins),
        "return_addresses": list(tenant.return_addresses),
        "mail": to_json(tenant.mail),
    }
