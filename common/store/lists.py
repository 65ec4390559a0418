"""The lists of a tenant's records, page by page: one query a page, for one item more than it returns."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from common.domain.booking.booking import Booking
from common.domain.calendar.connection import Connection
from common.domain.catalogue.records import Absence, Resource, Service
from common.domain.connect.invitation import Invitation
from common.domain.notify import Notice
from common.domain.privacy.erasure import Erasure
from common.domain.privacy.support import AuditEntry, SupportGrant
from common.domain.shared.paging import Page, PageRequest
from common.domain.shared.tasks import DeadLetter
from common.domain.webhooks import Delivery, Webhook
from common.errors import InvalidRequest, UnknownResource
from common.store import paths
from common.store.booking.commit import BOOKING
from common.store.catalogue import ABSENCE, RESOURCE, SERVICE
from common.store.connect import CONNECTION, INVITATION
from common.store.firestore.codec import Form
from common.store.firestore.documents import MOST_DISJUNCTIONS, NAME, Documents, Operator, Query, Snapshot
from common.store.notify import NOTICE
from common.store.ops import DEAD_LETTER
from common.store.privacy.archive import ERASURE
from common.store.privacy.support import AUDIT, GRANT
from common.store.webhooks import DELIVERY, WEBHOOK

T = TypeVar("T")

_EXPIRES = "proposal.expires_at"
_Filters = tuple[tuple[str, Operator, Any], ...]


class Lists:
    """A tenant's records in a stable order: by id, or newest first and then by id.

    Every method raises InvalidRequest (``invalid_page_token``) where ``page.after`` is no place in the list.
    """

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def resources(self, tenant: str, page: PageRequest) -> Page[Resource]:
        """Resources by id."""
        return self._page(paths.within(tenant, "resources"), _versioned(RESOURCE), page, whose="id")

    def services(self, tenant: str, page: PageRequest) -> Page[Service]:
        """All services, by id: they belong to no single resource."""
        unfiltered = replace(page, resources=None)
        return self._page(paths.within(tenant, "services"), _versioned(SERVICE), unfiltered)

    def absences(self, tenant: str, resource: str, page: PageRequest) -> Page[Absence]:
        """The absences of one resource, by id."""
        unfiltered = replace(page, resources=None)
        return self._page(paths.absences(tenant, resource), _versioned(ABSENCE), unfiltered)

    def bookings(self, tenant: str, page: PageRequest) -> Page[Booking]:
        """Bookings of every status, by id."""
        return self._page(paths.within(tenant, "bookings"), _versioned(BOOKING), page)

    def proposals(self, tenant: str, page: PageRequest, *, now: datetime) -> Page[Booking]:
        """Bookings with a proposal that has not lapsed, those first that lapse first."""
        bookings, read = paths.within(tenant, "bookings"), _versioned(BOOKING)
        return self._page(bookings, read, page, order=_EXPIRES, filters=((_EXPIRES, ">", now),))

    def connections(self, tenant: str, page: PageRequest) -> Page[Connection]:
        """Connections by id, disconnected ones included."""
        return self._page(paths.within(tenant, paths.CONNECTIONS), _versioned(CONNECTION), page)

    def invitations(self, tenant: str, page: PageRequest) -> Page[Invitation]:
        """Invitations, newest first."""
        invitations = paths.within(tenant, paths.INVITATIONS)
        return self._page(invitations, _versioned(INVITATION), page, order="-created_at")

    def hooks(self, tenant: str, page: PageRequest) -> Page[Webhook]:
        """Webhooks by id."""
        return self._page(paths.within(tenant, paths.HOOKS), _versioned(WEBHOOK), page)

    def deliveries(self, tenant: str, hook: str, page: PageRequest) -> Page[Delivery]:
        """The messages to one target, newest first."""
        return self._page(paths.deliveries(tenant, hook), _versioned(DELIVERY), page, order="-at")

    def notices(self, tenant: str, page: PageRequest) -> Page[Notice]:
        """Notices, newest first."""
        return self._page(paths.within(tenant, "notices"), _plain(NOTICE), page, order="-at")

    def dead_letters(self, tenant: str, page: PageRequest) -> Page[DeadLetter]:
        """Work that was given up, newest first."""
        return self._page(paths.within(tenant, "dead_letters"), _plain(DEAD_LETTER), page, order="-died_at")

    def grants(self, tenant: str, page: PageRequest) -> Page[SupportGrant]:
        """Support grants, newest first."""
        return self._page(paths.within(tenant, "support"), _versioned(GRANT), page, order="-granted_at")

    def erasures(self, tenant: str, page: PageRequest) -> Page[Erasure]:
        """Erasures, newest first."""
        return self._page(paths.within(tenant, "erasures"), _versioned(ERASURE), page, order="-started_at")

    def audit(self, tenant: str, page: PageRequest) -> Page[AuditEntry]:
        """Audit entries, newest first."""
        return self._page(paths.within(tenant, "audit"), _plain(AUDIT), page, order="-at")

    def _page(
        self,
        collection: str,
        read: Callable[[Snapshot], T],
        page: PageRequest,
        *,
        order: str = NAME,
        whose: str = "resource",
        filters: _Filters = (),
    ) -> Page[T]:
        """One page; it may hold fewer items where a caller's resources are too many for a filter."""
        mine = None if page.resources is None else sorted(page.resources)
        if mine == []:
            return Page(())
        if mine is not None and len(mine) <= MOST_DISJUNCTIONS:
            filters, mine = ((whose, "in", mine), *filters), None
        position = None if page.after is None else _position(collection, page.after, order)
        query = Query(collection, filters=filters, order=(order,), after=position, limit=page.limit + 1)
        found = self._documents.query(query)
        shown = found[: page.limit]
        behind = _place(shown[-1], order) if len(found) > page.limit else None
        if mine is not None:
            shown = tuple(item for item in shown if item.data and item.data[whose] in mine)
        return Page(tuple(map(read, shown)), behind)


def _place(last: Snapshot, order: str) -> str:
    """Where the next page begins: the last item's id, behind the time that the list is ordered by."""
    if order == NAME:
        return last.id
    value: Any = last.data
    for part in order.removeprefix("-").split("."):
        value = value[part]
    return f"{value.isoformat()}|{last.id}"


def _position(collection: str, place: str, order: str) -> tuple[Any, ...]:
    when, _, name = place.rpartition("|")
    try:
        path = f"{collection}/{paths.part(name)}"
        return (path,) if order == NAME else (datetime.fromisoformat(when), path)
    except (ValueError, UnknownResource):
        raise InvalidRequest("this is no page of this list", code="invalid_page_token") from None


def _versioned(form: Form[Any]) -> Callable[[Snapshot], Any]:
    return lambda found: replace(form.read(found.data), version=found.version)


def _plain(form: Form[T]) -> Callable[[Snapshot], T]:
    return lambda found: form.read(found.data)
