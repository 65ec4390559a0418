"""Gives a held time back before it is over."""

from __future__ import annotations

from dataclasses import dataclass

from common.domain.booking import BookingStatus
from common.domain.manage import HoldKey
from common.errors import Conflict
from common.flows.steps.holding import held
from common.flows.steps.leaving import release
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class ReleaseHold:
    """Which hold, with its secret."""

    tenant: str
    key: HoldKey


def release_hold(ports: Ports, command: ReleaseHold) -> None:
    """End the hold; one that is over, or that was booked, is left as it is.

    Raises:
        UnknownResource: There is no such hold.
    """
    found = held(ports, tenant=command.tenant, key=command.key)
    if found is None or found.status is not BookingStatus.HELD:
        return
    try:
        release(ports, found)
    except Conflict:
        # Its customer booked it at this moment, or maintenance was faster.
        return
