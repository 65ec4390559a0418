"""Opens a booking for a change by its customer or by staff."""

from __future__ import annotations

from common.domain.booking import Booking
from common.domain.manage import Authority, LinkHolder
from common.errors import InvalidRequest, StaleVersion
from common.flows.steps.entrusted import entrusted
from common.ports import Ports


def changeable(ports: Ports, *, tenant: str, booking: str, by: Authority, revision: int | None) -> Booking:
    """The booking, if ``by`` may change it now.

    A management link ends with its appointment; staff may put their records right later. A cancelled booking
    is handed out as it is.

    Raises:
        UnknownResource: There is no such booking, or not for this caller.
        StaleVersion: It is not at the ``revision`` that the caller saw.
        InvalidRequest: It is past.
    """
    found = entrusted(ports, tenant=tenant, booking=booking, by=by)
    if not found.active:
        return found
    if revision is not None and revision != found.revision:
        raise StaleVersion("the booking was changed meanwhile")
    if isinstance(by, LinkHolder) and found.interval.end <= ports.clock.now():
        raise InvalidRequest("this booking is past", code="past")
    return found
