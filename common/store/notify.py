"""A notice in documents: recorded together with the outbox entry to tell people and systems about it."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace

from common.domain.notify import LastNotified, Notice, NoticeKind, Sender
from common.domain.shared.outbox import OutboxEntry, OutboxKind, notice_entry
from common.errors import AlreadyExists, Conflict, UnknownResource
from common.store import paths
from common.store.firestore.codec import PLAIN, enum_value, map_of, record
from common.store.firestore.documents import Create, Delete, Documents, Put, create_or_replace

OUTBOX = record(
    OutboxEntry,
    id=PLAIN,
    tenant=PLAIN,
    kind=enum_value(OutboxKind),
    booking=PLAIN,
    connection=PLAIN,
    revision=PLAIN,
    created_at=PLAIN,
    due_at=PLAIN,
    waiting_until=PLAIN,
    subject=PLAIN,
    words=map_of(PLAIN),
    letter=PLAIN,
    error=PLAIN,
)
NOTICE = record(
    Notice, id=PLAIN, tenant=PLAIN, kind=enum_value(NoticeKind), at=PLAIN, connection=PLAIN, booking=PLAIN
)


LAST_NOTIFIED = record(
    LastNotified,
    tenant=PLAIN,
    key=PLAIN,
    state=PLAIN,
    by=enum_value(Sender),
    at=PLAIN,
    expires_at=PLAIN,
    speaker=PLAIN,
    uid=PLAIN,
    promised=PLAIN,
)


class Notifications:
    """What was mailed last under each key, and the notices."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def last(self, tenant: str, key: str) -> LastNotified | None:
        """What was mailed last under this key; None where nothing was."""
        (found,) = self._documents.get([paths.within(tenant, paths.NOTIFIED, key)])
        return (
            replace(LAST_NOTIFIED.read(found.data), version=found.version) if found.data is not None else None
        )

    def save(self, notified: LastNotified) -> LastNotified:
        """Store what was mailed; raises Conflict where it was replaced since it was read."""
        path = paths.within(notified.tenant, paths.NOTIFIED, notified.key)
        try:
            (document,) = self._documents.commit(
                [create_or_replace(path, LAST_NOTIFIED.write(notified), notified.version)]
            )
        except AlreadyExists as error:
            raise Conflict("somebody else stored this first") from error
        return replace(notified, version=document.version)

    def forget(self, notified: LastNotified) -> None:
        """Remove what was stored as mailed; without effect where it was replaced since it was read."""
        path = paths.within(notified.tenant, paths.NOTIFIED, notified.key)
        with suppress(Conflict):
            self._documents.commit([Delete(path, version=notified.version)])

    def notice(self, tenant: str, notice: str) -> Notice:
        """One notice; raises UnknownResource where there is none."""
        (found,) = self._documents.get([paths.within(tenant, "notices", notice)])
        if found.data is None:
            raise UnknownResource("there is no such notice")
        return NOTICE.read(found.data)


def _entry(notice: Notice) -> Put:
    entry = notice_entry(notice)
    return Put(paths.outbox(entry.id), OUTBOX.write(entry))


def notice_writes(notice: Notice) -> tuple[Create, Put]:
    """The writes of a notice that must not be there yet."""
    return Create(_path(notice), NOTICE.write(notice)), _entry(notice)


def repeatable_notice_writes(notice: Notice) -> tuple[Put, Put]:
    """The writes of a notice inside a commit that may be repeated as a whole."""
    return Put(_path(notice), NOTICE.write(notice)), _entry(notice)


def _path(notice: Notice) -> str:
    return paths.within(notice.tenant, "notices", notice.id)
