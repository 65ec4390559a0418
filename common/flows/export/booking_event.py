"""Reads what a booking is in a calendar: the exported event, or one date of the series that was made of it.

The owner may make a series of an exported event. The booking is then its first date, the one at the series'
own start, and all other dates are the owner's: nothing that is done for the booking touches them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

from common.domain.calendar.connection import CalendarRef
from common.domain.calendar.event import Detail, ExternalEvent, Gone, Kind
from common.domain.export.exported_event import ExportLink
from common.ports.provider import CalendarProvider

T = TypeVar("T")


class Exchange(Protocol):
    """Makes one exchange with the provider, counted against its limits."""

    def __call__(self, call: Callable[[CalendarProvider, str], T], /) -> T:
        """What ``call`` gets from the adapter with a token."""


@dataclass(frozen=True, slots=True)
class BookingEvent:
    """What a booking is in a calendar, with the event that it was written as.

    Attributes:
        event: The event, or the date of a series, that is the booking; Gone where that date was deleted.
        root: What was written: the same event, or the series that its owner made of it.
    """

    event: ExternalEvent | Gone
    root: ExternalEvent


def read_booking_event(
    exchange: Exchange, calendar: CalendarRef, root_id: str, *, detail: Detail = Detail.FULL
) -> BookingEvent | Gone:
    """What a booking is in a calendar now; Gone where the provider proves that nothing of it is there.

    Args:
        exchange: Makes one exchange with the provider.
        calendar: Where to look.
        root_id: The id of the event that was written.
        detail: How much of it is asked for.
    """
    root = exchange(lambda provider, token: provider.get_event(token, calendar, root_id, detail=detail))
    if isinstance(root, Gone):
        return root
    if root.kind is not Kind.SERIES or root.cancelled:
        return BookingEvent(root, root)
    date = exchange(lambda provider, token: provider.first_occurrence(token, calendar, root, detail=detail))
    return BookingEvent(date, root)


def id_to_delete(link: ExportLink, found: BookingEvent | Gone) -> str | None:
    """What to delete, so that none of the owner's own dates goes; None where nothing of the booking is left.

    What is not shown is deleted by its id all the same: a provider may show an event later than it takes
    calls for it.
    """
    if isinstance(found, Gone):
        return link.event_id
    return None if isinstance(found.event, Gone) else found.event.id
