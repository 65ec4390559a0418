"""Request bodies and answers of support access, the audit trail, export and erasure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from common.api.http import Call, Json, Reply
from common.api.models import Id, KnownEmail, Line, Model, moment, to_json
from common.api.paging import list_reply
from common.domain.privacy.erasure import Erasure
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
