"""Operations and answers of the function ``tenant``."""

from __future__ import annotations

from typing import Annotated, Any

from common.api.catalogue import TenantBody
from common.api.paging import ListQuery
from common.api.privacy import ErasureBody, ExportBody, LockBody, SupportBody
from common.domain.catalogue.records import EditPolicy, Language
from common.domain.notify import Notice
from common.domain.privacy.support import Action
from common.domain.shared.tasks import DeadLetter
from openapi.described.erasure_models import Erasure, ErasureList
from openapi.fields import Answer, Email, Id, Line, Moment, Name, Opaque, TrueFlag, Zone, example_field
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

SUMMARY = "The tenant's own record and dead letters; support access, the audit trail, export and erasure."
Person = Annotated[str, example_field("oidc|48213")]


class OwnerEdits(Answer):
    """What becomes of the owner's changes to exported events."""

    time: EditPolicy
    text: EditPolicy
    deletion: EditPolicy


class MailSettings(Answer):
    """What is mailed."""

    customers: TrueFlag
    language: Language
    owner: Email | None
    reminders: TrueFlag


class Tenant(Answer):
    """A tenant as its owner sees it."""

    id: Annotated[str, example_field("salon")]
    name: Annotated[str, example_field("Salon Zoe")]
    time_zone: Zone
    grace_minutes: Annotated[int, example_field(30)] | None
    owner_edits: OwnerEdits
    allowed_origins: list[Annotated[str, example_field("https://salon.example")]]
    return_addresses: list[Annotated[str, example_field("https://salon.example/connected")]]
    mail: MailSettings


class NoticeList(Page):
    """What people were told."""

    notices: list[Notice]


class DeadLetterList(Page):
    """Work that was given up."""

    dead_letters: list[DeadLetter]


class SupportGrant(Answer):
    """A permission for support to look, for a while."""

    id: Id
    reason: Annotated[str, example_field("Bookings are missing in the calendar")]
    ticket: Annotated[str, example_field("SUP-117")] | None
    granted_by: Person
    granted_at: Moment
    ends_at: Annotated[Moment, example_field("2027-03-16T09:00:00+01:00")]
    revoked_at: Moment | None
    revoked_by: Person | None


class ListedGrant(SupportGrant):
    """The same, and whether it holds now."""

    active: TrueFlag


class Support(Page):
    """Whether support is locked out, and what it was granted, newest first."""

    locked: bool
    grants: list[ListedGrant]


class SupportLock(Answer):
    """Whether support is locked out."""

    locked: TrueFlag


class AuditEntry(Answer):
    """One line of the audit trail."""

    id: Id
    at: Moment
    who: Person
    action: Action
    target: Name | None
    reason: Line | None
    ticket: Annotated[str, example_field("SUP-117")] | None
    grant: Id | None


class AuditPage(Page):
    """Some lines, newest first."""

    entries: list[AuditEntry]


class ExportedDocument(Answer):
    """One record as it is stored, secrets left out."""

    path: Annotated[str, example_field("tenants/salon/bookings/Zk3vY0m9Tq2bW8rXc5LhNd")]
    data: Annotated[dict[str, Any], example_field({"service": "haircut", "resource": "anna"})]


class ExportPage(Answer):
    """Some records; ``next`` is the next request's ``after``."""

    documents: list[ExportedDocument]
    next: Opaque | None


OPERATIONS = (
    Operation(
        "GET /",
        "getTenant",
        "The tenant's record",
        read_responses(Tenant),
        headers=NONE_MATCH,
        errors=("not_found", "invalid_version"),
    ),
    Operation(
        "PUT /",
        "putTenant",
        "Make or replace the record",
        store_responses(Tenant),
        body=TenantBody,
        headers=MATCH,
        errors=CONDITIONS,
    ),
    Operation(
        "GET /notices",
        "listNotices",
        "What people were told",
        {200: NoticeList},
        query=ListQuery,
        errors=PAGE,
    ),
    Operation(
        "GET /dead_letters",
        "listDeadLetters",
        "Work that was given up",
        {200: DeadLetterList},
        query=ListQuery,
        errors=PAGE,
    ),
    Operation(
        "POST /dead_letters/<letter>/replay",
        "replayDeadLetter",
        "Try such work again; its letter stays until it is done",
        {202: DeadLetter},
    ),
    Operation(
        "GET /support", "getSupport", "What support may see", {200: Support}, query=ListQuery, errors=PAGE
    ),
    Operation(
        "POST /support",
        "allowSupport",
        "Let support look for a while",
        {201: SupportGrant},
        body=SupportBody,
        errors=("support_locked", "grant_too_long"),
    ),
    Operation("PUT /support", "lockSupport", "Lock support out or in", {200: SupportLock}, body=LockBody),
    Operation("DELETE /support/<grant>", "revokeSupport", "End a permission", {200: SupportGrant}),
    Operation(
        "GET /audit",
        "listAudit",
        "Who looked at what",
        {200: AuditPage},
        query=ListQuery,
        errors=PAGE,
    ),
    Operation(
        "POST /export",
        "exportData",
        "Read everything out",
        {200: ExportPage},
        body=ExportBody,
        errors=("not_found",),
    ),
    Operation(
        "GET /erasures", "listErasures", "All erasures", {200: ErasureList}, query=ListQuery, errors=PAGE
    ),
    Operation(
        "POST /erasures",
        "startErasure",
        "Erase a customer, a resource or all",
        {202: Erasure},
        body=ErasureBody,
        errors=("not_confirmed", "not_found"),
    ),
    Operation("GET /erasures/<erasure>", "getErasure", "A job, or its receipt", {200: Erasure}),
)
