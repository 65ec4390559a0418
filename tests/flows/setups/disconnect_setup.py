"""An account with events and bookings that is disconnected, and what is left of it."""

from __future__ import annotations

from tests.flows.setups.connection_stages_setup import Life


def synchronised(**options):
    """A synchronised account with ten events of the owner's and five bookings."""
    world = Life(**options)
    world.fill(10)
    world.book_many(5)
    world.synchronise()
    return world


def documents_left(world):
    """Documents of the connection that are still there, but for itself and open notices to its owner."""
    mine = f"connections/{world.connection_id}/"
    found = [path for path in world.documents.paths() if mine in path or path.startswith("outbox/")]
    return [path for path in found if ".notice." not in path]
