"""The issuers that tenants added, in documents; one document an issuer and audience, whoever's it is."""

from __future__ import annotations

from dataclasses import replace

from common.domain.issuers import Issuer, Standing, issuer_id
from common.domain.privacy.support import AuditEntry
from common.errors import AlreadyExists, Conflict, UnknownResource
from common.store import paths
from common.store.firestore.codec import PLAIN, TEXTS, record
from common.store.firestore.documents import Create, Delete, Documents, Query, Replace, Snapshot, Write
from common.store.privacy.support import audit_write

ISSUER = record(
    Issuer,
    id=PLAIN,
    url=PLAIN,
    audience=PLAIN,
    jwks_uri=PLAIN,
    tenant=PLAIN,
    tenants=TEXTS,
    tenant_claim=PLAIN,
    tenant_value=PLAIN,
    role_claim=PLAIN,
    resources_claim=PLAIN,
    support=PLAIN,
    added_at=PLAIN,
    added_by=PLAIN,
)


class Issuers:
    """Tenants' own issuers.

    Every write renews the tenant's standing, so that two changes cannot take away each other's last issuer.
    """

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def find(self, url: str, audience: str) -> Issuer | None:
        """Whose tokens these are, if any tenant's."""
        (found,) = self._documents.get([paths.issuer(issuer_id(url, audience))])
        # The id is a hash; the words themselves decide.
        same = found.data is not None and (found.data["url"], found.data["audience"]) == (url, audience)
        return _read(found) if same else None

    def get(self, tenant: str, issuer: str) -> Issuer:
        """Raises UnknownResource where the tenant has none of this id."""
        (found,) = self._documents.get([paths.issuer(issuer)])
        if found.data is None or found.data["tenant"] != tenant:
            raise UnknownResource("there is no such issuer")
        return _read(found)

    def of_tenant(self, tenant: str) -> tuple[Issuer, ...]:
        """A tenant's own issuers."""
        query = Query(paths.ISSUERS, filters=(("tenant", "==", tenant),))
        return tuple(map(_read, self._documents.query(query)))

    def standing(self, tenant: str) -> Standing:
        """Whether the installation's issuers vouch for this tenant as well."""
        (found,) = self._documents.get([paths.installation_issuers(tenant)])
        if found.data is None:
            return Standing(tenant)
        return Standing(tenant, installation=bool(found.data["installation"]), version=found.version)

    def save(self, issuer: Issuer, standing: Standing, entry: AuditEntry) -> Issuer:
        """Create (no version) or replace.

        Raises:
            Conflict: Something changed meanwhile.
            AlreadyExists: Somebody else holds this issuer and audience.
        """
        path, data = paths.issuer(issuer.id), ISSUER.write(issuer)
        # An unset name of a claim means none; the default would come back in its place.
        data = {**data, "tenant_claim": issuer.tenant_claim or ""}
        write: Write = Create(path, data) if issuer.version is None else Replace(path, data, issuer.version)
        document, *_ = self._documents.commit([write, _stand(standing, entry), audit_write(entry)])
        return replace(issuer, version=document.version)

    def remove(self, issuer: Issuer, standing: Standing, entry: AuditEntry) -> None:
        """Trust it no longer; raises Conflict where something changed meanwhile."""
        gone = Delete(paths.issuer(issuer.id), version=issuer.version)
        self._documents.commit([gone, _stand(standing, entry), audit_write(entry)])

    def settle(self, standing: Standing, entry: AuditEntry) -> Standing:
        """Let the installation's issuers vouch, or not; raises Conflict where something changed meanwhile."""
        try:
            document, _ = self._documents.commit([_stand(standing, entry), audit_write(entry)])
        except AlreadyExists as error:
            raise Conflict("somebody else changed this") from error
        return replace(standing, version=document.version)


def _stand(standing: Standing, entry: AuditEntry) -> Write:
    # The moment makes each write a change, and so the next one's version another.
    data = {"installation": standing.installation, "at": entry.at, "by": entry.id}
    path = paths.installation_issuers(standing.tenant)
    return Create(path, data) if standing.version is None else Replace(path, data, standing.version)


def _read(found: Snapshot) -> Issuer:
    issuer = ISSUER.read(found.data)
    return replace(issuer, tenant_claim=issuer.tenant_claim or None, version=found.version)
