"""One exported booking in an account of either provider, and what becomes of its event."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from common.domain.calendar.connection import CalendarUse
from common.domain.export.exported_event import LinkState
from tests.flows.setups.graph_setup import Outlook
from tests.flows.setups.sync_setup import Synced, at
from tests.world import ACCOUNT, OUTLOOK

KINDS = [Outlook, Synced]


def booked(kind, **options):
    """A world of this kind with one exported booking at nine, whose echo has arrived."""
    world = kind(**options)
    world.book(at(9))
    world.drain()
    return world


def simulator(world):
    return world.microsoft if isinstance(world, Outlook) else world.google


def home(world):
    """The calendar that bookings are written to, as its owner names it."""
    return world.calendar if isinstance(world, Outlook) else ACCOUNT


def another_calendar(world, name="second"):
    """The owner makes another calendar; its id."""
    if isinstance(world, Outlook):
        return world.microsoft.admin.add_calendar(OUTLOOK, name)
    name = f"{name}@group.calendar.google.com"
    world.google.admin.add_calendar(ACCOUNT, name, calendar_id=name)
    return name


def refuse(world, method, status, *, times=1, skip=0):
    """The provider refuses some calls of one kind with a status, whatever they are about."""
    reasons = {
        Outlook: {400: "ErrorInvalidIdMalformed", 403: "ErrorAccessDenied", 404: "ErrorItemNotFound"},
        Synced: {400: "invalid", 403: "forbidden", 404: "notFound"},
    }
    options = {"status": status, "reason": reasons[type(world)][status], "times": times, "skip": skip}
    if isinstance(world, Outlook):
        world.microsoft.add_fault("status", method=method, **options)
    else:
        world.google.inspect.add_fault("status", method=method, **options)


def existing(world, calendar=None):
    """The starts of the events of one calendar, in UTC."""
    if isinstance(world, Outlook):
        found = world.microsoft.inspect.events(calendar or world.calendar)
        return sorted(event["start"]["dateTime"][:16] for event in found)
    found = world.google.inspect.events(calendar or ACCOUNT, cancelled=False)
    return sorted(f"{start_of(event):%Y-%m-%dT%H:%M}" for event in found)


def start_of(event):
    """When a Google event begins, in UTC."""
    return datetime.fromisoformat(event["start"]["dateTime"]).astimezone(UTC)


def stamp(moment):
    return f"{moment:%Y-%m-%dT%H:%M}"


def use_only_home(world):
    """No other calendar of the account is read."""
    connection = world.connection
    calendars = {
        key: entry if entry.primary else replace(entry, use=CalendarUse.NONE)
        for key, entry in connection.calendars.items()
    }
    world.ports.connections.save(replace(connection, calendars=calendars))


def until(world, condition):
    """Let second after second pass, for some minutes at most, until something is so."""
    simulator(world).push.deliver()
    for _ in range(600):
        if condition():
            return
        world.engine.run_until(world.clock.now() + timedelta(seconds=1))
    raise AssertionError("it never came to that")


def missing(world):
    """Whether the booking's event was noticed not to be where it was."""
    return world.link().state is LinkState.MISSING
