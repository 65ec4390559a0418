"""Hands out what is stored of a tenant, a resource or a customer, page by page; no copy is kept anywhere."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from common.domain.privacy.erasure import Record, Scope, exported, holds, names, same_address, scope_of
from common.domain.privacy.support import Action
from common.errors import UnreadableDocument
from common.flows.privacy.erasure import customer_word
from common.flows.shared.audit import entry
from common.flows.shared.unreadable import bookings
from common.ports import Ports

PAGE = 50
BOOKINGS = 200
# What is told of a document that nobody can read any more.
UNREADABLE: Mapping[str, Any] = {"unreadable": True}


@dataclass(frozen=True, slots=True)
class ReadExport:
    """Whose data, and behind which place to go on; naming nobody means all of the tenant's."""

    tenant: str
    subject: str
    resource: str | None = None
    customer: str | None = field(default=None, repr=False)
    after: str | None = None


@dataclass(frozen=True, slots=True)
class ExportPage:
    """Some documents (perhaps none), and where to go on; ``next`` None means that this was all."""

    documents: tuple[Record, ...]
    next: str | None


def read_export(ports: Ports, command: ReadExport) -> ExportPage:
    """The next page; the first one is in the audit trail.

    Raises:
        InvalidRequest: Both a resource and a customer are named.
        UnknownResource: There is no such resource, or no such place to go on from.
    """
    scope = scope_of(command.resource, command.customer)
    if command.resource is not None:
        # One that cannot be read is told of all the same.
        with suppress(UnreadableDocument):
            ports.catalogue.resource(command.tenant, command.resource)
    if command.after is None:
        word = command.resource or command.tenant
        if command.customer is not None:
            word = customer_word(ports, command.tenant, command.customer)
        target, who = f"{scope.value}/{word}", command.subject
        ports.support.record(
            entry(ports, tenant=command.tenant, who=who, action=Action.EXPORTED, target=target)
        )
    return _bookings(ports, command) if scope is Scope.CUSTOMER else _documents(ports, command)


def _documents(ports: Ports, command: ReadExport) -> ExportPage:
    page = ports.archive.page(command.tenant, after=command.after, limit=PAGE)
    mine = frozenset[str]()
    if command.resource is not None:
        found = ports.archive.records(command.tenant, "connections")
        mine = frozenset(item.id for item in found if item.data.get("resource") == command.resource)
    told = tuple(
        Record(record.path, data)
        for record in page
        if holds(record, resource=command.resource, connections=mine)
        and (data := exported(_readable(ports, record))) is not None
    )
    return ExportPage(told, page[-1].path if page else None)


def _readable(ports: Ports, record: Record) -> Record:
    """A document that nobody can read any more is named, and hides no other one."""
    try:
        return ports.archive.readable(record)
    except UnreadableDocument:
        return replace(record, data=UNREADABLE)


def _bookings(ports: Ports, command: ReadExport) -> ExportPage:
    page, last = bookings(ports, command.tenant, after=command.after, limit=BOOKINGS)
    customer = command.customer or ""
    told = [
        Record(f"tenants/{command.tenant}/bookings/{booking.id}", asdict(booking))
        for booking in page.readable
        if same_address(booking.customer.email, customer)
    ]
    told += [replace(record, data=UNREADABLE) for record in page.lost if names(record, customer)]
    return ExportPage(tuple(told), last)
