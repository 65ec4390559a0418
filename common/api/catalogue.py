"""Request bodies of tenants, resources, services and absences, and the records as answers show them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated

from pydantic import Field

from common.api.http import Json
from common.api.models import Email, Id, Instant, Line, Model, Origin, Zone, moment, to_json
from common.domain.calendar.interval import Interval
from common.domain.catalogue.records import (
    Absence,
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
)
from common.errors import InvalidRequest

WallText = Annotated[str, Field(pattern=r"^\d\d:\d\d-\d\d:\d\d$", examples=["09:00-12:00"])]
DayText = Annotated[tuple[WallText, ...], Field(max_length=24)]
Address = Annotated[str, Field(max_length=2000, pattern=r"^https?://[^\s#]+$")]
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
    overrides: Annotated[dict[date, DayText], Field(max_length=1000, default_factory=dict)]
    use_external_free: bool = False
    active: bool = True


class ServiceBody(Model):
    """PUT /services/{id}; all lengths in minutes, the horizon in days."""

    name: Line
    duration: Annotated[int, Field(ge=5, le=1440)]
    buffer_before: Annotated[int, Field(ge=0, le=360)] = 0
    buffer_after: Annotated[int, Field(ge=0, le=360)] = 0
    interval: Annotated[int, Field(ge=5, le=1440)] = 15
    notice: Annotated[int, Field(ge=0, le=525_600)] = 0
    horizon_days: Annotated[int, Field(ge=1, le=731)] = 90
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

    time: EditPolicy = EditPolicy.APPLY
    text: EditPolicy = EditPolicy.APPLY
    deletion: EditPolicy = EditPolicy.APPLY


class MailBody(Model):
    """What is mailed: to customers about their bookings, and to the owner about calendars."""

    customers: bool = True
    language: Language = Language.ENGLISH
    owner: Email | None = None
    reminders: bool = True


class TenantBody(Model):
    """PUT /tenant; ``grace_minutes`` null offers nothing while a calendar cannot be asked."""

    name: Line
    time_zone: Zone
    grace_minutes: Annotated[int, Field(ge=1, le=1440)] | None = None
    owner_edits: EditsBody = EditsBody()
    allowed_origins: Annotated[tuple[Origin, ...], Field(max_length=50)] = ()
    return_addresses: Annotated[tuple[Address, ...], Field(max_length=50)] = ()
    mail: MailBody = MailBody()


def resource_of(identifier: str, body: ResourceBody) -> Resource:
    """The resource that a request body describes.

    Raises:
        InvalidRequest: the hours overlap or are off the grid.
    """
    try:
        return Resource(
            id=identifier,
            name=body.name,
            email=body.email,
            zone=body.time_zone,
            hours=WeeklyHours.of({index: getattr(body.hours, day) for index, day in enumerate(DAYS)}),
            overrides={day: tuple(map(WallRange.parse, hours)) for day, hours in body.overrides.items()},
            use_external_free=body.use_external_free,
            active=body.active,
        )
    except ValueError as error:
        raise InvalidRequest(str(error), code="invalid_fields") from None


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
        InvalidRequest: a length is off the 5-minute grid.
    """
    try:
        return Service(
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
    except ValueError as error:
        raise InvalidRequest(str(error), code="invalid_fields") from None


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
        InvalidRequest: it ends before it starts, or is longer than two years.
    """
    if not body.start < body.end <= body.start + timedelta(days=731):
        raise InvalidRequest("an absence ends after it starts, within two years", code="invalid_fields")
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
