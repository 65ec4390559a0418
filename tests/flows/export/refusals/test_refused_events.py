"""A refused write of one event: it alone waits, is tried again, shown, told, and in the end given up."""

from __future__ import annotations

import pytest

from common.domain.notify import NoticeKind
from common.flows.sync.resync import resync
from tests.flows.setups.booking_setup import booked
from tests.flows.setups.export_setup import cancelled, moved
from tests.flows.setups.refusal_setup import FORBIDDEN, UNKNOWN, Refusing
from tests.flows.setups.two_providers_setup import GOOGLE, MICROSOFT

BOTH = pytest.mark.parametrize("kind", [GOOGLE, MICROSOFT])


@BOTH
@pytest.mark.parametrize("answer", ["forbidden", "unknown"])
def test_a_single_refusal_of_a_new_event_is_over_in_a_minute(kind, answer):
    """Nobody is told, the provider mails the customer, and another booking is written meanwhile."""
    world = Refusing(kind)
    world.refuse("insert", times=1, **(FORBIDDEN[kind] if answer == "forbidden" else UNKNOWN))
    world.booking = booked(world, "09:00").booking.id
    booked(world, "11:00")
    world.drain()

    assert world.starts() == ["08:00", "10:00"]
    assert (world.notices(), world.mails()) == ([], (2, 0))
    assert world.health().refused_exports == 0


@BOTH
def test_a_lasting_refusal_is_shown_and_told_in_time(kind):
    """Within a quarter of an hour: one notice, one mail of ours to the customer, and health says why."""
    world = Refusing(kind)
    world.refuse("insert", **FORBIDDEN[kind])
    world.booking = booked(world, "09:00").booking.id
    world.drain()
    shown = world.health()
    world.pass_time(minutes=20)

    assert (shown.healthy, shown.refused_exports, shown.export_error) == (False, 1, "forbidden")
    assert (world.notices(), world.mails()) == ([NoticeKind.EXPORT_STOPPED], (0, 1))

    world.allow()
    world.pass_time(hours=2)

    assert (world.starts(), world.mails()) == (["08:00"], (0, 1))
    assert (world.link().refused, world.health().refused_exports) == (None, 0)


@BOTH
@pytest.mark.parametrize("operation", ["patch", "delete"])
def test_a_refused_change_stops_no_other_booking(kind, operation):
    """The neighbour is written at once; "synchronise now" has the refused change tried again at once."""
    world = Refusing(kind)
    booking = world.book()
    world.refuse(operation, **FORBIDDEN[kind])
    if operation == "patch":
        moved(world, booking, "15:00")
    else:
        cancelled(world, booking)
    world.pass_time(minutes=30)
    booked(world, "11:00")
    world.drain()
    assert world.starts() == ["09:00", "10:00"]

    world.allow()
    resync(world.ports, tenant="t1", connection=world.connection.id)
    world.drain()

    assert world.starts() == (["10:00", "14:00"] if operation == "patch" else ["10:00"])
    assert world.health().refused_exports == 0


@BOTH
@pytest.mark.parametrize("answer", ["unknown", "unavailable"])
def test_what_is_never_taken_ends_in_the_dead_letters(kind, answer):
    """A bounded number of tries in two days; one notice, a dead letter, and a replay that ends it."""
    world = Refusing(kind)
    said = UNKNOWN if answer == "unknown" else {"status": 503}
    world.refuse("insert", **said)
    world.booking = booked(world, "09:00").booking.id
    world.pass_time(hours=48)
    tries = len(world.calls("insert"))
    (letter,) = world.letters()

    assert (world.own(), 5 <= tries <= 45) == ([], True)
    assert (letter.payload["booking"], world.notices()) == (world.booking, [NoticeKind.EXPORT_STOPPED])
    assert (world.health().refused_exports, world.mails()) == (1, (0, 1))

    world.pass_time(hours=6)
    assert len(world.calls("insert")) == tries

    world.allow()
    resync(world.ports, tenant="t1", connection=world.connection.id)
    world.drain()

    assert (world.starts(), world.letters(), world.health().refused_exports) == (["08:00"], [], 0)
