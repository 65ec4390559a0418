"""Chooses the resource for a booking that any of several could take: by workload, not by name."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from common.domain.booking.sessions import session_at
from common.domain.calendar.interval import Interval, aware
from common.domain.catalogue.records import Resource, Service
from common.domain.slots.agenda import Agenda

_NEVER = datetime(1970, 1, 1, tzinfo=UTC)
_WEEK = timedelta(days=7)


def in_fair_order(
    free: Sequence[Resource], agendas: Mapping[str, Agenda], *, service: Service, at: datetime, seed: str
) -> list[Resource]:
    """The free resources in the order in which they get the booking.

    An open session of that start is filled before another one is opened. Then comes whoever has the fewest
    booked minutes in that ISO week; then whoever was not given a booking of that week for the longest time;
    between equals a hash of ``seed`` decides, so that the same request always finds the same order.
    """

    def order(resource: Resource) -> tuple[bool, timedelta, datetime, str]:
        agenda = agendas[resource.id]
        draw = hashlib.sha256(f"{seed}/{resource.id}".encode()).hexdigest()
        opens = session_at(agenda, service, at) is None
        return opens, booked_time(agenda, at), agenda.assigned_at or _NEVER, draw

    return sorted(free, key=order)


def booked_time(agenda: Agenda, at: datetime) -> timedelta:
    """How much of the ISO week of ``at`` is booked, buffers included; a session counts once."""
    moment = aware(at)
    midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
    monday = midnight - timedelta(days=moment.weekday())
    clipped = (span.clip(Interval(monday, monday + _WEEK)) for span in agenda.bookings.values())
    return sum((span.length for span in clipped if span), timedelta())
