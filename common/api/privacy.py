"""Requests and answers of the overview, support access, the audit trail, export and erasure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from common.api.bookings import staff_booking_view
from common.api.catalogue import absence_view
from common.api.connections import event_view
from common.api.http import Call, Json, Reply
from common.api.models import Id, Instant, KnownEmail, Line, Model, Zone, moment, own_resource, read, to_json
from common.api.paging import list_reply
from common.api.slots import state_view
from common.domain.booking.booking import Booking
from common.domain.issuers import Role
from common.domain.privacy.erasure import Erasure
from common.domain.privacy.overview import Block, Overview
from common.domain.privacy.support import AuditEntry, SupportGrant

if TYPE_CHECKING:
    from common.flows.privacy.export_data import ExportPage
    from common.ports import Ports


class SupportBody(Model):
    """POST /tenant/support: why support may look, and for how long."""

    reason: Line
    ticket: Annotated[Line, Field(max_length=100)] | None = None
    hours: Annotated[int, Field(ge=1, le=168)] = 24


class LockBody(Model):
    """PUT /tenant/support: whether support is locked out, whatever was granted."""

    locked: bool


class ExportBody(Model):
    """POST /tenant/export: of all, of one resource or of one customer; ``after`` is the last ``next``."""

    resource: Id | None = None
    customer: KnownEmail | None = None
    after: Annotated[str, Field(max_length=1500)] | None = None


class ErasureBody(Model):
    """POST /tenant/erasures: ``confirm`` repeats the resource, the customer's address or the tenant's id."""

    confirm: Annotated[str, Field(max_length=254)]
    resource: Id | None = None
    customer: KnownEmail | None = None


def grant_view(grant: SupportGrant) -> Json:
    """A support grant as its owner sees it."""
    return {
        "id": grant.id,
        "reason": grant.reason,
        "ticket": grant.ticket,
        "granted_by": grant.granted_by,
        "granted_at": moment(grant.granted_at),
        "ends_at": moment(grant.ends_at),
        "revoked_at": moment(grant.revoked_at) if grant.revoked_at else None,
        "revoked_by": grant.revoked_by,
    }


def support_reply(call: Call, ports: Ports) -> Reply:
    """GET /tenant/support: whether support is locked out, and one page of the grants."""
    tenant, now = call.staff.tenant, ports.clock.now()
    locked = ports.support.locked(tenant)

    def view(grant: SupportGrant) -> Json:
        return {**grant_view(grant), "active": grant.active(now) and not locked}

    page = list_reply(call, "grants", lambda page: ports.lists.grants(tenant, page), view)
    return replace(page, body={"locked": locked, **page.body})


def entry_view(entry: AuditEntry) -> Json:
    """An audit entry as the owner sees it."""
    return {
        "id": entry.id,
        "at": moment(entry.at),
        "who": entry.who,
        "action": entry.action.value,
        "target": entry.target,
        "reason": entry.reason,
        "ticket": entry.ticket,
        "grant": entry.grant,
    }


def export_page_view(page: ExportPage) -> Json:
    """One page of an export."""
    return {
        "documents": [{"path": item.path, "data": to_json(item.data)} for item in page.documents],
        "next": page.next,
    }


def erasure_view(erasure: Erasure) -> Json:
    """The job of an erasure, and in the end its receipt."""
    return {
        "id": erasure.id,
        "scope": erasure.scope.value,
        "subject": erasure.subject,
        "stage": erasure.stage.value,
        "requested_by": erasure.requested_by,
        "started_at": moment(erasure.started_at),
        "waiting_until": moment(erasure.waiting_until) if erasure.waiting_until else None,
        "finished_at": moment(erasure.finished_at) if erasure.finished_at else None,
        "bookings_kept": erasure.bookings_kept,
        "documents_erased": erasure.documents_erased,
        "bookings_anonymised": erasure.bookings_anonymised,
        "connections_ended": erasure.connections_ended,
        "events_erased": erasure.events_erased,
        "events_left": erasure.events_left,
    }


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
