"""Finds a booking for those who may see or change it: its management link's holder, or the tenant's staff."""

from __future__ import annotations

from common.domain.booking import access
from common.domain.booking.access import Authority, LinkHolder
from common.domain.booking.booking import Booking, Source
from common.errors import InvalidRequest, StaleVersion, UnknownResource
from common.ports import Ports


def authorized_booking(ports: Ports, *, tenant: str, booking: str, by: access.Authority) -> Booking:
    """The booking, if ``by`` may see and change it.

    A wrong token is answered like a booking that does not exist, and costs no read of the store.

    Raises:
        UnknownResource: There is no such booking, or not for this caller.
    """
    if isinstance(by, access.LinkHolder):
        signature = access.decode_token(by.token)
        if not ports.keys.verify(signature, access.PURPOSE, tenant, booking):
            raise UnknownResource("there is no such booking")
        return ports.bookings.get(tenant, booking)
    found = ports.bookings.get(tenant, booking)
    if not by.may(found.resource):
        raise UnknownResource("there is no such booking")
    return found


def manage_token(ports: Ports, *, tenant: str, booking: str) -> str:
    """The secret of a booking's management link; the same every time."""
    return access.encode_token(ports.keys.sign(access.PURPOSE, tenant, booking))


def author_of(by: access.Authority) -> Source:
    """Who is named as the author of a change."""
    return Source.CUSTOMER if isinstance(by, access.LinkHolder) else Source.STAFF


def changeable_booking(
    ports: Ports, *, tenant: str, booking: str, by: Authority, revision: int | None
) -> Booking:
    """The booking, if ``by`` may change it now.

    A management link ends with its appointment; staff may put their records right later. A cancelled booking
    is handed out as it is.

    Raises:
        UnknownResource: There is no such booking, or not for this caller.
        StaleVersion: It is not at the ``revision`` that the caller saw.
        InvalidRequest: It is past.
    """
    found = authorized_booking(ports, tenant=tenant, booking=booking, by=by)
    if not found.active:
        return found
    if revision is not None and revision != found.revision:
        raise StaleVersion("the booking was changed meanwhile")
    if isinstance(by, LinkHolder) and found.interval.end <= ports.clock.now():
        raise InvalidRequest("this booking is past", code="past")
    return found
