"""Closes the push channels of a calendar that nobody follows any more."""

from __future__ import annotations

from common.domain.account import CalendarEntry, CalendarRef, Connection
from common.domain.event import Detail
from common.domain.feed import Feed
from common.domain.importing import Wanted
from common.domain.work import Lane
from common.errors import UnknownResource, UnreadableDocument
from common.flows.steps.channels import stop_all
from common.flows.steps.reading import Reading, reference
from common.ports import Ports

# A calendar's zone places whole days; who only takes something away needs none.
NOWHERE = "UTC"


def close(ports: Ports, connection: Connection, feed: Feed) -> int:
    """Stop the calendar's channels while the grant still allows it, and store that; how many there were.

    Raises:
        GrantRevoked: The account does not let us in any more; the channels end by themselves.
    """
    known = [channel for channel in (feed.channel, *feed.old_channels) if channel]
    entry = connection.calendars.get(feed.key)
    if not known or entry is None:
        return 0
    reading = Reading(
        connection=connection,
        entry=entry,
        calendar=parting(ports, connection, entry),
        wanted=Wanted(imports=False, own=False),
        detail=Detail.TIMES,
        fields="",
        lane=Lane.BACKFILL,
    )
    ports.feeds.save(stop_all(ports, reading, feed))
    # One that never was opened has nothing to stop.
    return sum(bool(channel.resource_id) for channel in known)


def parting(ports: Ports, connection: Connection, entry: CalendarEntry) -> CalendarRef:
    """What a provider needs to know of a calendar from which something is taken away."""
    try:
        return reference(ports, connection, entry)
    except (UnknownResource, UnreadableDocument):
        return CalendarRef(entry.provider_id, zone=NOWHERE, role=entry.role)
