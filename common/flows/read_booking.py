"""Shows one booking to its customer or to staff; reading changes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from common.domain.booking import Booking
from common.domain.manage import Authority
from common.flows.steps.entrusted import entrusted
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class ReadBooking:
    """Which booking, and who asks."""

    tenant: str
    booking: str
    by: Authority


def read_booking(ports: Ports, command: ReadBooking) -> Booking:
    """The booking as it is now.

    Raises:
        UnknownResource: There is no such booking, or not for this caller.
    """
    return entrusted(ports, tenant=command.tenant, booking=command.booking, by=command.by)
