"""Orders the erasure of a tenant, a resource or a customer: a job with a receipt, worked off as tasks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from common.domain.calendar.connection import Connection, Status
from common.domain.catalogue.records import Resource, Service
from common.domain.export.exported_event import LinkState
from common.domain.privacy.erasure import Erasure, ErasureStage, Record, Scope, erasable, holds, scope_of
from common.domain.privacy.support import Action
from common.domain.shared.task_records import AdvanceErasure
from common.domain.shared.tasks import Lane, Task, Work
from common.errors import InvalidRequest, UnknownResource, UnreadableDocument
from common.flows.connect.disconnect import advance as clean_up
from common.flows.connect.disconnect import end
from common.flows.privacy import anonymise
from common.flows.privacy.anonymise import passed, sealed_for
from common.flows.shared.audit import entry
from common.flows.shared.unreadable import mend, sift, sifted
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class StartErasure:
    """Whose data; naming nobody means all of the tenant's. ``confirm`` repeats the name."""

    tenant: str
    subject: str
    confirm: str = field(repr=False)
    resource: str | None = None
    customer: str | None = field(default=None, repr=False)


def start_erasure(ports: Ports, command: StartErasure) -> Erasure:
    """The job; it cannot be called back.

    Raises:
        InvalidRequest: What is to be erased was not confirmed, or two things were named.
        UnknownResource: There is no such resource.
    """
    scope = scope_of(command.resource, command.customer)
    if command.confirm != (command.customer or command.resource or command.tenant):
        raise InvalidRequest("repeat what shall be erased in `confirm`", code="not_confirmed")
    if command.resource is not None:
        # One that cannot be read is erased all the same.
        with suppress(UnreadableDocument):
            ports.catalogue.resource(command.tenant, command.resource)
    now, name = ports.clock.now(), ports.keys.token().replace("-", "").replace("_", "")[:20]
    subject, address = command.resource or command.tenant, None
    if scope is Scope.CUSTOMER and command.customer is not None:
        subject = customer_word(ports, command.tenant, command.customer)
        address = ports.vault.conceal(command.customer, context=sealed_for(command.tenant, name))
    erasure = Erasure(
        id=name,
        tenant=command.tenant,
        scope=scope,
        subject=subject,
        requested_by=command.subject,
        started_at=now,
        resource=command.resource,
        address=address,
    )
    target = f"{scope.value}/{subject}/{name}"
    told = entry(
        ports, tenant=command.tenant, who=command.subject, action=Action.ERASURE_STARTED, target=target
    )
    # Queued before it is written as well: a task without a job does nothing.
    go_on(ports, erasure, cause="later", not_before=now + SECOND_LOOK)
    stored = ports.archive.create(erasure, told)
    go_on(ports, stored)
    return stored


# A document may have a megabyte: what one exchange brings must fit into the memory of a function.
PAGE = 50
LOOSE = 400
LOOK_AGAIN = timedelta(seconds=20)
SECOND_LOOK = timedelta(seconds=30)
# A provider that is down for days delays an erasure no longer than this.
PATIENCE = timedelta(days=7)
# A clean-up whose task was given up is queued again, at most this often.
RENEWED = timedelta(minutes=10)


def go_on(
    ports: Ports, erasure: Erasure, *, cause: str | None = None, not_before: datetime | None = None
) -> None:
    """Queue the next chunk, once per state of the job."""
    ports.queue.enqueue(
        Task(
            work=Work.MAINTENANCE,
            lane=Lane.UPKEEP,
            payload={"job": "erase", "tenant": erasure.tenant, "erasure": erasure.id},
            name=f"erase/{erasure.tenant}/{erasure.id}/{cause or erasure.version}",
            not_before=not_before,
        )
    )


def customer_word(ports: Ports, tenant: str, customer: str) -> str:
    """By what a receipt names a customer: whoever knows the address can recognise it, nobody can read it."""
    return ports.keys.sign("erasure", tenant, customer.strip().casefold()).hex()[:32]


def close(ports: Ports, erasure: Erasure) -> Erasure:
    """From now on nothing can be booked, and nothing be connected by a consent that began before."""
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
    erasure = _without_loose(ports, erasure)
    return ports.archive.save(replace(erasure, stage=ErasureStage.DISCONNECTING))


def _services(ports: Ports, tenant: str) -> tuple[Service, ...]:
    return sifted(
        ports,
        tenant,
        "services",
        every=lambda: ports.catalogue.services(tenant),
        one=lambda name: ports.catalogue.service(tenant, name),
    ).readable


def _resources(ports: Ports, tenant: str) -> tuple[Resource, ...]:
    return sifted(
        ports,
        tenant,
        "resources",
        every=lambda: ports.catalogue.resources(tenant),
        one=lambda name: ports.catalogue.resource(tenant, name),
    ).readable


def disconnected(ports: Ports, erasure: Erasure) -> Erasure:
    """End all connections, and wait until each of them has cleaned up at its provider.

    What could not end within days goes all the same: its events are counted as left.
    """
    now = ports.clock.now()
    connections, lost = connections_of(ports, erasure)
    left = [connection for connection in connections if connection.status is not Status.DISCONNECTED]
    for connection in left:
        if connection.status is Status.DISCONNECTING:
            bucket = int(now.timestamp() // RENEWED.total_seconds())
            clean_up(ports, connection, cause=f"erase/{erasure.id}/{bucket}")
        else:
            end(ports, connection)
    if left and now < erasure.started_at + PATIENCE:
        return ports.archive.save(replace(erasure, waiting_until=now + LOOK_AGAIN))
    lost = (*lost, *_names(left))
    receipts = [connection.receipt for connection in connections if connection.receipt]
    return ports.archive.save(
        replace(
            erasure,
            stage=ErasureStage.ERASING,
            waiting_until=None,
            connections=tuple(sorted({*_names(connections), *lost})),
            connections_ended=len(connections),
            events_erased=sum(receipt.events_deleted for receipt in receipts),
            events_left=sum(receipt.events_left for receipt in receipts)
            + sum(_mirrored(ports, erasure.tenant, name) for name in lost),
        )
    )


def connections_of(ports: Ports, erasure: Erasure) -> tuple[tuple[Connection, ...], tuple[str, ...]]:
    """The connections that end, and the names of those of which not even the account can be read."""
    tenant = erasure.tenant

    def one(name: str) -> Connection:
        return ports.connections.get(tenant, name)

    found = sifted(
        ports,
        tenant,
        "connections",
        every=lambda: ports.connections.of_tenant(tenant),
        one=one,
    )
    mine = [item for item in found.readable if erasure.resource in {None, item.resource}]
    broken = [item for item in found.lost if erasure.resource in {None, item.data.get("resource")}]
    for record in broken:
        mend(ports, tenant, record.id)
    again = sift(ports, tuple(broken), one=one)
    return (*mine, *again.readable), tuple(record.id for record in again.lost)


def _mirrored(ports: Ports, tenant: str, connection: str) -> int:
    """How many events a connection had that nobody could end; it goes without deleting them."""
    links = ports.archive.records(tenant, f"connections/{connection}/exports")
    return sum(link.data.get("state") != LinkState.GONE for link in links)


def erased(ports: Ports, erasure: Erasure) -> Erasure:
    """Remove what is stored, some pages of it; after the last one, what is kept elsewhere."""
    for _ in range(ports.tuning.page_budget):
        page = ports.archive.page(erasure.tenant, after=erasure.position, limit=PAGE)
        if not page:
            return passed(ports, _without_loose(ports, erasure))
        gone = _going(ports, erasure, page)
        erasure = replace(
            erasure, position=page[-1].path, documents_erased=erasure.documents_erased + len(gone)
        )
        erasure = ports.archive.save(erasure, erase=gone)
    return erasure


def waited(ports: Ports, erasure: Erasure) -> Erasure:
    """Look once more: whoever held a lease when it began may have stored something after its page."""
    return ports.archive.save(
        replace(erasure, stage=ErasureStage.SWEEPING, position=None, waiting_until=None)
    )


def _going(ports: Ports, erasure: Erasure, page: Sequence[Record]) -> tuple[str, ...]:
    """The paths of what belongs to it, and of what tells of a booking that is not there any more."""
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


def _without_loose(ports: Ports, erasure: Erasure) -> Erasure:
    """Remove promises and pending consents, which are kept outside of the tenant."""
    loose = ports.archive.loose(erasure.tenant, limit=LOOSE)
    while gone := _going(ports, erasure, loose):
        counted = replace(erasure, documents_erased=erasure.documents_erased + len(gone))
        erasure = ports.archive.save(counted, erase=gone)
        loose = ports.archive.loose(erasure.tenant, limit=LOOSE)
    return erasure


def _names(connections: Sequence[Connection]) -> tuple[str, ...]:
    return tuple(connection.id for connection in connections)


_Work = Callable[[Ports, Erasure], Erasure]
_DATA: Mapping[ErasureStage, _Work] = {
    ErasureStage.CLOSING: close,
    ErasureStage.DISCONNECTING: disconnected,
    ErasureStage.ERASING: erased,
    ErasureStage.WAITING: waited,
    ErasureStage.SWEEPING: erased,
}
# A customer has no connections, and nothing of a customer is a document of its own.
_CUSTOMER: Mapping[ErasureStage, _Work] = {
    ErasureStage.CLOSING: anonymise.begin,
    ErasureStage.ERASING: anonymise.anonymise,
    ErasureStage.WAITING: waited,
    ErasureStage.SWEEPING: anonymise.anonymise,
}


def advance_erasure(ports: Ports, command: AdvanceErasure) -> None:
    """Do the next chunk and queue the one after it; every piece may be repeated.

    Raises:
        Retry: It does not work now; the job is where it was.
    """
    try:
        erasure = ports.archive.get(command.tenant, command.erasure)
    except UnknownResource:
        return
    work = (_CUSTOMER if erasure.scope is Scope.CUSTOMER else _DATA).get(erasure.stage)
    if work is None:
        return
    now = ports.clock.now()
    if erasure.waiting_until is None or erasure.waiting_until <= now:
        erasure = work(ports, erasure)
    if erasure.stage is ErasureStage.DONE:
        ports.log.info("erased", tenant=erasure.tenant, erasure=erasure.id, scope=erasure.scope.value)
        return
    go_on(ports, erasure, not_before=erasure.waiting_until)
