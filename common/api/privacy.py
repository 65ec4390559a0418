"""Requests and views of support access, the audit trail, export and erasure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Annotated, Protocol

from pydantic import Field

from common.api.http import Call, Json, Reply
from common.api.models import Email, Id, Line, Model, moment, to_json
from common.api.paging import list_reply
from common.domain.privacy.erasure import Erasure, Record
from common.domain.privacy.support import AuditEntry, SupportGrant
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
    customer: Email | None = None
    after: Annotated[str, Field(max_length=1500)] | None = None


class ErasureBody(Model):
    """POST /tenant/erasures: ``confirm`` repeats the resource, the customer's address or the tenant's id."""

    confirm: Annotated[str, Field(max_length=254)]
    resource: Id | None = None
    customer: Email | None = None


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


def support(ports: Callable[[], Ports]) -> Callable[[Call], Reply]:
    """GET /tenant/support: the lock, and the grants page by page."""

    def run(call: Call) -> Reply:
        outside, tenant = ports(), call.staff.tenant
        now, locked = outside.clock.now(), outside.support.locked(tenant)

        def view(grant: SupportGrant) -> Json:
            return {**grant_view(grant), "active": grant.active(now) and not locked}

        page = list_reply(call, "grants", lambda window: outside.lists.grants(tenant, window), view)
        return replace(page, body={"locked": locked, **page.body})

    return run


def lock_view(locked: object) -> Json:
    """PUT /tenant/support."""
    return {"locked": locked}


def entry_view(entry: AuditEntry) -> Json:
    """One line of the audit trail."""
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


class DocumentsPage(Protocol):
    """Some documents, and where to go on."""

    @property
    def documents(self) -> Sequence[Record]:
        """What is on this page."""

    @property
    def next(self) -> str | None:
        """What the next request says it has seen; None after the last page."""


def page_view(page: DocumentsPage) -> Json:
    """One page of an export."""
    return {
        "documents": [{"path": item.path, "data": to_json(item.data)} for item in page.documents],
        "next": page.next,
    }


def erasure_view(erasure: Erasure) -> Json:
    """A job, and in the end its receipt."""
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


def receipt_view(ports: Ports, tenant: str, erasure: str) -> Json:
    """GET /tenant/erasures/{id}."""
    return erasure_view(ports.archive.get(tenant, erasure))
