"""The store of connections, their grants, and the feeds of their calendars."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from common.domain.account import Connection
    from common.domain.feed import Feed
    from common.domain.imports import ImportedEvent, UnitEvents
    from common.domain.interval import Interval
    from common.domain.listing import Page, Window
    from common.domain.work import (
        OutboxEntry,
        Quarantined,
    )


class Connections(Protocol):
    """Connections and their encrypted grants; every save is compare-and-set on ``version``."""

    def get(self, tenant: str, connection: str) -> Connection:
        """Raises UnknownResource where there is none."""

    def of_tenant(self, tenant: str) -> tuple[Connection, ...]:
        """All of a tenant's connections."""

    def of_resource(self, tenant: str, resource: str) -> tuple[Connection, ...]:
        """All connections of one resource that are not disconnected."""

    def same_account(self, connection: Connection) -> tuple[Connection, ...]:
        """Other live connections to the same provider account, of any tenant."""

    def create(self, connection: Connection, sealed: str, *, tasks: Sequence[OutboxEntry] = ()) -> Connection:
        """Store a new connection and its encrypted grant together, with promises."""

    def save(self, connection: Connection, *, tasks: Sequence[OutboxEntry] = ()) -> Connection:
        """Replace, if ``connection.version`` is still the stored one; else raises Conflict."""

    def sealed(self, tenant: str, connection: str) -> tuple[str | None, str | None]:
        """The encrypted grant and its version; (None, None) where it was given back."""

    def save_sealed(self, tenant: str, connection: str, sealed: str | None, *, expected: str | None) -> None:
        """Replace the encrypted grant if its version is ``expected`` (None: whatever it is)."""

    def lease_refresh(self, tenant: str, connection: str, *, until: datetime, now: datetime) -> bool:
        """Become the one who refreshes; False while somebody else is."""


class Feeds(Protocol):
    """One calendar's synchronisation state and its imported events."""

    def get(self, tenant: str, connection: str, key: str) -> Feed:
        """The state; a fresh one where nothing was stored yet (``version`` None)."""

    def of_connection(self, tenant: str, connection: str) -> tuple[Feed, ...]:
        """The states of all calendars of a connection."""

    def wake(self, tenant: str, connection: str, key: str, *, now: datetime) -> int:
        """Count one more request to look at this calendar; the new number."""

    def requested(self, tenant: str, connection: str, key: str) -> int:
        """The number of requests so far."""

    def save(self, feed: Feed) -> Feed:
        """Store the state if ``feed.version`` is still the stored one; else raises Conflict.

        Returns the feed with its new version.
        """

    def commit(self, feed: Feed, resource: str, changes: Iterable[UnitEvents]) -> Feed:
        """Replace the given units' events, the agenda's imports and the state, all in one commit.

        Raises:
            Conflict: ``feed.version`` is not the stored one (the lease was lost).
        """

    def units(self, feed: Feed, units: Sequence[str]) -> Mapping[str, tuple[ImportedEvent, ...]]:
        """The stored events of some units."""

    def stale(self, feed: Feed) -> tuple[ImportedEvent, ...]:
        """All stored events of an older generation than ``feed.generation``."""

    def imported(self, tenant: str, connection: str, key: str, window: Interval) -> tuple[ImportedEvent, ...]:
        """Imported events that overlap ``window``, each once."""

    def page(
        self, tenant: str, connection: str, key: str, span: Interval, window: Window
    ) -> Page[ImportedEvent]:
        """The same page by page, by the first week of ``span`` that has them, and then by time.

        Raises:
            InvalidRequest: the window's place is none of this list.
        """

    def purge(self, feed: Feed, resource: str) -> int:
        """Remove all imported events of a calendar here and in the agenda; how many there were."""

    def delete(self, feed: Feed) -> None:
        """Forget the state itself (after a purge)."""

    def quarantine(self, feed: Feed, items: Sequence[Quarantined]) -> None:
        """Remember poison events; at most a few hundred a calendar, newest win."""

    def due_for_poll(self, now: datetime, limit: int, *, after: datetime | None = None) -> tuple[Feed, ...]:
        """Feeds of all tenants whose ``poll_at`` has come, the longest due first; those behind ``after``."""

    def due_for_renewal(
        self, now: datetime, limit: int, *, after: datetime | None = None
    ) -> tuple[Feed, ...]:
        """Feeds of all tenants whose ``renew_at`` has come, likewise."""
