"""Delayed work, and the small records around it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from common.domain.quota import Limit
    from common.domain.work import (
        ConsentState,
        DeadLetter,
        Notice,
        OutboxEntry,
        Task,
    )


class TaskQueue(Protocol):
    """Delayed work."""

    def enqueue(self, task: Task) -> bool:
        """Queue a task; False when a task of this name is or was there already.

        Raises:
            StoreUnavailable: the queue did not accept it.
        """


class Ledger(Protocol):
    """Outbox, dead letters, notices, consent states, pacing: the small records around the work."""

    def outbox_due(
        self, now: datetime, limit: int, *, after: datetime | None = None
    ) -> tuple[OutboxEntry, ...]:
        """Entries of all tenants whose ``due_at`` has come, the longest due first; those behind ``after``."""

    def outbox_of(self, tenant: str, connection: str, limit: int) -> tuple[OutboxEntry, ...]:
        """Entries of one connection that still wait."""

    def put_outbox(self, entry: OutboxEntry) -> None:
        """Create or replace an entry."""

    def done(self, entry: str) -> None:
        """The promise is kept; removing it twice is fine."""

    def bury(self, letter: DeadLetter) -> None:
        """Keep exhausted work where a person finds it; the same letter twice is one."""

    def dead_letter(self, tenant: str, letter: str) -> DeadLetter:
        """One of them; raises UnknownResource where there is none."""

    def exhume(self, tenant: str, letter: str) -> DeadLetter:
        """Take a letter out to replay it; raises UnknownResource where there is none."""

    def tell(self, notice: Notice) -> bool:
        """Record a notice; False when the same one was recorded before."""

    def open_consent(self, state: ConsentState) -> None:
        """Remember a pending consent."""

    def close_consent(self, state: str, *, now: datetime) -> ConsentState | None:
        """Take a pending consent out: exactly one caller gets it, and nobody after it expired."""

    def reserve(self, limits: Sequence[Limit], *, units: int, now: datetime) -> float:
        """Book ``units`` of every limit, or of none; seconds until they may be used (0: now).

        A positive answer reserved nothing: come back then.
        """

    def lease(self, scope: str, *, holder: str, until: datetime, now: datetime) -> bool:
        """Become the only one who works on something, or stay it; False while somebody else is."""

    def release(self, scope: str, *, holder: str) -> None:
        """Let the next one work; without effect where ``holder`` does not hold it (any more)."""
