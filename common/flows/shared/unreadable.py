"""Gets on with a disconnection or an erasure although stored documents cannot be read.

What belongs to a connection that ends is repaired; of a collection, what cannot be read is left out, counted
and logged by kind, never by content.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, NamedTuple, TypeVar

from common.domain.booking.booking import Booking
from common.domain.privacy.erasure import Record
from common.errors import UnknownResource, UnreadableDocument
from common.ports import Ports

T = TypeVar("T")
# The error of an export link that a repair has made of a document which names no event.
UNREADABLE = UnreadableDocument.code


class ReadableRecords(NamedTuple, Generic[T]):
    """What of a collection can be read, and the documents that cannot."""

    readable: tuple[T, ...]
    unreadable: tuple[Record, ...] = ()


@contextmanager
def repairing(ports: Ports, tenant: str, connection: str) -> Iterator[None]:
    """Repair a connection's documents when one of them turns out to be unreadable; then the task is retried.

    Raises:
        UnreadableDocument: Something was unreadable; the next try finds it repaired.
    """
    try:
        yield
    except UnreadableDocument:
        repair_connection(ports, tenant, connection)
        raise


def repair_connection(ports: Ports, tenant: str, connection: str) -> None:
    """Make readable, or remove, what is stored of a connection that ends; kinds and numbers are logged."""
    for kind, number in sorted(ports.archive.repair_connection(tenant, connection).items()):
        ports.log.warning(
            "unreadable_repaired", tenant=tenant, connection=connection, kind=kind, number=number
        )


def readable_records(
    ports: Ports,
    tenant: str,
    collection: str,
    *,
    read_all: Callable[[], tuple[T, ...]],
    read_one: Callable[[str], T],
) -> ReadableRecords[T]:
    """All of a tenant's collection; where that fails, one by one what of it can be read."""
    try:
        return ReadableRecords(read_all())
    except UnreadableDocument:
        return read_each(ports, ports.archive.records(tenant, collection), read_one=read_one)


def read_each(
    ports: Ports, records: tuple[Record, ...], *, read_one: Callable[[str], T]
) -> ReadableRecords[T]:
    """Those of the documents that can be read, each by its id; the others are logged by kind."""
    readable: list[T] = []
    unreadable: list[Record] = []
    for record in records:
        try:
            readable.append(read_one(record.id))
        except UnreadableDocument:
            ports.log.warning("unreadable_left_out", tenant=record.path.split("/")[1], kind=record.collection)
            unreadable.append(record)
        except UnknownResource:
            continue
    return ReadableRecords(tuple(readable), tuple(unreadable))


def readable_bookings(
    ports: Ports, tenant: str, *, after: str | None, limit: int
) -> tuple[ReadableRecords[Booking], str | None]:
    """The next of a tenant's bookings, and the id of the last one; None behind the end."""
    try:
        found = ports.bookings.page(tenant, after=after, limit=limit)
    except UnreadableDocument:
        records = ports.archive.records(tenant, "bookings", after=after, limit=limit)
        page = read_each(ports, records, read_one=lambda name: ports.bookings.get(tenant, name))
        return page, records[-1].id if records else None
    return ReadableRecords(found), found[-1].id if found else None
