"""Opens one booking to those who may see it: the holder of its management link, or its tenant's staff."""

from __future__ import annotations

from common.domain import manage
from common.domain.booking import Booking, Source
from common.errors import UnknownResource
from common.ports import Ports


def entrusted(ports: Ports, *, tenant: str, booking: str, by: manage.Authority) -> Booking:
    """The booking, if ``by`` may see and change it.

    A wrong token is answered like a booking that does not exist, and costs no read of the store.

    Raises:
        UnknownResource: There is no such booking, or not for this caller.
    """
    if isinstance(by, manage.LinkHolder):
        signature = manage.signature(by.token)
        if not ports.keys.verify(signature, manage.PURPOSE, tenant, booking):
            raise UnknownResource("there is no such booking")
        return ports.bookings.get(tenant, booking)
    found = ports.bookings.get(tenant, booking)
    if not by.may(found.resource):
        raise UnknownResource("there is no such booking")
    return found


def manage_token(ports: Ports, *, tenant: str, booking: str) -> str:
    """The secret of a booking's management link; the same every time."""
    return manage.token(ports.keys.sign(manage.PURPOSE, tenant, booking))


def changed_by(by: manage.Authority) -> Source:
    """Who is named as the author of a change."""
    return Source.CUSTOMER if isinstance(by, manage.LinkHolder) else Source.STAFF
