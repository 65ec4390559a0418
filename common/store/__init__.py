"""The store's ports over a document database: Firestore, or the in-memory double that passes its tests."""

from __future__ import annotations

from dataclasses import dataclass

from common.ports.accounts import Connections, Feeds
from common.ports.bookings import Bookings
from common.ports.catalogue import Catalogue
from common.ports.ledger import Ledger
from common.ports.limits import Counters
from common.ports.lists import Lists
from common.ports.outreach import Hooks, Invitations, Telling
from common.ports.privacy import Archive, Oversight, Subscriptions
from common.ports.staff import Issuers
from common.store.archive import StoredArchive
from common.store.bookings import StoredBookings
from common.store.catalogue import StoredCatalogue
from common.store.connections import StoredConnections
from common.store.counters import StoredCounters
from common.store.documents import Documents
from common.store.feeds import StoredFeeds
from common.store.hooks import StoredHooks
from common.store.issuers import StoredIssuers
from common.store.ledger import StoredLedger
from common.store.lists import StoredLists
from common.store.outreach import StoredInvitations, StoredTelling
from common.store.oversight import StoredOversight, StoredSubscriptions
from common.store.stamps import Stamped


@dataclass(frozen=True, slots=True)
class Stores:
    """Every port of the store, over the same documents."""

    catalogue: Catalogue
    connections: Connections
    feeds: Feeds
    bookings: Bookings
    ledger: Ledger
    invitations: Invitations
    hooks: Hooks
    telling: Telling
    oversight: Oversight
    subscriptions: Subscriptions
    archive: Archive
    issuers: Issuers
    lists: Lists
    counters: Counters


def stores(documents: Documents) -> Stores:
    """All repositories over one document database."""
    documents = Stamped(documents)
    return Stores(
        catalogue=StoredCatalogue(documents),
        connections=StoredConnections(documents),
        feeds=StoredFeeds(documents),
        bookings=StoredBookings(documents),
        ledger=StoredLedger(documents),
        invitations=StoredInvitations(documents),
        hooks=StoredHooks(documents),
        telling=StoredTelling(documents),
        oversight=StoredOversight(documents),
        subscriptions=StoredSubscriptions(documents),
        archive=StoredArchive(documents),
        issuers=StoredIssuers(documents),
        lists=StoredLists(documents),
        counters=StoredCounters(documents),
    )
