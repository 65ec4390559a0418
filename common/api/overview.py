"""The query and the answer of the overview: what a resource's day or week holds."""

from __future__ import annotations

from pydantic import Field

from common.api.bookings import staff_booking_view
from common.api.catalogue import absence_view
from common.api.connections import event_view
from common.api.http import Call, Json
from common.api.models import Id, Instant, Model, Zone, moment, own_resource, read
from common.api.slots import state_view
from common.domain.booking.booking import Booking
from common.domain.issuers import Role
from common.domain.privacy.overview import Block, Overview


class OverviewQuery(Model):
    """GET /overview; ``tz`` only formats the answer."""

    resource: Id
    start: Instant = Field(alias="from")
    end: Instant = Field(alias="to")
    tz: Zone = "UTC"
    tenant: Id | None = None


def overview_query(call: Call) -> OverviewQuery:
    """The validated query; staff see their own resources, support whatever its grant allows.

    Raises:
        UnknownResource: it is not this caller's resource, which looks the same as not existing.
    """
    query = read(OverviewQuery, call.query)
    if call.staff.role is not Role.SUPPORT:
        own_resource(call, query.resource)
    return query


def overview_view(found: Overview, *, zone: str, support: bool) -> Json:
    """GET /overview; support reads no customer's address, number or note, and no description."""
    return {
        "bookings": [_booking(booking, zone, support=support) for booking in found.bookings],
        "absences": [absence_view(absence) for absence in found.absences],
        "imported": [
            {**_imported_event(event_view(item.event, zone), support=support), "calendar": item.calendar}
            for item in found.imported
        ],
        "external": [_block(block, zone) for block in found.external],
        "calendars": [state_view(report, key=report.id) for report in found.calendars],
        "as_of": moment(found.as_of, zone),
    }


def _booking(booking: Booking, zone: str, *, support: bool) -> Json:
    view = staff_booking_view(booking, zone=zone)
    if not support:
        return view
    customer = {**view["customer"], "email": None, "phone": None}
    return {**view, "customer": customer, "note": None}


def _imported_event(view: Json, *, support: bool) -> Json:
    return {**view, "description": None} if support else view


def _block(block: Block, zone: str) -> Json:
    return {
        "calendar": block.calendar,
        "start": moment(block.start, zone),
        "end": moment(block.end, zone),
        "busy": block.busy,
        "all_day": block.all_day,
        "private": block.private,
        "imported": block.imported,
        "title": block.title,
        "read_only": True,
    }
