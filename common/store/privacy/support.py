"""Stores support grants, the support lock and the audit trail."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from common.domain.privacy.support import Action, AuditEntry, SupportGrant
from common.errors import AlreadyExists, Conflict, UnknownResource
from common.store import paths
from common.store.firestore.codec import PLAIN, enum_value, record
from common.store.firestore.documents import Create, Documents, Put, Query, Replace, Snapshot, Write


class SupportAccess:
    """Who may read a tenant's data for support, and who did."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def locked(self, tenant: str) -> bool:
        """Whether the tenant locks support out."""
        (found,) = self._documents.get([_lock(tenant)])
        return found.data is not None and bool(found.data["locked"])

    def lock(self, tenant: str, entry: AuditEntry, *, locked: bool) -> None:
        """Lock support out, or let it in again, together with the audit entry."""
        self._documents.commit([Put(_lock(tenant), {"locked": locked, "at": entry.at}), audit_write(entry)])

    def grants(self, tenant: str, *, now: datetime) -> tuple[SupportGrant, ...]:
        """A tenant's grants whose end has not come, those first that end first."""
        query = Query(paths.within(tenant, "support"), filters=(("ends_at", ">", now),), order=("ends_at",))
        return tuple(map(_grant, self._documents.query(query)))

    def grant(self, tenant: str, grant: str) -> SupportGrant:
        """Raises UnknownResource where there is none."""
        (found,) = self._documents.get([paths.within(tenant, "support", grant)])
        return _grant(found)

    def save(self, grant: SupportGrant, entry: AuditEntry) -> SupportGrant:
        """Create (no version) or replace, together with the audit entry; else raises Conflict."""
        path, data = paths.within(grant.tenant, "support", grant.id), GRANT.write(grant)
        write: Write = Create(path, data) if grant.version is None else Replace(path, data, grant.version)
        try:
            document, *_ = self._documents.commit([write, audit_write(entry)])
        except AlreadyExists as error:
            raise Conflict("this was written before") from error
        return replace(grant, version=document.version)

    def record(self, entry: AuditEntry) -> None:
        """Add to the trail; the same entry twice is one."""
        with suppress(AlreadyExists):
            self._documents.commit([audit_write(entry)])


def audit_write(entry: AuditEntry) -> Create:
    """The write of an audit entry; entries are only ever created, and removed by an erasure alone."""
    return Create(paths.within(entry.tenant, "audit", entry.id), AUDIT.write(entry))


def _lock(tenant: str) -> str:
    return paths.within(tenant, "locks", "support")


def _grant(found: Snapshot) -> SupportGrant:
    if found.data is None:
        raise UnknownResource("there is no such grant")
    return replace(GRANT.read(found.data), version=found.version)


GRANT = record(
    SupportGrant,
    id=PLAIN,
    tenant=PLAIN,
    reason=PLAIN,
    granted_by=PLAIN,
    granted_at=PLAIN,
    ends_at=PLAIN,
    ticket=PLAIN,
    revoked_at=PLAIN,
    revoked_by=PLAIN,
)
AUDIT = record(
    AuditEntry,
    id=PLAIN,
    tenant=PLAIN,
    at=PLAIN,
    who=PLAIN,
    action=enum_value(Action),
    target=PLAIN,
    reason=PLAIN,
    ticket=PLAIN,
    grant=PLAIN,
)
