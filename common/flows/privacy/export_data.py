"""Exports what is stored of a tenant, a resource or a customer, page by page; no copy is kept anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any

from common.domain.privacy.erasure import Record, exported, holds, names, same_address, scope_of
from common.domain.privacy.support import Action
from common.errors import UnreadableDocument
from common.flows.privacy.erasure import customer_key
from common.flows.shared.audit import entry
from common.flows.shared.unreadable import readable_bookings
from common.ports import Ports

DOCUMENTS_PAGE = 50
BOOKINGS_PAGE = 200
# What an export shows of a document that cannot be read any more.
UNREADABLE: Mapping[str, Any] = {"unreadable": True}


@dataclass(frozen=True, slots=True)
class ExportPage:
    """Some documents (perhaps none), and where to go on; ``next`` None means that this was all."""

    documents: tuple[Record, ...]
    next: str | None


def read_export(
    ports: Ports,
    *,
    tenant: str,
    subject: str,
    resource: str | None = None,
    customer: str | None = None,
    after: str | None = None,
) -> ExportPage:
    """The next page of an export; the first one is recorded in the audit trail.

    Args:
        ports: The outside.
        tenant: Whose data it is.
        subject: Who exports it, for the audit trail.
        resource: Export the data of this resource alone.
        customer: Export the bookings of the customer with this mail address alone.
        after: The ``next`` of the page before; None for the first page.

    Raises:
        InvalidRequest: Both a resource and a customer are named.
        UnknownResource: There is no such resource, or no such place to go on from.
    """
    scope = scope_of(resource, customer)
    if resource is not None:
        # A resource that cannot be read is exported all the same.
        with suppress(UnreadableDocument):
            ports.catalogue.resource(tenant, resource)
    if after is None:
        whose = resource or tenant if customer is None else customer_key(ports, tenant, customer)
        target = f"{scope.value}/{whose}"
        ports.support.record(entry(ports, tenant=tenant, who=subject, action=Action.EXPORTED, target=target))
    if customer is not None:
        return _bookings_of(ports, tenant, customer, after)
    return _documents(ports, tenant, resource, after)


def _documents(ports: Ports, tenant: str, resource: str | None, after: str | None) -> ExportPage:
    page = ports.archive.page(tenant, after=after, limit=DOCUMENTS_PAGE)
    connections = frozenset[str]()
    if resource is not None:
        found = ports.archive.records(tenant, "connections")
        connections = frozenset(item.id for item in found if item.data.get("resource") == resource)
    documents = tuple(
        Record(record.path, data)
        for record in page
        if holds(record, resource=resource, connections=connections)
        and (data := exported(_readable(ports, record))) is not None
    )
    return ExportPage(documents, page[-1].path if page else None)


def _readable(ports: Ports, record: Record) -> Record:
    """The document as people read it; one that cannot be read is named, and hides no other one."""
    try:
        return ports.archive.readable(record)
    except UnreadableDocument:
        return replace(record, data=UNREADABLE)


def _bookings_of(ports: Ports, tenant: str, customer: str, after: str | None) -> ExportPage:
    page, last = readable_bookings(ports, tenant, after=after, limit=BOOKINGS_PAGE)
    documents = [
        Record(f"tenants/{tenant}/bookings/{booking.id}", asdict(booking))
        for booking in page.readable
        if same_address(booking.customer.email, customer)
    ]
    documents += [replace(record, data=UNREADABLE) for record in page.unreadable if names(record, customer)]
    return ExportPage(tuple(documents), last)
