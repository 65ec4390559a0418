"""Tells what a calendar's answer means for one resource: foreign events under the table, own ones once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from common.domain.calendar.interval import Interval
from common.domain.connect.settings import BusyRules
from common.domain.slots.agenda import Agenda
from common.domain.slots.blocking import Effect, effect, offers_free_time
from common.domain.slots.engine import KnownCalendar
from common.errors import UnknownResource
from common.flows.shared.own_events import genuine_marker
from common.flows.slots.live_calendars import LiveAnswer
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class BusyReader:
    """Reads answers for one resource; ``without`` names a booking that is about to move itself."""

    ports: Ports
    tenant: str
    resource: str
    agenda: Agenda
    without: str | None = None

    def known(self, heard: LiveAnswer, *, connection: str, rules: BusyRules) -> KnownCalendar:
        """What one calendar's events take and offer."""
        events = [(event, event.span) for event in heard.events if event.span]
        ours = [
            (event, marker.booking)
            for event, _ in events
            if (marker := genuine_marker(self.ports.keys, self.tenant, event))
        ]
        own = {event.id: booking for event, booking in ours}
        claims = self._claims(connection, own, {event.id: event.given_id for event, _ in ours})
        busy = [
            span
            for event, span in events
            if effect(event, rules) is Effect.BLOCKS
            and not (event.id in claims and _covered(claims[event.id], span))
        ]
        free = [span for event, span in events if event.id not in own and offers_free_time(event, rules)]
        return KnownCalendar(tuple(busy), tuple(free), heard.as_of)

    def _claims(
        self, connection: str, own: Mapping[str, str], given: Mapping[str, str]
    ) -> Mapping[str, Interval | None]:
        """What the booking behind each own event takes; None where it takes nothing of this resource.

        An own event takes no time beyond its booking's. Where its owner moved it a moment ago, it does. The
        agenda shows only the weeks around the question, so an event that came from far away is looked up;
        one without a link in this connection mirrors another resource's booking.
        """
        claims: dict[str, Interval | None] = {}
        strangers: list[str] = []
        for event_id, booking in own.items():
            if booking == self.without:
                claims[event_id] = None
            elif booking in self.agenda.bookings:
                claims[event_id] = self.agenda.bookings[booking]
            else:
                strangers.append(event_id)
        if strangers:
            # Until a write was answered, its link knows only the id that we chose.
            asked = sorted({*strangers, *(given[name] for name in strangers)})
            links = self.ports.bookings.links_by_event(self.tenant, connection, asked)
            claims |= {
                name: self._claim(own[name]) if {name, given[name]} & links.keys() else None
                for name in strangers
            }
        return claims

    def _claim(self, name: str) -> Interval | None:
        try:
            booking = self.ports.bookings.get(self.tenant, name)
        except UnknownResource:
            return None
        return booking.claimed if booking.active and booking.resource == self.resource else None


def _covered(claim: Interval | None, span: Interval) -> bool:
    return claim is None or claim.contains(span)
