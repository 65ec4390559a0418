"""Repairs documents of a connection that cannot be read, as far as its disconnection needs them.

What is removed with the connection anyway is emptied or deleted; of what is needed to delete events at the
provider, the parts are kept that can be read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from common.domain.calendar.connection import Status
from common.domain.calendar.sync_state import CalendarSync
from common.domain.export.exported_event import ExportLink, LinkState
from common.errors import UnreadableDocument
from common.store import paths
from common.store.booking.commit import LINK
from common.store.connect import CONNECTION
from common.store.firestore.codec import Form
from common.store.firestore.documents import NAME, Delete, Documents, Put, Query, Replace, Snapshot, Write
from common.store.notify import OUTBOX
from common.store.sync.imported_weeks import bounds, read_events, write_events
from common.store.sync.sync_states import CALENDAR_SYNC

# Documents read at once; each may have a megabyte.
PAGE = 50
# Where a week of events does not say how many documents continue it, that many are taken to be there.
PARTS = 20
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class _Owner:
    """The connection that the documents belong to."""

    tenant: str
    connection: str


def repair_connection(documents: Documents, tenant: str, connection: str) -> Mapping[str, int]:
    """Rewrite or remove whatever belongs to a connection and cannot be read; how many documents of each kind.

    Raises:
        Conflict: Somebody changed one of them meanwhile.
    """
    owner, repaired = _Owner(tenant, connection), Counter[str]()
    for page in _pages(documents, owner):
        writes = [write for found in page if (write := _repair(owner, found)) is not None]
        if writes:
            documents.commit(writes)
        repaired.update(write.path.split("/")[-2] for write in writes)
    return repaired


def _pages(documents: Documents, owner: _Owner) -> Iterator[tuple[Snapshot, ...]]:
    root = paths.connection(owner.tenant, owner.connection)
    yield documents.get([root])
    yield documents.query(
        Query(paths.OUTBOX, filters=(("tenant", "==", owner.tenant), ("connection", "==", owner.connection)))
    )
    below = Query(f"{root}/", group=True, order=(NAME,), limit=PAGE)
    page = documents.query(below)
    while page:
        yield page
        after = (page[-1].path,)
        page = documents.query(Query(f"{root}/", group=True, order=(NAME,), after=after, limit=PAGE))


def _repair(owner: _Owner, found: Snapshot) -> Write | None:
    """What has to be written; None where the document can be read, or nothing can be done."""
    if found.data is None:
        return None
    data: dict[str, Any] | None
    match found.path.rsplit("/", 2)[-2]:
        case paths.CONNECTIONS if not _readable(CONNECTION, found.data):
            data = _repaired_connection(owner, found.data)
        case paths.CALENDARS if not _readable(CALENDAR_SYNC, found.data):
            data = CALENDAR_SYNC.write(CalendarSync(owner.tenant, owner.connection, found.id))
        case "exports" if not _readable(LINK, found.data):
            data = LINK.write(_repaired_link(owner, found.id, found.data))
        case "weeks":
            return _repair_week(found)
        case "grants" if found.id == "current" and not isinstance(found.data.get("sealed"), str):
            data = {"sealed": ""}
        case paths.OUTBOX if not _readable(OUTBOX, found.data):
            return Delete(found.path, version=found.version)
        case _:
            return None
    return None if data is None else Replace(found.path, data, version=found.version or "")


def _readable(form: Form[Any], data: Mapping[str, Any]) -> bool:
    try:
        form.read(data)
    except UnreadableDocument:
        return False
    return True


def _repaired_connection(owner: _Owner, data: Mapping[str, Any]) -> dict[str, Any] | None:
    """The connection with each field that can be read; None where not even the account is known."""
    known = {
        "id": owner.connection,
        "tenant": owner.tenant,
        "resource": _text(data, "resource"),
        "provider": _text(data, "provider"),
        "account": _text(data, "account"),
        "status": Status.DISCONNECTING.value,
        "created_at": _EPOCH,
    }
    if not known["account"] or not _readable(CONNECTION, known):
        return None
    for name, value in data.items():
        if _readable(CONNECTION, {**known, name: value}):
            known[name] = value
    return known


def _repaired_link(owner: _Owner, booking: str, data: Mapping[str, Any]) -> ExportLink:
    """A link by which an event can be deleted, if it says where that is."""
    calendar = _text(data, "calendar_id")
    return ExportLink(
        tenant=owner.tenant,
        connection=owner.connection,
        booking=booking,
        calendar=_text(data, "calendar"),
        calendar_id=calendar,
        event_id=_text(data, "event_id") if calendar else "",
        epoch=0,
        state=LinkState.LIVE,
        error=UnreadableDocument.code,
    )


def _repair_week(found: Snapshot) -> Write | None:
    """Empty a week of events; what its calendar takes in the agenda goes when it is removed."""
    data = found.data or {}
    name, _, part = found.id.partition("~")
    parts = data.get("parts", 0)
    try:
        bounds(name)
    except ValueError:
        return Delete(found.path)
    try:
        read_events(data)
        if isinstance(parts, int):
            return None
    except UnreadableDocument:
        pass
    empty = write_events(()) | ({} if part else {"parts": parts if isinstance(parts, int) else PARTS})
    return Put(found.path, empty)


def _text(data: Mapping[str, Any], name: str) -> str:
    value = data.get(name)
    return value if isinstance(value, str) else ""
