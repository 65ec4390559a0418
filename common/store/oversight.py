"""Support grants, the support lock, the audit trail and feed addresses in documents."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from datetime import datetime

from common.domain.subscription import Subscription
from common.domain.support import AuditEntry, SupportGrant
from common.errors import AlreadyExists, Conflict, UnknownResource
from common.store import paths
from common.store.documents import Create, Delete, Documents, Put, Query, Replace, Snapshot, Write
from common.store.privacy_records import AUDIT, GRANT, SUBSCRIPTION

SUBSCRIPTIONS = "subscriptions"


class StoredOversight:
    """Who may look at a tenant's data for support, and who did."""

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


class StoredSubscriptions:
    """The addresses of iCalendar feeds, at most one a resource."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def of_resource(self, tenant: str, resource: str) -> Subscription | None:
        """The living address, if there is one."""
        (found,) = self._documents.get([_subscription(tenant, resource)])
        return _read(found) if found.data is not None else None

    def by_secret(self, secret_hash: str) -> Subscription:
        """Raises UnknownResource where no living address has this secret."""
        query = Query(SUBSCRIPTIONS, group=True, filters=(("secret_hash", "==", secret_hash),), limit=1)
        for found in self._documents.query(query):
            return _read(found)
        raise UnknownResource("there is no such feed")

    def put(self, subscription: Subscription) -> Subscription:
        """Give a resource an address; a former one ends in the same moment."""
        path = _subscription(subscription.tenant, subscription.resource)
        (document,) = self._documents.commit([Put(path, SUBSCRIPTION.write(subscription))])
        return replace(subscription, version=document.version)

    def delete(self, tenant: str, resource: str) -> None:
        """End the address; having none is fine."""
        self._documents.commit([Delete(_subscription(tenant, resource))])


def audit_write(entry: AuditEntry) -> Create:
    """An entry can be created and nothing else: no code changes or removes one, but an erasure."""
    return Create(paths.within(entry.tenant, "audit", entry.id), AUDIT.write(entry))


def _lock(tenant: str) -> str:
    return paths.within(tenant, "locks", "support")


def _grant(found: Snapshot) -> SupportGrant:
    if found.data is None:
        raise UnknownResource("there is no such grant")
    return replace(GRANT.read(found.data), version=found.version)


def _subscription(tenant: str, resource: str) -> str:
    return f"{paths.resource(tenant, resource)}/{SUBSCRIPTIONS}/current"


def _read(found: Snapshot) -> Subscription:
    return replace(SUBSCRIPTION.read(found.data), version=found.version)
