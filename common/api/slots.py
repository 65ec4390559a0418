"""Requests and views of slots."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Annotated

from pydantic import Field

from common.api.bookings import authority
from common.api.http import Call, Json
from common.api.models import FROM_DIGITS, Id, Instant, Model, Zone, moment, read
from common.domain.booking.sessions import MoveRequest
from common.domain.catalogue.records import LARGEST_GROUP
from common.domain.slots.slot_answers import CalendarLine, CalendarReport, Explanation, SlotList

Seats = Annotated[int, Field(ge=1, le=LARGEST_GROUP), FROM_DIGITS]
OwnBooking = Annotated[
    Id,
    Field(
        description="A booking that is to move: its own time is not in its way, its own seats are those that"
        " count, and it keeps its resource. Comes with what manages it: its management token or an ID token."
    ),
]
# Two months of starts every five minutes, for one zone.
MOST_TEXTS = 16_384


class SlotQuery(Model):
    """GET /slots; without ``resource`` (or with ``any``) any resource of the service will do."""

    tenant: Id
    service: Id
    resource: Id | None = None
    start: Instant = Field(alias="from")
    end: Instant = Field(alias="to")
    tz: Zone = "UTC"
    seats: Seats = 1
    booking: OwnBooking | None = None


class ExplainQuery(Model):
    """GET /slots/explain."""

    service: Id
    resource: Id
    at: Instant
    tenant: Id | None = None
    seats: Seats = 1
    booking: OwnBooking | None = None


def slot_query(call: Call) -> SlotQuery:
    """The validated query; "any" is the same as no resource."""
    query = dict(call.query)
    if query.get("resource") == "any":
        del query["resource"]
    return read(SlotQuery, query)


def move_request(call: Call, booking: str | None) -> MoveRequest | None:
    """The booking that a query names, and who asks for it; None where it names none.

    Raises:
        UntrustedCaller: It names one, and nothing that manages it was sent.
    """
    return None if booking is None else MoveRequest(booking, authority(call))


def slot_list_view(found: SlotList, *, zone: str) -> Json:
    """GET /slots."""
    return {
        # The times are in the viewer's zone already.
        "slots": [
            {
                "start": _text(slot.start, slot.start.fold, zone),
                "end": _text(slot.end, slot.end.fold, zone),
                "resources": slot.resources,
                "seats_left": slot.seats_left,
            }
            for slot in found.slots
        ],
        "as_of": moment(found.as_of, zone),
        "degraded": found.degraded,
        "calendars": [state_view(line, key=line.calendar) for line in found.calendars],
    }


@lru_cache(maxsize=MOST_TEXTS)
def _text(local: datetime, fold: int, zone: str) -> str:
    """A local time as text; of one zone's times those that the clock shows twice are equal but for the fold.

    Customers are shown the same starts again and again, and writing them was a quarter of an answer's CPU.
    """
    del fold, zone
    return local.isoformat(timespec="seconds")


def explanation_view(explanation: Explanation) -> Json:
    """GET /slots/explain."""
    return {
        "at": moment(explanation.at),
        "offered": explanation.offered,
        "reasons": [
            {
                "code": str(reason.code),
                "start": moment(reason.interval.start) if reason.interval else None,
                "end": moment(reason.interval.end) if reason.interval else None,
                "source": reason.source,
            }
            for reason in explanation.reasons
        ],
        "calendars": [state_view(report, key=report.id) for report in explanation.calendars],
    }


def state_view(known: CalendarLine | CalendarReport, *, key: str) -> Json:
    """How well one calendar is known at this moment."""
    return {
        "calendar": key,
        "state": str(known.state),
        "as_of": moment(known.as_of) if known.as_of else None,
        "reason": known.reason,
    }
