"""Everything outside of Slotbridge that a flow may touch, as one frozen value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from common.ports.machine import Clock, Keys, Log, Tokens, Tuning, Vault

if TYPE_CHECKING:
    from common.domain.calendar.connection import ProviderKind
    from common.ports.machine import Mailer, OutboundHttp, TaskQueue, TokenVerifier
    from common.ports.provider import Provider
    from common.store.booking.bookings import Bookings
    from common.store.catalogue import Catalogue, IcsFeeds
    from common.store.connect import Connections, Invitations
    from common.store.issuers import Issuers
    from common.store.lists import Lists
    from common.store.notify import Notifications
    from common.store.ops import Ledger
    from common.store.privacy.archive import Archive
    from common.store.privacy.support import SupportAccess
    from common.store.slots.slot_snapshot import SlotSnapshots
    from common.store.sync.sync_states import SyncStates
    from common.store.webhooks import Webhooks


@dataclass(frozen=True, slots=True)
class Ports:
    """The machine, the stores, the providers and the ways out, each opened when it is first used."""

    clock: Clock
    keys: Keys
    vault: Vault
    providers: Mapping[ProviderKind, Provider]
    catalogue: Catalogue
    slot_snapshots: SlotSnapshots
    connections: Connections
    sync_states: SyncStates
    bookings: Bookings
    ledger: Ledger
    invitations: Invitations
    notifications: Notifications
    webhooks: Webhooks
    support: SupportAccess
    ics_feeds: IcsFeeds
    archive: Archive
    issuers: Issuers
    lists: Lists
    mailer: Mailer
    outbound: OutboundHttp
    token_verifier: TokenVerifier
    queue: TaskQueue
    log: Log
    tuning: Tuning = field(default_factory=Tuning)
    tokens: Tokens = field(default_factory=Tokens)
