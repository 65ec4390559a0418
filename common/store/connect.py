"""Stores connections, their grants, and invitations to connect.

A grant is a document of its own, which no list reads.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from common.domain.calendar.connection import (
    AccessRole,
    CalendarEntry,
    CalendarUse,
    Connection,
    Doubt,
    Phase,
    ProviderKind,
    Receipt,
    Status,
    SyncRun,
)
from common.domain.calendar.sync_state import Channel
from common.domain.catalogue.records import Language
from common.domain.connect.invitation import Invitation
from common.domain.connect.settings import (
    BusyRules,
    ExportSettings,
    ImportMode,
    ImportSettings,
    PrivateMode,
    Settings,
)
from common.domain.shared.outbox import OutboxEntry
from common.errors import AlreadyExists, Conflict, UnknownResource
from common.store import paths
from common.store.firestore.codec import PLAIN, TEXTS, enum_value, map_of, record, unreadable
from common.store.firestore.documents import (
    MOST_DISJUNCTIONS,
    Create,
    Delete,
    Documents,
    Put,
    Query,
    Replace,
    Snapshot,
    Write,
    create_or_replace,
)
from common.store.notify import OUTBOX


class Connections:
    """The stored connections and their encrypted grants; every save is compare-and-set on ``version``."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def get(self, tenant: str, connection: str) -> Connection:
        """One connection; raises UnknownResource where there is none."""
        (found,) = self._documents.get([paths.connection(tenant, connection)])
        if found.data is None:
            raise UnknownResource("there is no such connection")
        return _read(found)

    def of_tenant(self, tenant: str) -> tuple[Connection, ...]:
        """All of a tenant's connections, disconnected ones included."""
        return tuple(map(_read, self._documents.query(Query(paths.within(tenant, paths.CONNECTIONS)))))

    def of_resource(self, tenant: str, resource: str) -> tuple[Connection, ...]:
        """All connections of one resource that are not disconnected."""
        return live_by_resource(self._documents, tenant, (resource,))[resource]

    def same_account(self, connection: Connection, *, others: bool = True) -> tuple[Connection, ...]:
        """Live connections to the same provider account, of any tenant, under any of its names.

        Without ``others`` the connection of the same id is among them, where one is stored.
        """
        found = {
            item.path: _read(item)
            for name, key in _keys(connection).items()
            for item in self._documents.query(
                Query(paths.CONNECTIONS, group=True, filters=((name, "==", key),))
            )
        }
        if others:
            found.pop(paths.connection(connection.tenant, connection.id), None)
        return tuple(item for item in found.values() if item.status is not Status.DISCONNECTED)

    def create(self, connection: Connection, sealed: str, *, tasks: Sequence[OutboxEntry] = ()) -> Connection:
        """Store a new connection, its encrypted grant and the outbox entries ``tasks`` in one commit.

        Raises:
            AlreadyExists: There is a connection of this id.
        """
        document, *_ = self._documents.commit(
            [
                Create(paths.connection(connection.tenant, connection.id), _write(connection)),
                Put(paths.grant(connection.tenant, connection.id), {"sealed": sealed}),
                *_outbox_writes(tasks),
            ]
        )
        return replace(connection, version=document.version)

    def save(self, connection: Connection, *, tasks: Sequence[OutboxEntry] = ()) -> Connection:
        """Replace a connection, together with the outbox entries ``tasks``.

        Raises:
            Conflict: The stored connection has another version, or was never read.
        """
        if connection.version is None:
            raise Conflict("a connection that was never read cannot be replaced")
        path = paths.connection(connection.tenant, connection.id)
        document, *_ = self._documents.commit(
            [
                Replace(path, _write(connection), version=connection.version),
                *_outbox_writes(tasks),
            ]
        )
        return replace(connection, version=document.version)

    def sealed(self, tenant: str, connection: str) -> tuple[str | None, str | None]:
        """The encrypted grant and its version; (None, None) where it was given back.

        Raises:
            UnreadableDocument: It cannot be understood.
        """
        (found,) = self._documents.get([paths.grant(tenant, connection)])
        if not found.data:
            return None, None
        sealed = found.data.get("sealed")
        if not isinstance(sealed, str):
            raise unreadable("grant")
        return sealed, found.version

    def save_sealed(self, tenant: str, connection: str, sealed: str | None, *, expected: str | None) -> None:
        """Replace the encrypted grant if its version is ``expected`` (None: whatever it is)."""
        path = paths.grant(tenant, connection)
        grant: Write
        if sealed is None:
            grant = Delete(path, version=expected)
        elif expected is None:
            grant = Put(path, {"sealed": sealed})
        else:
            grant = Replace(path, {"sealed": sealed}, version=expected)
        self._documents.commit([grant, Delete(paths.refresh_lease(tenant, connection))])

    def end_refresh_lease(self, tenant: str, connection: str) -> None:
        """Let the next caller refresh the grant at once: this refresh has failed."""
        self._documents.commit([Delete(paths.refresh_lease(tenant, connection))])

    def lease_refresh(self, tenant: str, connection: str, *, until: datetime, now: datetime) -> bool:
        """Become the only one who refreshes the grant, until then; False while somebody else is."""
        path = paths.refresh_lease(tenant, connection)
        (found,) = self._documents.get([path])
        held = found.data.get("until") if found.data else None
        if isinstance(held, datetime) and held > now:
            return False
        lease = {"until": until}
        try:
            if found.version is None:
                self._documents.commit([Create(path, lease)])
            else:
                self._documents.commit([Replace(path, lease, version=found.version)])
        except (AlreadyExists, Conflict):
            return False
        return True


def live_by_resource(
    documents: Documents, tenant: str, resources: Sequence[str]
) -> Mapping[str, tuple[Connection, ...]]:
    """The connections of several resources that are not disconnected, in one exchange for 30 of them."""
    found: dict[str, list[Connection]] = {name: [] for name in resources}
    for at in range(0, len(resources), MOST_DISJUNCTIONS):
        some = list(resources[at : at + MOST_DISJUNCTIONS])
        rows = documents.query(
            Query(paths.within(tenant, paths.CONNECTIONS), filters=(("resource", "in", some),))
        )
        for connection in map(_read, rows):
            if connection.status is not Status.DISCONNECTED:
                found[connection.resource].append(connection)
    return {name: tuple(items) for name, items in found.items()}


def _outbox_writes(tasks: Sequence[OutboxEntry]) -> list[Write]:
    return [Put(paths.outbox(entry.id), OUTBOX.write(entry)) for entry in tasks]


def _write(connection: Connection) -> dict[str, Any]:
    return {**CONNECTION.write(connection), **_keys(connection)}


def _read(found: Snapshot) -> Connection:
    return replace(CONNECTION.read(found.data), version=found.version)


def _keys(connection: Connection) -> dict[str, str]:
    names = {"account_key": connection.account.casefold(), "identity_key": connection.identity}
    return {key: _hashed(connection.provider, name) for key, name in names.items() if name is not None}


def _hashed(provider: ProviderKind, name: str) -> str:
    return hashlib.sha256(f"{provider.value}\n{name}".encode()).hexdigest()[:32]


_CALENDAR = record(
    CalendarEntry,
    key=PLAIN,
    provider_id=PLAIN,
    name=PLAIN,
    zone=PLAIN,
    role=enum_value(AccessRole),
    primary=PLAIN,
    use=enum_value(CalendarUse),
    missing_since=PLAIN,
    owner=PLAIN,
)
_BUSY_RULES = record(
    BusyRules,
    tentative=PLAIN,
    needs_action=PLAIN,
    out_of_office=PLAIN,
    focus_time=PLAIN,
    working_elsewhere=PLAIN,
)
_SETTINGS = record(
    Settings,
    imports=record(
        ImportSettings,
        on=PLAIN,
        mode=enum_value(ImportMode),
        private=enum_value(PrivateMode),
        busy=_BUSY_RULES,
    ),
    exports=record(
        ExportSettings,
        on=PLAIN,
        target=PLAIN,
        dedicated=PLAIN,
        attendee=PLAIN,
        notify=PLAIN,
        auto_accept=PLAIN,
        reminder=PLAIN,
        title=PLAIN,
        description=PLAIN,
    ),
    show_events=PLAIN,
    version=PLAIN,
)
_RUN = record(
    SyncRun,
    id=PLAIN,
    phase=enum_value(Phase),
    seq=PLAIN,
    calendars=TEXTS,
    started_at=PLAIN,
    position=PLAIN,
    imports_total=PLAIN,
    imports_done=PLAIN,
    exports_total=PLAIN,
    exports_done=PLAIN,
    exports_failed=PLAIN,
    export_after=PLAIN,
    notify=PLAIN,
    waiting_until=PLAIN,
    finished_at=PLAIN,
    error=PLAIN,
    moved_at=PLAIN,
)
_RECEIPT = record(
    Receipt,
    started_at=PLAIN,
    finished_at=PLAIN,
    channels_stopped=PLAIN,
    events_deleted=PLAIN,
    events_left=PLAIN,
    calendar_removed=PLAIN,
    imports_removed=PLAIN,
    grant_revoked=PLAIN,
    grant_kept_for_other_connection=PLAIN,
    provider_reachable=PLAIN,
)
_DOUBT = record(Doubt, since=PLAIN, tries=PLAIN, next_try=PLAIN, reason=PLAIN)
CONNECTION = record(
    Connection,
    id=PLAIN,
    tenant=PLAIN,
    resource=PLAIN,
    provider=enum_value(ProviderKind),
    account=PLAIN,
    status=enum_value(Status),
    created_at=PLAIN,
    settings=_SETTINGS,
    calendars=map_of(_CALENDAR),
    scopes=TEXTS,
    dedicated_calendar=PLAIN,
    dedicated_pending=PLAIN,
    run=_RUN,
    receipt=_RECEIPT,
    waiting_until=PLAIN,
    error=PLAIN,
    told_at=PLAIN,
    identity=PLAIN,
    moved_to=TEXTS,
    doubt=_DOUBT,
    paused_until=PLAIN,
)
_CHANNEL = record(Channel, id=PLAIN, resource_id=PLAIN, expires_at=PLAIN, created_at=PLAIN, verified_at=PLAIN)


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
