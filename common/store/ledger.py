"""Outbox, dead letters, notices, consent states and pacing in documents."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime, timedelta

from common.domain.work import ConsentState, DeadLetter, Notice, OutboxEntry
from common.errors import AlreadyExists, Conflict, UnknownResource
from common.store import notices, paths
from common.store.documents import Create, Delete, Documents, Put, Query, Replace, Snapshot, Write
from common.store.work_records import CONSENT, LETTER, OUTBOX

_TRIES = 5
_PACING_KEPT = timedelta(days=1)
_LEASES_KEPT = timedelta(days=1)


class StoredLedger:
    """The small records around the work."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def outbox_due(
        self, now: datetime, limit: int, *, after: datetime | None = None
    ) -> tuple[OutboxEntry, ...]:
        """Entries of all tenants whose ``due_at`` has come, the longest due first; those behind ``after``."""
        query = Query(
            paths.OUTBOX,
            filters=(("due_at", "<=", now),),
            order=("due_at",),
            after=(after,) if after else None,
            limit=limit,
        )
        return tuple(OUTBOX.read(found.data) for found in self._documents.query(query))

    def outbox_of(self, tenant: str, connection: str, limit: int) -> tuple[OutboxEntry, ...]:
        """Entries of one connection that still wait."""
        query = Query(
            paths.OUTBOX,
            filters=(("tenant", "==", tenant), ("connection", "==", connection)),
            order=("due_at",),
            limit=limit,
        )
        return tuple(OUTBOX.read(found.data) for found in self._documents.query(query))

    def put_outbox(self, entry: OutboxEntry) -> None:
        """Create or replace an entry."""
        self._documents.commit([Put(paths.outbox(entry.id), OUTBOX.write(entry))])

    def done(self, entry: str) -> None:
        """The promise is kept; removing it twice is fine."""
        self._documents.commit([Delete(paths.outbox(entry))])

    def bury(self, letter: DeadLetter) -> None:
        """Keep exhausted work where a person finds it; the same letter twice is one."""
        self._new(Create(paths.within(letter.tenant, "dead_letters", letter.id), LETTER.write(letter)))

    def dead_letter(self, tenant: str, letter: str) -> DeadLetter:
        """One of them; raises UnknownResource where there is none."""
        return LETTER.read(self._letter(tenant, letter).data)

    def exhume(self, tenant: str, letter: str) -> DeadLetter:
        """Take a letter out to replay it; raises UnknownResource where there is none."""
        found = self._letter(tenant, letter)
        try:
            self._documents.commit([Delete(found.path, version=found.version)])
        except Conflict as error:
            raise UnknownResource("somebody else took this letter") from error
        return LETTER.read(found.data)

    def tell(self, notice: Notice) -> bool:
        """Record a notice and the promise to tell it; False when the same one was recorded before."""
        return self._new(*notices.new(notice))

    def open_consent(self, state: ConsentState) -> None:
        """Remember a pending consent."""
        self._documents.commit([Create(paths.consent(state.id), CONSENT.write(state))])

    def close_consent(self, state: str, *, now: datetime) -> ConsentState | None:
        """Take a pending consent out: exactly one caller gets it, and nobody after it expired."""
        path = paths.consent(state)
        (found,) = self._documents.get([path])
        if found.data is None:
            return None
        try:
            self._documents.commit([Delete(path, version=found.version)])
        except Conflict:
            return None
        consent = CONSENT.read(found.data)
        return consent if consent.expires_at > now else None

    def reserve(self, scope: str, *, units: int, per_minute: int, burst: int, now: datetime) -> float:
        """Book ``units`` of a limit; seconds until they may be used (0: now).

        A token bucket as one instant, the time at which it is full again (the generic cell rate
        algorithm). More units than the bucket holds wait for a full bucket.
        """
        path, each = paths.pacing(scope), timedelta(minutes=1) / per_minute
        allowance = each * max(burst, units)
        for _ in range(_TRIES):
            (found,) = self._documents.get([path])
            full_at = max(found.data["full_at"], now) if found.data else now
            booked = full_at + each * units
            if booked - allowance > now:
                return (booked - allowance - now).total_seconds()
            data = {"full_at": booked, "expires_at": booked + _PACING_KEPT}
            write: Write = Replace(path, data, version=found.version) if found.version else Create(path, data)
            try:
                self._documents.commit([write])
            except (AlreadyExists, Conflict):
                continue
            return 0.0
        return max(each * units, timedelta(milliseconds=250)).total_seconds()

    def lease(self, scope: str, *, holder: str, until: datetime, now: datetime) -> bool:
        """Become the only one who works on something, or stay it; False while somebody else is."""
        path = paths.lease(scope)
        (found,) = self._documents.get([path])
        if found.data and found.data["holder"] != holder and found.data["until"] > now:
            return False
        data = {"holder": holder, "until": until, "expires_at": until + _LEASES_KEPT}
        write: Write = Replace(path, data, version=found.version) if found.version else Create(path, data)
        try:
            self._documents.commit([write])
        except (AlreadyExists, Conflict):
            return False
        return True

    def release(self, scope: str, *, holder: str) -> None:
        """Let the next one work; without effect where ``holder`` does not hold it (any more)."""
        path = paths.lease(scope)
        (found,) = self._documents.get([path])
        if found.data is None or found.data["holder"] != holder:
            return
        # A conflict means that somebody else took the lease meanwhile.
        with suppress(Conflict):
            self._documents.commit([Delete(path, version=found.version)])

    def _letter(self, tenant: str, letter: str) -> Snapshot:
        (found,) = self._documents.get([paths.within(tenant, "dead_letters", letter)])
        if found.data is None:
            raise UnknownResource("there is no such letter")
        return found

    def _new(self, *writes: Write) -> bool:
        try:
            self._documents.commit(writes)
        except AlreadyExists:
            return False
        return True
