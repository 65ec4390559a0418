"""What a calendar's answer takes and offers of a resource's time; events that mirror bookings count once."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter

from common.domain.booking.booking import BookingStatus
from common.domain.booking.cells import LONGEST_CLAIM
from common.domain.calendar.connection import Connection
from common.domain.calendar.event import ExternalEvent
from common.domain.calendar.interval import Interval, named_numbers
from common.domain.export.exported_event import LinkState
from common.domain.slots.agenda import Agenda
from common.domain.slots.blocking import Effect, effect, offers_free_time
from common.domain.slots.engine import KnownCalendar
from common.flows.shared.own_events import genuine_marker
from common.flows.slots.live_calendars import LiveAnswer
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class BusyReader:
    """Reads calendars' answers for one resource.

    Attributes:
        ports: The outside.
        tenant: Whose resource it is.
        resource: The resource.
        agenda: What is stored of its time.
        without: A booking that is about to move: neither it nor its events take any time.
        dates: Whether all dates of series that are bookings are told apart. It costs a look-up, which a list
            of free times does without: there only what lies in the time of a booking is looked up.
    """

    ports: Ports
    tenant: str
    resource: str
    agenda: Agenda
    without: str | None = None
    dates: bool = False

    def times(self, answer: LiveAnswer, connection: Connection) -> KnownCalendar:
        """The times that one calendar's events take, and those that they offer as free.

        An event that mirrors one of the resource's own bookings takes nothing besides the booking itself;
        where its owner moved it a moment ago, it does.
        """
        settings = connection.settings.imports
        own = self.own_events(answer.events, connection)
        timed = [(event, event.span) for event in answer.events if event.span]
        busy = [
            span
            for event, span in timed
            if effect(event, settings) is Effect.BLOCKS
            and not (event.id in own and _covered(own[event.id], span))
        ]
        free = [span for event, span in timed if event.id not in own and offers_free_time(event, settings)]
        return KnownCalendar(tuple(busy), tuple(free), answer.as_of)

    def own_events(
        self, events: Collection[ExternalEvent], connection: Connection
    ) -> Mapping[str, Interval | None]:
        """The events that mirror the resource's own bookings, by id, with the time that the booking has.

        None where the booking takes no time any more: it was cancelled, and its event is about to go. An
        event of another resource's booking is none of them: it is in the way like any event of that calendar.
        """
        own: dict[str, Interval | None] = {}
        elsewhere: dict[str, list[ExternalEvent]] = {}
        dates = self._booked_dates(events, connection)
        for event in events:
            marker = genuine_marker(self.ports.keys, self.tenant, event)
            booking = marker.booking if marker else dates.get(event.id)
            if booking is None:
                continue
            if booking == self.without:
                own[event.id] = None
            elif booking in self.agenda.bookings:
                own[event.id] = self.agenda.bookings[booking]
            else:
                elsewhere.setdefault(booking, []).append(event)
        if elsewhere:
            own |= dict.fromkeys(self._cancelled(elsewhere, connection))
        return own

    def _booked_dates(self, events: Collection[ExternalEvent], connection: Connection) -> Mapping[str, str]:
        """The bookings behind single dates of series that owners made of our events, by the date's id."""
        dates = [(event, event.series_id) for event in events if event.series_id]
        booked: dict[str, str] = {}
        if dates and self.dates:
            series = sorted({name for _, name in dates})
            links = self.ports.bookings.links_by_series(self.tenant, connection.id, series)
            booked = {link.event_id: link.booking for link in links.values()}
        # As numbers: most of the bookings are never looked at.
        claims = sorted(map(tuple, named_numbers(self.agenda.bookings).values())) if dates else []
        within = [one for one in dates if one[0].id not in booked and _lies_within(one[0].span, claims)]
        if within:
            # Until a sync has seen the series, its link knows the event that the owner made a series of.
            asked = sorted({name for event, series_id in within for name in (event.id, series_id)})
            links = self.ports.bookings.links_by_event(self.tenant, connection.id, asked)
            for event, series_id in within:
                if link := links.get(event.id) or links.get(series_id):
                    booked[event.id] = link.booking
        return {**booked, **self._moving_dates(dates, connection)} if dates and self.without else booked

    def _moving_dates(
        self, dates: Collection[tuple[ExternalEvent, str]], connection: Connection
    ) -> Mapping[str, str]:
        """The date of a booking that is about to move, where no sync has seen its series yet."""
        link = self.ports.bookings.link(self.tenant, connection.id, self.without or "")
        if link is None or link.series_id is not None:
            return {}
        same = [event for event, series_id in dates if series_id == link.event_id]
        claimed = self.ports.bookings.get(self.tenant, link.booking).claimed if same else None
        return {
            event.id: link.booking
            for event in same
            if event.span and claimed and claimed.contains(event.span)
        }

    def _cancelled(
        self, elsewhere: Mapping[str, Collection[ExternalEvent]], connection: Connection
    ) -> Collection[str]:
        """The events of the resource's cancelled bookings, among those whose booking is not known.

        The cancelled bookings are looked up, and not those of the events: in a calendar that many share most
        of these are other people's.
        """
        spans = [event.span for found in elsewhere.values() for event in found]
        short = [span for span in spans if span and span.length <= LONGEST_CLAIM]
        if not short:
            return ()
        around = Interval(min(span.start for span in short), max(span.end for span in short))
        cancelled = self.ports.bookings.overlapping(
            self.tenant, self.resource, around, status=BookingStatus.CANCELLED
        )
        return [
            event.id
            for booking in cancelled
            for event in elsewhere.get(booking.id, ())
            if not self._restored(event, booking.id, connection)
        ]

    def _restored(self, event: ExternalEvent, booking: str, connection: Connection) -> bool:
        """Whether its owner deleted the event and brought it back after all: from then on it is foreign."""
        link = self.ports.bookings.link(self.tenant, connection.id, booking)
        if link is None or link.state is not LinkState.GONE:
            return False
        return link.event_id in {event.id, event.given_id}


def _lies_within(span: Interval | None, claims: Sequence[Sequence[int]]) -> bool:
    """Whether a time lies in one of the claims, which are in order and do not overlap."""
    if span is None:
        return False
    start, end = span.seconds_around()
    at = bisect_right(claims, start, key=itemgetter(0))
    return at > 0 and end <= claims[at - 1][1]


def _covered(claimed: Interval | None, span: Interval) -> bool:
    return claimed is None or claimed.contains(span)
