"""Bookings that are changed, and exports that are repeated until they are done."""

from __future__ import annotations

import itertools
from typing import Any

from common.domain.booking.access import Staff
from common.domain.booking.booking import Booking
from common.domain.calendar.connection import Connection
from common.domain.connect.settings import ExportSettings
from common.domain.export.exported_event import ExportResult
from common.domain.notify import NoticeKind
from common.errors import Retry
from common.flows.booking.change import cancel_booking, reschedule
from tests.flows.setups.booking_setup import at, export, synchronised
from tests.whole_lists import every
from tests.world import World

INVITING = ExportSettings(attendee=True, notify=True)


def moved(world: World, booking: Booking, clock: str) -> Booking:
    """Staff move a booking."""
    return reschedule(world.ports, tenant="t1", booking=booking.id, start=at(clock), by=Staff())


def cancelled(world: World, booking: Booking) -> Booking:
    """Staff cancel a booking."""
    return cancel_booking(world.ports, tenant="t1", booking=booking.id, by=Staff())


def fault(world: World, action: str, method: str, **options: Any) -> None:
    """Have one of Google's answers fail."""
    world.google.inspect.add_fault(action, method=method, **options)


def export_until_done(world: World, booking: Booking, connection: Connection, *, most: int = 10) -> int:
    """Repeat the export until it succeeds, as the task queue would; the number of tries.

    One that waits to look once more for an event that was not found is repeated then.
    """
    for number in itertools.count(1):
        try:
            outcome = export(world, booking, connection)
        except Retry:
            assert number < most
            continue
        if outcome.until is None or outcome.result is not ExportResult.SEARCHING:
            return number
        assert number < most
        world.clock.advance_to(outcome.until)
    raise AssertionError


def notices(world: World) -> list[NoticeKind]:
    """The kinds of the notices to the owner."""
    return [notice.kind for notice in every(world.ports.lists.notices, "t1")]


def mails(world: World) -> list[str]:
    """What Google mailed to guests."""
    return [mail["kind"] for mail in world.google.admin.mails()]


def choose(world: World, connection: Connection, **exports: Any) -> Connection:
    """The connection with other settings of its exports."""
    return synchronised(world, connection, exports=ExportSettings(**exports))
