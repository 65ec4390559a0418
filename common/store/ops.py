"""Stores what keeps work from being lost or repeated: outbox, dead letters, consents, limits, leases."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

from common.domain.connect.consent import ConsentState
from common.domain.notify import Notice
from common.domain.shared.outbox import AT_REST, OutboxEntry
from common.domain.shared.rate_limits import RateLimit
from common.domain.shared.tasks import DeadLetter, Lane, Work
from common.errors import AlreadyExists, Conflict, UnknownResource
from common.store import notify, paths
from common.store.firestore.codec import PLAIN, enum_value, map_of, record
from common.store.firestore.documents import (
    Create,
    Delete,
    Documents,
    FieldPath,
    Increment,
    Merge,
    Put,
    Query,
    Replace,
    Snapshot,
    Write,
)
from common.store.notify import OUTBOX

_TRIES = 5
# How long a limit's or a lease's document outlives its last use; the database then deletes it.
_PACING_KEPT = timedelta(days=1)
_LEASES_KEPT = timedelta(days=1)


class Ledger:
    """Outbox entries, dead letters, notices, pending consents, rate limits and named leases."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def outbox_due(
        self, now: datetime, limit: int, *, after: datetime | None = None
    ) -> tuple[OutboxEntry, ...]:
        """Entries of all tenants that are due, the longest due first; only those due later than ``after``."""
        query = Query(
            paths.OUTBOX,
            filters=(("due_at", "<=", now),),
            order=("due_at",),
            after=(after,) if after else None,
            limit=limit,
        )
        return tuple(OUTBOX.read(found.data) for found in self._documents.query(query))

    def outbox_of(self, tenant: str, connection: str, limit: int) -> tuple[OutboxEntry, ...]:
        """Entries of one connection that are not worked off yet, due or not, ordered by when they are due."""
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

    def outbox(self, entry: str) -> OutboxEntry | None:
        """One entry; None where its work is done."""
        (found,) = self._documents.get([paths.outbox(entry)])
        return OUTBOX.read(found.data) if found.data is not None else None

    def put_off(self, entry: str, *, until: datetime) -> None:
        """Have the outbox relay leave an entry alone until then; without effect where its work is done."""
        with suppress(Conflict):
            self._documents.commit([_changed_entry(entry, due_at=until)])

    def done(self, entry: str) -> None:
        """Remove an entry whose work is done; removing it twice is fine."""
        self._documents.commit([Delete(paths.outbox(entry))])

    def put_dead_letter(self, letter: DeadLetter, *, entry: str | None = None, rest: bool = False) -> None:
        """Keep a task that was given up where a person finds it, instead of an earlier one of this id.

        Args:
            letter: The task, and why it was given up.
            entry: The outbox entry whose work it was; it remembers the letter.
            rest: Whether the outbox relay is to leave the entry alone from now on.
        """
        put = Put(paths.within(letter.tenant, "dead_letters", letter.id), DEAD_LETTER.write(letter))
        if entry is not None:
            changes = {"letter": letter.id} | ({"due_at": AT_REST} if rest else {})
            with suppress(Conflict):
                self._documents.commit([put, _changed_entry(entry, **changes)])
                return
        self._documents.commit([put])

    def dead_letter(self, tenant: str, letter: str) -> DeadLetter:
        """The dead letter of this id.

        Raises:
            UnknownResource: There is none.
        """
        return DEAD_LETTER.read(self._dead_letter(tenant, letter).data)

    def replay_dead_letter(self, letter: DeadLetter, entry: OutboxEntry | None) -> None:
        """Store a dead letter that is tried again, together with its woken outbox entry.

        Raises:
            UnknownResource: There is no such letter (any more).
        """
        found = self._dead_letter(letter.tenant, letter.id)
        writes: list[Write] = [Replace(found.path, DEAD_LETTER.write(letter), version=str(found.version))]
        if entry is not None:
            writes.append(Put(paths.outbox(entry.id), OUTBOX.write(entry)))
        try:
            self._documents.commit(writes)
        except Conflict as error:
            raise UnknownResource("somebody else has this letter tried again") from error

    def end_dead_letter(self, tenant: str, letter: str) -> None:
        """Remove a dead letter whose work is done after all; removing it twice is fine."""
        self._documents.commit([Delete(paths.within(tenant, "dead_letters", letter))])

    def record_notice(self, notice: Notice) -> bool:
        """Record a notice and the outbox entry to send it; False when the same one was recorded before."""
        return self._new(*notify.notice_writes(notice))

    def open_consent(self, state: ConsentState) -> None:
        """Store a pending consent; raises AlreadyExists where its id is taken."""
        self._documents.commit([Create(paths.consent(state.id), CONSENT.write(state))])

    def close_consent(self, state: str, *, now: datetime) -> ConsentState | None:
        """Remove a pending consent: exactly one caller gets it, and nobody after it expired."""
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

    def reserve(self, limits: Sequence[RateLimit], *, units: int, now: datetime) -> float:
        """Take ``units`` from every limit, or from none; 0 if taken, else the seconds until they can be.

        A token bucket is stored as one instant, the time at which it is full again (the generic cell rate
        algorithm, https://en.wikipedia.org/wiki/Generic_cell_rate_algorithm). More units than a bucket holds
        wait for a full bucket.
        """
        for _ in range(_TRIES):
            buckets = self._documents.get([paths.pacing(limit.scope) for limit in limits])
            booked = [
                max((bucket.data or {}).get("full_at", now), now) + _per_unit(limit) * units
                for limit, bucket in zip(limits, buckets, strict=True)
            ]
            allowed = [_per_unit(limit) * max(limit.burst, units) for limit in limits]
            wait: timedelta = max(full_at - room for full_at, room in zip(booked, allowed, strict=True)) - now
            if wait > timedelta():
                return wait.total_seconds()
            writes = [_bucket(bucket, full_at) for bucket, full_at in zip(buckets, booked, strict=True)]
            try:
                self._documents.commit(writes)
            except (AlreadyExists, Conflict):
                continue
            return 0.0
        return max(
            timedelta(milliseconds=250), *(_per_unit(limit) * units for limit in limits)
        ).total_seconds()

    def lease(self, scope: str, *, holder: str, until: datetime, now: datetime) -> bool:
        """Take the lease of this name, or prolong one's own; False while somebody else holds it."""
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
        """Give a lease back; without effect where ``holder`` does not hold it (any more)."""
        path = paths.lease(scope)
        (found,) = self._documents.get([path])
        if found.data is None or found.data["holder"] != holder:
            return
        # A conflict means that somebody else took the lease meanwhile.
        with suppress(Conflict):
            self._documents.commit([Delete(path, version=found.version)])

    def _dead_letter(self, tenant: str, letter: str) -> Snapshot:
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


def _changed_entry(entry: str, **fields: Any) -> Merge:
    """Change fields of an outbox entry that is there; its work may be done meanwhile."""
    changes: dict[FieldPath, Any] = {(name,): value for name, value in fields.items()}
    return Merge(paths.outbox(entry), changes, must_exist=True)


def _per_unit(limit: RateLimit) -> timedelta:
    return timedelta(minutes=1) / limit.per_minute


def _bucket(found: Snapshot, full_at: datetime) -> Write:
    data = {"full_at": full_at, "expires_at": full_at + _PACING_KEPT}
    return Replace(found.path, data, version=found.version) if found.version else Create(found.path, data)


class RateCounts:
    """Counts of requests in a window of time; the database adds, so that no two callers count as one."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents

    def count(
        self, tenant: str, window: str, keys: Sequence[str], *, expires_at: datetime
    ) -> Mapping[str, int]:
        """Add one to each key, all at once; the counts after that."""
        fields: dict[FieldPath, Any] = {("counts", key): Increment(1) for key in keys}
        merge = Merge(paths.within(tenant, paths.LIMITS, window), {**fields, ("expires_at",): expires_at})
        (written,) = self._documents.commit([merge])
        return dict(zip(keys, map(int, written.results), strict=True))

    def counted(self, tenant: str, window: str) -> Mapping[str, int]:
        """The counts of a window by key."""
        (found,) = self._documents.get([paths.within(tenant, paths.LIMITS, window)])
        return dict(found.data["counts"]) if found.data else {}


DEAD_LETTER = record(
    DeadLetter,
    id=PLAIN,
    tenant=PLAIN,
    work=enum_value(Work),
    lane=enum_value(Lane),
    payload=map_of(PLAIN),
    code=PLAIN,
    attempts=PLAIN,
    died_at=PLAIN,
    replayed_at=PLAIN,
)
CONSENT = record(
    ConsentState,
    id=PLAIN,
    tenant=PLAIN,
    resource=PLAIN,
    provider=PLAIN,
    subject=PLAIN,
    verifier=PLAIN,
    return_to=PLAIN,
    expires_at=PLAIN,
    connection=PLAIN,
    expected_account=PLAIN,
)
