"""A booking that moves: what it gives up and what it keeps when it takes another time."""

from __future__ import annotations

from dataclasses import dataclass, replace

from common.domain.booking.access import Authority
from common.domain.booking.sessions import without_bookings
from common.domain.slots.slot_answers import SlotSnapshot


@dataclass(frozen=True, slots=True)
class MoveRequest:
    """Somebody asks to which times a booking could move."""

    booking: str
    by: Authority


@dataclass(frozen=True, slots=True)
class Move:
    """A booking or hold that would take another time in place of the one that it has.

    Attributes:
        service: The service that was booked.
        resource: Its resource. It keeps it, whether or not the service is still offered there.
        seats: How many seats it takes along.
        gives_up: The booking, hold or session whose time is free once it has moved; None for a seat in a
            session where others stay.
        is_seat: Whether it is a seat, and so may join others; what was booked alone stays alone.
    """

    service: str
    resource: str
    seats: int
    gives_up: str | None
    is_seat: bool

    def seen_by(self, snapshot: SlotSnapshot) -> SlotSnapshot:
        """The snapshot as it looks to the one who moves: listing and moving both decide on this."""
        service, name = snapshot.service, self.resource
        if name not in service.resources:
            service = replace(service, resources=(*service.resources, name))
        agenda = snapshot.agendas[name]
        if self.gives_up is not None:
            agenda = without_bookings(agenda, {self.gives_up})
        if not self.is_seat:
            # Their time stays among the bookings, where nobody can share it.
            agenda = replace(agenda, sessions={})
        return replace(snapshot, service=service, agendas={**snapshot.agendas, name: agenda})
