"""All documents of a tenant, how people read them in an export, and the jobs that erase them."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from itertools import accumulate
from typing import Any

from common.domain.catalogue.records import Resource
from common.domain.privacy.erasure import Erasure, ErasureStage, Record, Scope
from common.domain.privacy.support import AuditEntry
from common.domain.sync.imported_events import ImportedEvent
from common.errors import AlreadyExists, Conflict, UnknownResource
from common.store import paths
from common.store.catalogue import LENGTHS
from common.store.firestore.codec import PLAIN, TEXTS, enum_value, record
from common.store.firestore.documents import (
    NAME,
    REMOVE,
    Create,
    Delete,
    Documents,
    FieldPath,
    Merge,
    Query,
    Replace,
    Snapshot,
)
from common.store.firestore.values import size
from common.store.privacy.repair import repair_connection
from common.store.privacy.support import audit_write
from common.store.slots.agenda import readable_week
from common.store.sync.imported_weeks import read_events, read_index

_UNITS = ((3600, "H"), (60, "M"), (1, "S"))
_DAY = 86_400


def readable(path: str, stored: Mapping[str, Any]) -> Mapping[str, Any]:
    """A document's fields as an export shows them.

    Raises:
        StoreUnavailable: It cannot be understood.
    """
    match path.rsplit("/", 2)[-2]:
        case "weeks":
            return {"events": [_shown(event) for event in read_events(stored)]}
        case "index":
            return {"units": read_index(stored)}
        case "agenda":
            return readable_week(stored)
        case "services":
            return _timed(stored, LENGTHS)
        case "tenants" if "unreachable" in stored:
            return {**stored, "unreachable": _timed(stored["unreachable"], ("grace",))}
        case _:
            return stored


def _timed(stored: Mapping[str, Any], lengths: tuple[str, ...]) -> dict[str, Any]:
    return {key: _length(value) if key in lengths else value for key, value in stored.items()}


def _length(seconds: int) -> str:
    """A length of time as ISO 8601 and RFC 3339 (appendix A) write it: P90D, PT1H30M."""
    days, rest = divmod(seconds, _DAY)
    clock = ""
    for length, unit in _UNITS:
        count, rest = divmod(rest, length)
        clock += f"{count}{unit}" if count else ""
    day = f"{days}D" if days else ""
    return f"P{day}T{clock}" if clock else f"P{day or 'T0S'}"


def _shown(event: ImportedEvent) -> Mapping[str, Any]:
    return {
        "key": event.key,
        "unit": event.unit,
        "interval": event.interval,
        "blocks": event.blocks,
        "free": event.free,
        "private": event.private,
        "all_day": event.all_day,
        "generation": event.generation,
        "title": event.title,
        "description": event.description,
    }


# Packed columns become some five times as long as text, and an answer has at most 32 MB.
LARGEST_PAGE = 2_000_000
ERASURES = "erasures"
OUTSIDE_TENANT = (paths.OUTBOX, paths.CONSENTS, paths.ISSUERS)


class Archive:
    """All that is stored of a tenant, whatever it is; and the jobs that erase it."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def page(self, tenant: str, *, after: str | None, limit: int) -> tuple[Record, ...]:
        """Some of the documents below the tenant and the tenant itself, in order, from ``after`` (exclusive).

        Large documents come in shorter pages; only behind the last document a page is empty.
        """
        root = paths.tenant(tenant)
        head = self._documents.get([root]) if after is None else ()
        # The path of ``after`` may be gone meanwhile: it is a place in the order, and no document.
        position = (_inside(root, after),) if after not in {None, root} else None
        query = Query(f"{root}/", group=True, order=(NAME,), after=position, limit=limit)
        return _records(_fitting((*head, *self._documents.query(query))))

    def readable(self, record: Record) -> Record:
        """A record as people read it: packed columns become rows again.

        Raises:
            StoreUnavailable: It cannot be understood.
        """
        return replace(record, data=readable(record.path, record.data))

    def outside_tenant(self, tenant: str, *, limit: int) -> tuple[Record, ...]:
        """A tenant's outbox entries, pending consents and issuers, which are not stored below the tenant."""
        found = [
            snapshot
            for collection in OUTSIDE_TENANT
            for snapshot in self._documents.query(
                Query(collection, filters=(("tenant", "==", tenant),), limit=limit)
            )
        ]
        return _records(found)

    def orphans(self, tenant: str, records: Sequence[Record]) -> tuple[Record, ...]:
        """Those of the records that refer to a booking which is not there any more."""
        booking_of = {
            record.path: record.data.get("booking") or _notified_booking(record) for record in records
        }
        names = sorted({name for name in booking_of.values() if isinstance(name, str) and name})
        found = self._documents.get([paths.booking(tenant, name) for name in names])
        gone = {snapshot.id for snapshot in found if snapshot.data is None}
        return tuple(record for record in records if booking_of[record.path] in gone)

    def records(
        self, tenant: str, collection: str, *, after: str | None = None, limit: int | None = None
    ) -> tuple[Record, ...]:
        """The documents of one of a tenant's collections as they are, by id from ``after`` (exclusive)."""
        position = None if after is None else (paths.within(tenant, collection, after),)
        query = Query(paths.within(tenant, collection), order=(NAME,), after=position, limit=limit)
        return _records(self._documents.query(query))

    def repair_connection(self, tenant: str, connection: str) -> Mapping[str, int]:
        """Make readable what is stored of a connection that is disconnected; how many documents of each kind.

        What goes anyway is emptied or removed; of what the provider still has to hear the parts are kept
        that can be read.

        Raises:
            Conflict: Somebody changed one of them meanwhile.
        """
        return repair_connection(self._documents, tenant, connection)

    def remove_fields(self, record: Record, fields: Sequence[str]) -> None:
        """Remove fields from a document, whatever they hold; a document that is gone meanwhile stays gone."""
        gone: Mapping[FieldPath, Any] = {(name,): REMOVE for name in fields}
        with suppress(Conflict):
            self._documents.commit([Merge(record.path, gone, must_exist=True)])

    def create(self, erasure: Erasure, entry: AuditEntry, *, removing: Resource | None = None) -> Erasure:
        """Store a new job, together with the audit entry, and remove the resource that it is about.

        Raises:
            Conflict: ``removing`` is not as it was read; nothing was written.
        """
        job = Create(_path(erasure.tenant, erasure.id), ERASURE.write(erasure))
        gone = [Delete(paths.resource(erasure.tenant, item.id), item.version) for item in [removing] if item]
        try:
            document, *_ = self._documents.commit([job, audit_write(entry), *gone])
        except AlreadyExists as error:
            raise Conflict("this was started before") from error
        return replace(erasure, version=document.version)

    def get(self, tenant: str, erasure: str) -> Erasure:
        """Raises UnknownResource where there is none."""
        (found,) = self._documents.get([_path(tenant, erasure)])
        if found.data is None:
            raise UnknownResource("there is no such erasure")
        return _read(found)

    def save(self, erasure: Erasure, *, erase: Sequence[str] = ()) -> Erasure:
        """Replace a job and remove documents in the same commit.

        Raises:
            Conflict: ``erasure.version`` is not the stored one; nothing was removed.
        """
        if erasure.version is None:
            raise Conflict("a job that was never read cannot be replaced")
        job = Replace(_path(erasure.tenant, erasure.id), ERASURE.write(erasure), version=erasure.version)
        document, *_ = self._documents.commit([job, *map(Delete, erase)])
        return replace(erasure, version=document.version)


def _inside(root: str, path: str | None) -> str:
    """The cursor that a caller sent back, if it points into this tenant.

    Raises:
        UnknownResource: It points elsewhere, or is no path of a document.
    """
    inside = path is not None and path.startswith(f"{root}/")
    parts = (path or "").split("/")
    if not inside or len(parts) % 2 or not all(paths.part(part) for part in parts):
        raise UnknownResource("there is no such place")
    return str(path)


def _notified_booking(record: Record) -> str | None:
    """The booking whose customer was notified, by the id of the record that remembers it."""
    about_booking = record.collection == paths.NOTIFIED and record.id.startswith("booking-")
    return record.id.removeprefix("booking-") if about_booking else None


def _fitting(found: Sequence[Snapshot]) -> Sequence[Snapshot]:
    """The first documents that fit into one page, at least one."""
    sizes = list(accumulate(size(item.data or {}) for item in found))
    return found[: max(1, bisect_right(sizes, LARGEST_PAGE))]


def _records(found: Sequence[Snapshot]) -> tuple[Record, ...]:
    return tuple(Record(item.path, item.data) for item in found if item.data is not None)


def _path(tenant: str, erasure: str) -> str:
    return paths.within(tenant, ERASURES, erasure)


def _read(found: Snapshot) -> Erasure:
    return replace(ERASURE.read(found.data), version=found.version)


ERASURE = record(
    Erasure,
    id=PLAIN,
    tenant=PLAIN,
    scope=enum_value(Scope),
    subject=PLAIN,
    requested_by=PLAIN,
    started_at=PLAIN,
    stage=enum_value(ErasureStage),
    position=PLAIN,
    resource=PLAIN,
    connections=TEXTS,
    address=PLAIN,
    documents_erased=PLAIN,
    bookings_anonymised=PLAIN,
    connections_ended=PLAIN,
    events_erased=PLAIN,
    events_left=PLAIN,
    waiting_until=PLAIN,
    finished_at=PLAIN,
    bookings_kept=PLAIN,
)
