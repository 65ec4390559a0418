"""The stores behind the privacy promises: support access, feeds for other programs, export and erasure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from common.domain.catalogue import Resource
    from common.domain.erasure import Erasure, Record
    from common.domain.subscription import Subscription
    from common.domain.support import AuditEntry, SupportGrant


class Oversight(Protocol):
    """Who may look at a tenant's data for support, and who did."""

    def locked(self, tenant: str) -> bool:
        """Whether the tenant locks support out."""

    def lock(self, tenant: str, entry: AuditEntry, *, locked: bool) -> None:
        """Lock support out, or let it in again, together with the audit entry."""

    def grants(self, tenant: str, *, now: datetime) -> tuple[SupportGrant, ...]:
        """A tenant's grants whose end has not come, those first that end first."""

    def grant(self, tenant: str, grant: str) -> SupportGrant:
        """Raises UnknownResource where there is none."""

    def save(self, grant: SupportGrant, entry: AuditEntry) -> SupportGrant:
        """Create (no version) or replace, together with the audit entry; else raises Conflict."""

    def record(self, entry: AuditEntry) -> None:
        """Add to the trail; the same entry twice is one."""


class Subscriptions(Protocol):
    """The addresses of iCalendar feeds, at most one a resource."""

    def of_resource(self, tenant: str, resource: str) -> Subscription | None:
        """The living address, if there is one."""

    def by_secret(self, secret_hash: str) -> Subscription:
        """Raises UnknownResource where no living address has this secret."""

    def put(self, subscription: Subscription) -> Subscription:
        """Give a resource an address; a former one ends in the same moment."""

    def delete(self, tenant: str, resource: str) -> None:
        """End the address; having none is fine."""


class Archive(Protocol):
    """All that is stored of a tenant, whatever it is; and the jobs that erase it."""

    def page(self, tenant: str, *, after: str | None, limit: int) -> tuple[Record, ...]:
        """Everything below the tenant and the tenant itself, in order, from ``after`` (exclusive).

        At most ``limit`` documents, fewer where they are large; none means that this was all.
        """

    def readable(self, record: Record) -> Record:
        """A record as people read it: what is stored packed becomes rows again.

        Raises:
            StoreUnavailable: It cannot be understood.
        """

    def loose(self, tenant: str, *, limit: int) -> tuple[Record, ...]:
        """What is kept of a tenant outside of it: promises, pending consents and its own issuers."""

    def orphans(self, tenant: str, records: Sequence[Record]) -> tuple[Record, ...]:
        """Those of the records that tell of a booking which is not there any more."""

    def records(
        self, tenant: str, collection: str, *, after: str | None = None, limit: int | None = None
    ) -> tuple[Record, ...]:
        """The documents of one of a tenant's collections as they are, by id from ``after`` (exclusive)."""

    def mend(self, tenant: str, connection: str) -> Mapping[str, int]:
        """Make readable what is stored of a connection, for its end; how many documents of each kind.

        What goes anyway is emptied or removed; of what the provider still has to hear the parts are kept
        that can be read.

        Raises:
            Conflict: Somebody changed one of them meanwhile.
        """

    def strip(self, record: Record, fields: Sequence[str]) -> None:
        """Take fields out of a document that is still there, whatever they hold."""

    def create(self, erasure: Erasure, entry: AuditEntry, *, removing: Resource | None = None) -> Erasure:
        """Write down a new job, together with the audit entry, and remove the record that it is about.

        Raises:
            Conflict: ``removing`` is not as it was read; nothing was written.
        """

    def get(self, tenant: str, erasure: str) -> Erasure:
        """Raises UnknownResource where there is none."""

    def save(self, erasure: Erasure, *, erase: Sequence[str] = ()) -> Erasure:
        """Replace a job and remove documents in the same commit.

        Raises:
            Conflict: ``erasure.version`` is not the stored one; nothing was removed.
        """
