"""Stores the invitations to connect a calendar."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from common.domain.calendar.connection import ProviderKind
from common.domain.catalogue.records import Language
from common.domain.connect.invitation import Invitation
from common.domain.shared.outbox import OutboxEntry
from common.errors import AlreadyExists, Conflict, UnknownResource
from common.store import paths
from common.store.firestore.codec import PLAIN, enum_value, record
from common.store.firestore.documents import Documents, Put, Snapshot, create_or_replace
from common.store.notify import OUTBOX


class Invitations:
    """The stored invitations; every save is compare-and-set on ``version``."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def get(self, tenant: str, invitation: str) -> Invitation:
        """One invitation; raises UnknownResource where there is none."""
        (found,) = self._documents.get([paths.within(tenant, paths.INVITATIONS, invitation)])
        return _invitation(found)

    def save(self, invitation: Invitation, *, tasks: Sequence[OutboxEntry] = ()) -> Invitation:
        """Create an invitation (without a version) or replace it, together with the outbox entries ``tasks``.

        Raises:
            Conflict: Another version is stored, or there is one of this id already.
        """
        path = paths.within(invitation.tenant, paths.INVITATIONS, invitation.id)
        data = INVITATION.write(invitation)
        outbox = [Put(paths.outbox(entry.id), OUTBOX.write(entry)) for entry in tasks]
        try:
            document, *_ = self._documents.commit(
                [create_or_replace(path, data, invitation.version), *outbox]
            )
        except AlreadyExists as error:
            raise Conflict("this invitation was made before") from error
        return replace(invitation, version=document.version)


def _invitation(found: Snapshot) -> Invitation:
    if found.data is None:
        raise UnknownResource("there is no such invitation")
    return replace(INVITATION.read(found.data), version=found.version)


INVITATION = record(
    Invitation,
    id=PLAIN,
    tenant=PLAIN,
    resource=PLAIN,
    address=PLAIN,
    return_to=PLAIN,
    language=enum_value(Language),
    created_by=PLAIN,
    created_at=PLAIN,
    ends_at=PLAIN,
    expires_at=PLAIN,
    secret_hash=PLAIN,
    sealed=PLAIN,
    provider=enum_value(ProviderKind),
    expected_account=PLAIN,
    sendings=PLAIN,
    sent_at=PLAIN,
    revoked_at=PLAIN,
    used_at=PLAIN,
    connection=PLAIN,
    claim=PLAIN,
    claimed_until=PLAIN,
)
