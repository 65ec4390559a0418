"""Opens a hold to whoever has its secret."""

from __future__ import annotations

from common.domain import manage
from common.domain.booking import Booking
from common.errors import UnknownResource
from common.ports import Ports


def hold_token(ports: Ports, *, tenant: str, hold: str) -> str:
    """The secret of a hold."""
    return manage.token(ports.keys.sign("hold", tenant, hold))


def held(ports: Ports, *, tenant: str, key: manage.HoldKey) -> Booking | None:
    """The hold, or the booking that it became; None once it is gone.

    Raises:
        UnknownResource: The secret is not that of this hold; nothing is read for it.
    """
    if not ports.keys.verify(manage.signature(key.token), "hold", tenant, key.id):
        raise UnknownResource("there is no such hold")
    try:
        return ports.bookings.get(tenant, key.id)
    except UnknownResource:
        return None
