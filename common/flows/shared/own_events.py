"""Recognises the events that Slotbridge itself wrote into a calendar, by ids that only its own key makes."""

from __future__ import annotations

from common.domain.calendar.event import ExternalEvent, Marker, own_event_id
from common.ports.machine import Keys


def event_id(keys: Keys, *, tenant: str, booking: str, epoch: int) -> str:
    """The provider event id of a booking's export."""
    return own_event_id(keys.sign("event", tenant, booking, str(epoch)))


def series_marker(keys: Keys, tenant: str, event: ExternalEvent) -> Marker | None:
    """The marker of a date of a series that was made of an event of ours; not each date is the booking."""
    marker = event.marker
    if marker is None or event.series_id is None:
        return None
    own = event_id(keys, tenant=tenant, booking=marker.booking, epoch=marker.epoch)
    return marker if own in {event.series_id, event.given_id} else None


def genuine_marker(keys: Keys, tenant: str, event: ExternalEvent) -> Marker | None:
    """The marker of an event that is really ours: people copy events with everything that is in them.

    No date of a series has one. Each inherits it from the series, but only one of them is the booking, and
    which one that is the export link knows.
    """
    marker = event.marker
    if marker is None or event.series_id is not None:
        return None
    own = event_id(keys, tenant=tenant, booking=marker.booking, epoch=marker.epoch)
    return marker if own == event.given_id else None
