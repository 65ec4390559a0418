"""Invitations, and what people were told last, in documents."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from common.domain.invitation import Invitation
from common.domain.mailing import Told
from common.domain.work import Notice, OutboxEntry
from common.errors import AlreadyExists, Conflict, UnknownResource
from common.store import paths
from common.store.documents import Create, Documents, Put, Replace, Snapshot, Write
from common.store.outreach_records import INVITATION, TOLD
from common.store.work_records import NOTICE, OUTBOX


class StoredInvitations:
    """A tenant's invitations."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def get(self, tenant: str, invitation: str) -> Invitation:
        """Raises UnknownResource where there is none."""
        (found,) = self._documents.get([paths.within(tenant, paths.INVITATIONS, invitation)])
        return _invitation(found)

    def save(self, invitation: Invitation, *, tasks: Sequence[OutboxEntry] = ()) -> Invitation:
        """Create (no version) or replace, together with promises; else raises Conflict."""
        path = paths.within(invitation.tenant, paths.INVITATIONS, invitation.id)
        data = INVITATION.write(invitation)
        promises = [Put(paths.outbox(entry.id), OUTBOX.write(entry)) for entry in tasks]
        try:
            document, *_ = self._documents.commit([_write(path, data, invitation.version), *promises])
        except AlreadyExists as error:
            raise Conflict("this invitation was made before") from error
        return replace(invitation, version=document.version)


class StoredTelling:
    """What people were told last, and the notices that they are told about."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def told(self, tenant: str, key: str) -> Told | None:
        """What was told last under this key."""
        (found,) = self._documents.get([paths.within(tenant, paths.TOLD, key)])
        return replace(TOLD.read(found.data), version=found.version) if found.data is not None else None

    def tell(self, told: Told) -> Told:
        """Remember it; raises Conflict where ``told.version`` is not the stored one."""
        path = paths.within(told.tenant, paths.TOLD, told.key)
        try:
            (document,) = self._documents.commit([_write(path, TOLD.write(told), told.version)])
        except AlreadyExists as error:
            raise Conflict("somebody else told this first") from error
        return replace(told, version=document.version)

    def notice(self, tenant: str, notice: str) -> Notice:
        """Raises UnknownResource where there is none."""
        (found,) = self._documents.get([paths.within(tenant, "notices", notice)])
        if found.data is None:
            raise UnknownResource("there is no such notice")
        return NOTICE.read(found.data)


def _write(path: str, data: dict[str, object], version: str | None) -> Write:
    return Create(path, data) if version is None else Replace(path, data, version=version)


def _invitation(found: Snapshot) -> Invitation:
    if found.data is None:
        raise UnknownResource("there is no such invitation")
    return replace(INVITATION.read(found.data), version=found.version)
