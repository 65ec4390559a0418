"""The calendar to which bookings are exported: chosen, changed, or created for them."""

from __future__ import annotations

import pytest

from common.domain.calendar.connection import Connection, calendar_key
from common.domain.connect.settings import ExportSettings
from common.errors import ProviderUnavailable
from common.flows.connect.settings import change_settings
from common.flows.shared.tokens import authorized
from common.flows.sync.initial_sync import start_sync
from tests.flows.setups.booking_setup import ACCOUNT, at, booked, events, export, shop, slots, starts
from tests.flows.setups.export_setup import INVITING, cancelled, choose, mails, moved
from tests.world import World


def add_calendars(world: World, connection: Connection, *names: str) -> tuple[Connection, list[str]]:
    """Add calendars to the account and refresh the connection; return it and the new ids."""
    made = [world.google.admin.add_calendar(ACCOUNT, name) for name in names]
    world.connect()
    return world.ports.connections.get("t1", connection.id), made


def test_the_chosen_calendar_gets_the_events() -> None:
    """D1: events are written to the one calendar that the settings name."""
    world, connection = shop()
    connection, (team,) = add_calendars(world, connection, "Team")
    connection = choose(world, connection, target=calendar_key(team))
    export(world, booked(world).booking, connection)

    assert (len(events(world, team)), events(world)) == (1, [])


@pytest.mark.pitfall(24)
def test_a_new_export_calendar_gets_the_event_with_the_next_change() -> None:
    """Pitfall 24: created in the new calendar, deleted from the old one, with one mail for the change."""
    world, connection = shop(exports=INVITING)
    connection, (team,) = add_calendars(world, connection, "Team")
    booking = booked(world, "10:00").booking
    export(world, booking, connection)
    connection = choose(world, connection, target=calendar_key(team), attendee=True, notify=True)
    export(world, moved(world, booking, "11:00"), connection)

    assert ([event["start"]["dateTime"] for event in events(world, team)], events(world)) == (
        [at("11:00").isoformat()],
        [],
    )
    assert len(mails(world)) == 2


@pytest.mark.pitfall(24)
def test_a_new_export_calendar_alone_mails_nobody() -> None:
    """Pitfalls 21, 24: the event moves to the new calendar, but the booking did not change."""
    world, connection = shop(exports=INVITING)
    connection, (team,) = add_calendars(world, connection, "Team")
    booking = booked(world, "10:00").booking
    export(world, booking, connection)
    connection = choose(world, connection, target=calendar_key(team), attendee=True, notify=True)
    export(world, booking, connection)

    assert (len(events(world, team)), len(events(world)), len(mails(world))) == (1, 0, 1)


@pytest.mark.pitfall(24)
def test_a_cancellation_deletes_the_event_from_the_calendar_that_has_it() -> None:
    """Pitfall 24: the event is deleted from the old calendar although another one is chosen by now."""
    world, connection = shop()
    connection, (team,) = add_calendars(world, connection, "Team")
    booking = booked(world, "10:00").booking
    export(world, booking, connection)
    connection = choose(world, connection, target=calendar_key(team))
    export(world, cancelled(world, booking), connection)

    assert (events(world), events(world, team)) == ([], [])


def secondary_calendars(world: World) -> list[str]:
    """The ids of the account's calendars other than the primary one."""
    connection = next(iter(world.ports.connections.of_resource("t1", "anna")))
    provider = world.ports.providers[connection.provider].calendar
    page = authorized(world.ports, connection, lambda token: provider.list_calendars(token, page=None))
    return [entry.provider_id for entry in page.entries if not entry.primary]


def test_a_dedicated_calendar_is_created_with_the_first_export() -> None:
    """D1: one calendar for all bookings, which never counts as the owner's busy time."""
    world, connection = shop(exports=ExportSettings(dedicated=True))
    assert secondary_calendars(world) == []
    for clock in ("10:00", "11:00"):
        export(world, booked(world, clock).booking, connection)
    (made,) = secondary_calendars(world)
    stored = world.ports.connections.get("t1", connection.id)

    assert len(events(world, made)) == 2
    assert (stored.dedicated_calendar, stored.dedicated_pending) == (calendar_key(made), False)
    assert [line.state for line in slots(world).calendars] == ["known"]
    assert "10:00" not in starts(slots(world))


@pytest.mark.pitfall(13)
def test_a_lost_response_creates_no_second_dedicated_calendar() -> None:
    """Pitfall 13: the calendar was created but the response was lost; the next attempt finds it."""
    world, connection = shop(exports=ExportSettings(dedicated=True))
    booking = booked(world, "10:00").booking
    world.google.inspect.add_fault("drop_after", method="calendars.insert")
    with pytest.raises(ProviderUnavailable):
        export(world, booking, connection)
    export(world, booking, connection)

    assert (len(secondary_calendars(world)), len(events(world, secondary_calendars(world)[0]))) == (1, 1)


@pytest.mark.pitfall(22)
def test_the_dedicated_calendar_is_synchronised_from_the_start() -> None:
    """Pitfall 22, D2: an owner moves an event of the new calendar and the booking follows."""
    world = World()
    world.catalogue()
    world.account()
    connection = world.connect()
    chosen = {"exports": {"dedicated": True}}
    change_settings(world.ports, tenant="t1", connection=connection.id, settings=chosen, calendars={})
    start_sync(world.ports, tenant="t1", connection=connection.id)
    world.drain()
    booking = booked(world, "10:00").booking
    world.drain()
    (made,) = secondary_calendars(world)
    world.google.owner.shift_event(made, events(world, made)[0]["id"], minutes=60)
    world.drain()
    stored = world.ports.bookings.get("t1", booking.id)

    assert (stored.interval.start, stored.source, world.errors) == (at("11:00"), "external", [])
