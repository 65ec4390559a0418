"""What a calendar's answer takes and offers of a resource's time; events that mirror bookings count once."""

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
    """Reads calendars' answers for one resource; ``without`` names a booking that is about to move itself."""

    ports: Ports
    tenant: str
    resource: str
    agenda: Agenda
    without: str | None = None

    def times(self, answer: LiveAnswer, *, connection: str, rules: BusyRules) -> KnownCalendar:
        """The times that one calendar's events take, and those that they offer as free.

        An event that mirrors one of our bookings takes nothing besides the booking itself; where its owner
        moved it a moment ago, it does.
        """
        events = [(event, event.span) for event in answer.events if event.span]
        ours = [
            (event, marker.booking)
            for event, _ in events
            if (marker := genuine_marker(self.ports.keys, self.tenant, event))
        ]
        booking_of = {event.id: booking for event, booking in ours}
        claimed = self._claimed(connection, booking_of, {event.id: event.given_id for event, _ in ours})
        busy = [
            span
            for event, span in events
            if effect(event, rules) is Effect.BLOCKS
            and not (event.id in claimed and _covered(claimed[event.id], span))
        ]
        free = [
            span for event, span in events if event.id not in booking_of and offers_free_time(event, rules)
        ]
        return KnownCalendar(tuple(busy), tuple(free), answer.as_of)

    def _claimed(
        self, connection: str, booking_of: Mapping[str, str], given_ids: Mapping[str, str]
    ) -> Mapping[str, Interval | None]:
        """The time of the booking behind each own event; None where it takes nothing of this resource.

        The agenda shows only the weeks around the question, so an event that came from far away is looked up.
        An event without an export link in this connection mirrors another resource's booking.
        """
        claimed: dict[str, Interval | None] = {}
        elsewhere: list[str] = []
        for event_id, booking in booking_of.items():
            if booking == self.without:
                claimed[event_id] = None
            elif booking in self.agenda.bookings:
                claimed[event_id] = self.agenda.bookings[booking]
            else:
                elsewhere.append(event_id)
        if elsewhere:
            # Until a write was answered, its link knows only the id that we chose.
            asked = sorted({*elsewhere, *(given_ids[name] for name in elsewhere)})
            links = self.ports.bookings.links_by_event(self.tenant, connection, asked)
            claimed |= {
                name: self._claimed_by(booking_of[name]) if {name, given_ids[name]} & links.keys() else None
                for name in elsewhere
            }
        return claimed

    def _claimed_by(self, name: str) -> Interval | None:
        try:
            booking = self.ports.bookings.get(self.tenant, name)
        except UnknownResource:
            return None
        return booking.claimed if booking.active and booking.resource == self.resource else None


def _covered(claimed: Interval | None, span: Interval) -> bool:
    return claimed is None or claimed.contains(span)
