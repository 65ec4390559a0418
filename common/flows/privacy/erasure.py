"""Erases the data of a tenant, a resource or a customer: a job with a receipt, worked off as tasks.

The stages in order: what is erased can no longer be booked, its connections are ended, its documents are
removed, and after a while all documents are gone through once more. Of a customer the bookings are anonymised
instead (``anonymise.py``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from common.domain.calendar.connection import Connection, Status
from common.domain.catalogue.records import Resource, Service
from common.domain.export.exported_event import LinkState
from common.domain.privacy.erasure import (
    Erasure,
    ErasureStage,
    Record,
    Scope,
    erasable,
    holds,
    scope_of,
    sealed_for,
)
from common.domain.privacy.support import Action
from common.domain.shared.mailboxes import in_letters
from common.domain.shared.task_records import AdvanceErasure
from common.domain.shared.tasks import task_for
from common.errors import InvalidRequest, UnknownResource, UnreadableDocument
from common.flows.shared.audit import entry
from common.flows.shared.enqueue import enqueue_disconnect
from common.flows.shared.unreadable import read_each, readable_records, repair_connection
from common.ports import Ports

# How many documents one exchange brings: each may have a megabyte, and a function must hold them all.
PAGE = 50
# How many documents outside of the tenant one exchange brings; they are small.
OUTSIDE_PAGE = 400
# When the job is tried again that was queued before it was stored.
SECOND_TRY = timedelta(seconds=30)
# How often it is checked whether the connections have ended.
CHECK_AGAIN = timedelta(seconds=20)
# A provider that is down for days delays an erasure no longer than this.
PATIENCE = timedelta(days=7)
# A disconnection whose task was given up is queued again, at most this often.
RENEWED = timedelta(minutes=10)


def start_erasure(
    ports: Ports,
    *,
    tenant: str,
    subject: str,
    confirm: str,
    resource: str | None = None,
    customer: str | None = None,
) -> Erasure:
    """Order an erasure; it cannot be called back.

    Args:
        ports: The outside.
        tenant: Whose data it is.
        subject: Who orders it, for the receipt and the audit trail.
        confirm: Repeats what is erased: the customer's address, the resource's or the tenant's id.
        resource: Erase this resource alone.
        customer: Erase the customer with this mail address alone. Without both, all of the tenant's data.

    Raises:
        InvalidRequest: What is to be erased was not confirmed, or two things were named.
        UnknownResource: There is no such resource.
    """
    scope = scope_of(resource, customer)
    if confirm != (customer or resource or tenant):
        raise InvalidRequest("repeat what shall be erased in `confirm`", code="not_confirmed")
    if resource is not None:
        # A resource that cannot be read is erased all the same.
        with suppress(UnreadableDocument):
            ports.catalogue.resource(tenant, resource)
    return order_erasure(
        ports,
        tenant=tenant,
        scope=scope,
        subject=resource or tenant if customer is None else customer_key(ports, tenant, customer),
        requested_by=subject,
        action=Action.ERASURE_STARTED,
        resource=resource,
        seal_address=None
        if customer is None
        else lambda job: ports.vault.conceal(customer, context=sealed_for(tenant, job)),
    )


def order_erasure(
    ports: Ports,
    *,
    tenant: str,
    scope: Scope,
    subject: str,
    requested_by: str,
    action: Action,
    resource: str | None = None,
    seal_address: Callable[[str], str] | None = None,
    removing: Resource | None = None,
) -> Erasure:
    """Store a new job together with its audit entry, and queue its first task.

    Args:
        ports: The outside.
        tenant: Whose data it is.
        scope: Whether the tenant, a resource or a customer is erased.
        subject: By what receipt and audit trail name what is erased.
        requested_by: Who ordered it.
        action: What the audit trail calls it.
        resource: The resource that is erased, if it is one.
        seal_address: Makes the customer's sealed mail address from the job's id, if it is one.
        removing: A resource whose record is removed in the same commit, and whose bookings are kept.

    Raises:
        Conflict: ``removing`` is not as it was read.
    """
    now, name = ports.clock.now(), ports.keys.token().replace("-", "").replace("_", "")[:20]
    erasure = Erasure(
        id=name,
        tenant=tenant,
        scope=scope,
        subject=subject,
        requested_by=requested_by,
        started_at=now,
        resource=resource,
        address=seal_address(name) if seal_address else None,
        bookings_kept=removing is not None,
    )
    target = f"{scope.value}/{subject}/{name}"
    audited = entry(ports, tenant=tenant, who=requested_by, action=action, target=target)
    # Queued before it is stored as well: a task without a job does nothing.
    _enqueue(ports, erasure, cause="later", not_before=now + SECOND_TRY)
    stored = ports.archive.create(erasure, audited, removing=removing)
    _enqueue(ports, stored)
    return stored


def customer_key(ports: Ports, tenant: str, customer: str) -> str:
    """By what receipts and audit entries name a customer: a keyed hash of the mail address."""
    return ports.keys.sign("erasure", tenant, in_letters(customer)).hex()[:32]


def advance_erasure(ports: Ports, command: AdvanceErasure) -> None:
    """Do the next chunk of a job and queue the one after it; every chunk may be repeated.

    Raises:
        Retry: It does not work now; the job is where it was.
    """
    try:
        erasure = ports.archive.get(command.tenant, command.erasure)
    except UnknownResource:
        return
    step = (_CUSTOMER_STEPS if erasure.scope is Scope.CUSTOMER else _STEPS).get(erasure.stage)
    if step is None:
        return
    if erasure.waiting_until is None or erasure.waiting_until <= ports.clock.now():
        erasure = step(ports, erasure)
    if erasure.stage is ErasureStage.DONE:
        ports.log.info("erased", tenant=erasure.tenant, erasure=erasure.id, scope=erasure.scope.value)
        return
    _enqueue(ports, erasure, not_before=erasure.waiting_until)


def _enqueue(
    ports: Ports, erasure: Erasure, *, cause: str | None = None, not_before: datetime | None = None
) -> None:
    """Queue the next chunk, once for each stored version of the job."""
    ports.queue.enqueue(
        task_for(
            AdvanceErasure(tenant=erasure.tenant, erasure=erasure.id),
            name=f"erase/{erasure.tenant}/{erasure.id}/{cause or erasure.version}",
            not_before=not_before,
        )
    )


def _close(ports: Ports, erasure: Erasure) -> Erasure:
    """Have nothing booked any more, and nothing connected by a consent that began before."""
    resource = erasure.resource
    for service in _services(ports, erasure.tenant):
        if resource is None and service.active:
            ports.catalogue.save_service(erasure.tenant, replace(service, active=False))
        elif resource is not None and resource in service.resources:
            others = tuple(name for name in service.resources if name != resource)
            active = service.active and bool(others)
            ports.catalogue.save_service(erasure.tenant, replace(service, resources=others, active=active))
    for found in _resources(ports, erasure.tenant):
        if found.active and resource in {None, found.id}:
            ports.catalogue.save_resource(erasure.tenant, replace(found, active=False))
    erasure = _erase_outside_tenant(ports, erasure)
    return ports.archive.save(replace(erasure, stage=ErasureStage.DISCONNECTING))


def _services(ports: Ports, tenant: str) -> tuple[Service, ...]:
    return readable_records(
        ports,
        tenant,
        "services",
        read_all=lambda: ports.catalogue.services(tenant),
        read_one=lambda name: ports.catalogue.service(tenant, name),
    ).readable


def _resources(ports: Ports, tenant: str) -> tuple[Resource, ...]:
    return readable_records(
        ports,
        tenant,
        "resources",
        read_all=lambda: ports.catalogue.resources(tenant),
        read_one=lambda name: ports.catalogue.resource(tenant, name),
    ).readable


def _disconnect(ports: Ports, erasure: Erasure) -> Erasure:
    """End all connections, and wait until each of them has cleaned up at its provider.

    What could not end within days is erased all the same: its events are counted as left.
    """
    # Whoever only orders an erasure does without what writes to the providers.
    from common.flows.connect.disconnect import begin_disconnect  # noqa: PLC0415

    now = ports.clock.now()
    connections, unreadable = _connections(ports, erasure)
    alive = [connection for connection in connections if connection.status is not Status.DISCONNECTED]
    for connection in alive:
        if connection.status is Status.DISCONNECTING:
            period = int(now.timestamp() // RENEWED.total_seconds())
            enqueue_disconnect(ports, connection, cause=f"erase/{erasure.id}/{period}")
        else:
            begin_disconnect(ports, connection)
    if alive and now < erasure.started_at + PATIENCE:
        return ports.archive.save(replace(erasure, waiting_until=now + CHECK_AGAIN))
    not_ended = (*unreadable, *(connection.id for connection in alive))
    receipts = [connection.receipt for connection in connections if connection.receipt]
    return ports.archive.save(
        replace(
            erasure,
            stage=ErasureStage.ERASING,
            waiting_until=None,
            connections=tuple(sorted({*(connection.id for connection in connections), *unreadable})),
            connections_ended=len(connections),
            events_erased=sum(receipt.events_deleted for receipt in receipts),
            events_left=sum(receipt.events_left for receipt in receipts)
            + sum(_exported_events(ports, erasure.tenant, name) for name in not_ended),
        )
    )


def _connections(ports: Ports, erasure: Erasure) -> tuple[tuple[Connection, ...], tuple[str, ...]]:
    """The connections that end, and the ids of those that stay unreadable although they were repaired."""
    tenant = erasure.tenant

    def one(name: str) -> Connection:
        return ports.connections.get(tenant, name)

    found = readable_records(
        ports, tenant, "connections", read_all=lambda: ports.connections.of_tenant(tenant), read_one=one
    )
    mine = [item for item in found.readable if erasure.resource in {None, item.resource}]
    broken = [item for item in found.unreadable if erasure.resource in {None, item.data.get("resource")}]
    for record in broken:
        repair_connection(ports, tenant, record.id)
    repaired = read_each(ports, tuple(broken), read_one=one)
    return (*mine, *repaired.readable), tuple(record.id for record in repaired.unreadable)


def _exported_events(ports: Ports, tenant: str, connection: str) -> int:
    """How many events a connection still has that nobody can end; they stay at the provider."""
    links = ports.archive.records(tenant, f"connections/{connection}/exports")
    return sum(link.data.get("state") != LinkState.GONE for link in links)


def _erase_documents(ports: Ports, erasure: Erasure) -> Erasure:
    """Remove some pages of the tenant's documents; after the last one, what is stored outside of it."""
    for _ in range(ports.tuning.page_budget):
        page = ports.archive.page(erasure.tenant, after=erasure.position, limit=PAGE)
        if not page:
            return end_pass(ports, _erase_outside_tenant(ports, erasure))
        gone = _to_erase(ports, erasure, page)
        erasure = replace(
            erasure, position=page[-1].path, documents_erased=erasure.documents_erased + len(gone)
        )
        erasure = ports.archive.save(erasure, erase=gone)
    return erasure


def _erase_outside_tenant(ports: Ports, erasure: Erasure) -> Erasure:
    """Remove outbox entries, pending consents and issuers, which are stored outside of the tenant."""
    page = ports.archive.outside_tenant(erasure.tenant, limit=OUTSIDE_PAGE)
    while gone := _to_erase(ports, erasure, page):
        counted = replace(erasure, documents_erased=erasure.documents_erased + len(gone))
        erasure = ports.archive.save(counted, erase=gone)
        page = ports.archive.outside_tenant(erasure.tenant, limit=OUTSIDE_PAGE)
    return erasure


def _to_erase(ports: Ports, erasure: Erasure, page: Sequence[Record]) -> tuple[str, ...]:
    """The paths of what belongs to the job, and of what refers to a booking that is not there any more."""
    mine = {
        record.path
        for record in page
        if holds(
            record,
            resource=erasure.resource,
            connections=erasure.connections,
            bookings_kept=erasure.bookings_kept,
        )
    }
    rest = [record for record in page if record.path not in mine]
    mine |= {record.path for record in ports.archive.orphans(erasure.tenant, rest)}
    return tuple(record.path for record in page if record.path in mine and erasable(record))


def _begin_second_pass(ports: Ports, erasure: Erasure) -> Erasure:
    return ports.archive.save(erasure.second_pass())


def _begin_anonymising(ports: Ports, erasure: Erasure) -> Erasure:
    return ports.archive.save(replace(erasure, stage=ErasureStage.ERASING))


def _anonymise(ports: Ports, erasure: Erasure) -> Erasure:
    from common.flows.privacy.anonymise import anonymise_bookings  # noqa: PLC0415

    return anonymise_bookings(ports, erasure)


_Step = Callable[[Ports, Erasure], Erasure]
_STEPS: Mapping[ErasureStage, _Step] = {
    ErasureStage.CLOSING: _close,
    ErasureStage.DISCONNECTING: _disconnect,
    ErasureStage.ERASING: _erase_documents,
    ErasureStage.WAITING: _begin_second_pass,
    ErasureStage.SWEEPING: _erase_documents,
}
# A customer has no connections, and no document of its own.
_CUSTOMER_STEPS: Mapping[ErasureStage, _Step] = {
    ErasureStage.CLOSING: _begin_anonymising,
    ErasureStage.ERASING: _anonymise,
    ErasureStage.WAITING: _begin_second_pass,
    ErasureStage.SWEEPING: _anonymise,
}


def end_pass(ports: Ports, erasure: Erasure) -> Erasure:
    """Store that a pass is over: after the first one the job waits until no lease is left from before it."""
    wait = timedelta(seconds=ports.tuning.lease_seconds + 60)
    return ports.archive.save(erasure.after_pass(ports.clock.now(), wait=wait))
