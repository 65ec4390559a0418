"""An export that is interrupted at any point and repeated has the same result as an uninterrupted one."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from common.domain.calendar.connection import ProviderKind, calendar_key
from common.domain.connect.settings import ExportSettings
from common.domain.shared.task_records import ExportBooking
from common.flows.export.export_booking import export_booking
from common.ports import Ports
from tests.flows.setups.booking_setup import ACCOUNT, booked, entries, events, export, shop, synchronised
from tests.flows.setups.export_setup import INVITING, cancelled, export_until_done, moved


class Crash(BaseException):
    """The running instance ends."""


class Crashing:
    """A port that raises ``Crash`` before or after one of its calls."""

    def __init__(self, port: Any, between: Callable[[], None], *, after: bool) -> None:
        self._port, self._between, self._after = port, between, after

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if not callable(found):
            return found

        def call(*arguments: Any, **named: Any) -> Any:
            if not self._after:
                self._between()
            answer = found(*arguments, **named)
            if self._after:
                self._between()
            return answer

        return call


def crashing(ports: Ports, between: Callable[[], None], *, after: bool) -> Ports:
    """The ports with bookings, ledger and Google calendar that may crash."""
    google = ports.providers[ProviderKind.GOOGLE]
    calendar: Any = Crashing(google.calendar, between, after=after)
    return replace(
        ports,
        bookings=Crashing(ports.bookings, between, after=after),
        ledger=Crashing(ports.ledger, between, after=after),
        providers={ProviderKind.GOOGLE: replace(google, calendar=calendar)},
    )


@pytest.mark.pitfall(13)
@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("change", ["made", "moved", "moved_to_team", "cancelled"])
def test_a_crash_at_any_point_leaves_one_event_and_one_mail(change: str, *, after: bool) -> None:
    """Pitfall 13, F7: ended before or after any call, the repeated task leads to the same result."""
    for number in itertools.count():
        world, connection = shop(exports=INVITING)
        team = world.google.admin.add_calendar(ACCOUNT, "Team")
        world.connect()
        booking = booked(world, "10:00").booking
        if change != "made":
            export(world, booking, connection)
            booking = cancelled(world, booking) if change == "cancelled" else moved(world, booking, "11:00")
        if change == "moved_to_team":
            target = calendar_key(team)
            exports = ExportSettings(attendee=True, notify=True, target=target)
            connection = synchronised(world, connection, exports=exports)
        left = itertools.repeat(None, number)

        def between(left: Any = left) -> None:
            if next(left, Crash) is Crash:
                raise Crash

        before = len(world.google.admin.mails())
        command = ExportBooking("t1", booking.id, connection.id, booking.revision)
        crashed = False
        try:
            export_booking(crashing(world.ports, between, after=after), command)
        except Crash:
            crashed = True
            world.clock.advance_to(world.clock.now() + timedelta(minutes=2))
            export_until_done(world, booking, connection)
        everywhere = [*events(world), *events(world, team)]

        assert len(everywhere) == (0 if change == "cancelled" else 1), (number, everywhere)
        assert len(world.google.admin.mails()) - before == 1, number
        assert entries(world, connection) == (), number
        if not crashed:
            break
