"""Tells what a calendar's answer means for one resource: foreign events under the table, own ones once."""

from __future__ import annotations

from dataclasses import dataclass

from common.domain.agenda import Agenda
from common.domain.blocking import Effect, effect, offers
from common.domain.event import ExternalEvent, Marker
from common.domain.interval import Interval
from common.domain.ownership import own_event_id
from common.domain.settings import BusyRules
from common.domain.slots import Known
from common.errors import UnknownResource
from common.flows.steps.flights import Heard
from common.ports import Keys, Ports


def event_id(keys: Keys, *, tenant: str, booking: str, epoch: int) -> str:
    """The provider event id of a booking's export."""
    return own_event_id(keys.sign("event", tenant, booking, str(epoch)))


def marker_of(keys: Keys, tenant: str, event: ExternalEvent) -> Marker | None:
    """The marker of an event that is really ours: people copy events with everything that is in them."""
    marker = event.marker
    if marker is None:
        return None
    own = event_id(keys, tenant=tenant, booking=marker.booking, epoch=marker.epoch)
    return marker if own == event.id else None


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads answers for one resource; ``without`` names a booking that is about to move itself."""

    ports: Ports
    tenant: str
    resource: str
    agenda: Agenda
    without: str | None = None

    def known(self, heard: Heard, rules: BusyRules) -> Known:
        """What one calendar's events take and offer."""
        busy: list[Interval] = []
        free: list[Interval] = []
        for event in heard.events:
            span = event.span
            if span is None:
                continue
            marker = marker_of(self.ports.keys, self.tenant, event)
            if marker is None and offers(event, rules):
                free.append(span)
            if effect(event, rules) is Effect.BLOCKS and not (marker and self._stands_for(marker, span)):
                busy.append(span)
        return Known(tuple(busy), tuple(free), heard.as_of)

    def _stands_for(self, marker: Marker, span: Interval) -> bool:
        """Whether an own event takes no time beyond what its booking takes already.

        Where its owner moved it a moment ago, it does; where its booking is cancelled or another resource's,
        it takes none of this resource's time at all.
        """
        if marker.booking == self.without:
            return True
        claimed = self.agenda.bookings.get(marker.booking)
        if claimed is not None:
            return claimed.contains(span)
        try:
            # The agenda shows only the weeks around the question: the event may have come from far away.
            booking = self.ports.bookings.get(self.tenant, marker.booking)
        except UnknownResource:
            return True
        return not booking.active or booking.resource != self.resource or booking.claimed.contains(span)
