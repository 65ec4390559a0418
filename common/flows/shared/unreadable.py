"""What nobody can read never keeps an end from coming: it is mended, or left out and counted."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Generic, NamedTuple, TypeVar

from common.domain.booking.booking import Booking
from common.domain.privacy.erasure import Record
from common.errors import UnknownResource, UnreadableDocument
from common.ports import Ports

T = TypeVar("T")
# What an export link says whose stored form told no event.
UNREADABLE = UnreadableDocument.code


class Sifted(NamedTuple, Generic[T]):
    """What of a collection can be read, and what cannot."""

    readable: tuple[T, ...]
    lost: tuple[Record, ...] = ()


@contextmanager
def mending(ports: Ports, tenant: str, connection: str) -> Iterator[None]:
    """Have what is unreadable of a connection mended; the work inside is to be repeated then.

    Raises:
        UnreadableDocument: Something was unreadable; the next try finds it mended.
    """
    try:
        yield
    except UnreadableDocument:
        mend(ports, tenant, connection)
        raise


def mend(ports: Ports, tenant: str, connection: str) -> None:
    """Make readable what is stored of a connection that ends; kinds and numbers are logged, no content."""
    for kind, number in sorted(ports.archive.mend(tenant, connection).items()):
        ports.log.warning("unreadable_mended", tenant=tenant, connection=connection, kind=kind, number=number)


def sifted(
    ports: Ports,
    tenant: str,
    collection: str,
    *,
    every: Callable[[], tuple[T, ...]],
    one: Callable[[str], T],
) -> Sifted[T]:
    """All of a collection, or one by one what of it can be read."""
    try:
        return Sifted(every())
    except UnreadableDocument:
        return sift(ports, ports.archive.records(tenant, collection), one=one)


def sift(ports: Ports, records: tuple[Record, ...], *, one: Callable[[str], T]) -> Sifted[T]:
    """Those of the records that can be read, each by its id; the others are logged by kind."""
    readable: list[T] = []
    lost: list[Record] = []
    for record in records:
        try:
            readable.append(one(record.id))
        except UnreadableDocument:
            ports.log.warning("unreadable_left_out", tenant=record.path.split("/")[1], kind=record.collection)
            lost.append(record)
        except UnknownResource:
            continue
    return Sifted(tuple(readable), tuple(lost))


def bookings(
    ports: Ports, tenant: str, *, after: str | None, limit: int
) -> tuple[Sifted[Booking], str | None]:
    """The next of a tenant's bookings, and the id of the last one; None behind the end."""
    try:
        found = ports.bookings.page(tenant, after=after, limit=limit)
    except UnreadableDocument:
        records = ports.archive.records(tenant, "bookings", after=after, limit=limit)
        page = sift(ports, records, one=lambda name: ports.bookings.get(tenant, name))
        return page, records[-1].id if records else None
    return Sifted(found), found[-1].id if found else None
