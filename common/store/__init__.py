"""Everything that is stored, in one document database: Firestore, or its in-memory double in tests."""

from __future__ import annotations

from dataclasses import dataclass

from common.store.booking.bookings import Bookings
from common.store.catalogue import Catalogue, IcsFeeds
from common.store.connect import Connections, Invitations
from common.store.firestore.documents import Documents
from common.store.issuers import Issuers
from common.store.lists import Lists
from common.store.notify import Notifications
from common.store.ops import Ledger, RateCounts
from common.store.privacy.archive import Archive
from common.store.privacy.support import SupportAccess
from common.store.slots.slot_snapshot import SlotSnapshots, StampedDocuments
from common.store.sync.sync_states import SyncStates
from common.store.webhooks import Webhooks


@dataclass(frozen=True, slots=True)
class Stores:
    """The stores of all capabilities, over the same documents."""

    catalogue: Catalogue
    slot_snapshots: SlotSnapshots
    connections: Connections
    sync_states: SyncStates
    bookings: Bookings
    ledger: Ledger
    invitations: Invitations
    webhooks: Webhooks
    notifications: Notifications
    support: SupportAccess
    ics_feeds: IcsFeeds
    archive: Archive
    issuers: Issuers
    lists: Lists
    rate_counts: RateCounts


def stores(documents: Documents) -> Stores:
    """The stores over one document database, with the cache of settings in front of it."""
    documents = StampedDocuments(documents)
    return Stores(
        catalogue=Catalogue(documents),
        slot_snapshots=SlotSnapshots(documents),
        connections=Connections(documents),
        sync_states=SyncStates(documents),
        bookings=Bookings(documents),
        ledger=Ledger(documents),
        invitations=Invitations(documents),
        webhooks=Webhooks(documents),
        notifications=Notifications(documents),
        support=SupportAccess(documents),
        ics_feeds=IcsFeeds(documents),
        archive=Archive(documents),
        issuers=Issuers(documents),
        lists=Lists(documents),
        rate_counts=RateCounts(documents),
    )
