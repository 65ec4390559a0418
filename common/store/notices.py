"""A notice in documents: recorded together with the promise to tell people and systems about it."""

from __future__ import annotations

import hashlib

from common.domain.work import Notice, OutboxEntry, OutboxKind
from common.store import paths
from common.store.documents import Create, Put
from common.store.work_records import NOTICE, OUTBOX


def promise(notice: Notice) -> Put:
    """The promise to tell; the sweep of the outbox keeps it within a minute or two."""
    name = hashlib.sha256(notice.id.encode()).hexdigest()[:32]
    entry = OutboxEntry(
        id=f"{notice.tenant}.notice.{name}",
        tenant=notice.tenant,
        kind=OutboxKind.NOTICE,
        booking="",
        connection="",
        revision=0,
        created_at=notice.at,
        due_at=notice.at,
        subject=notice.id,
    )
    return Put(paths.outbox(entry.id), OUTBOX.write(entry))


def new(notice: Notice) -> tuple[Create, Put]:
    """The writes of a notice that must not be there yet."""
    return Create(_path(notice), NOTICE.write(notice)), promise(notice)


def repeated(notice: Notice) -> tuple[Put, Put]:
    """The writes of a notice inside a commit that may be repeated as a whole."""
    return Put(_path(notice), NOTICE.write(notice)), promise(notice)


def _path(notice: Notice) -> str:
    return paths.within(notice.tenant, "notices", notice.id)
