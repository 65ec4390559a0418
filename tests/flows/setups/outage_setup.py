"""Worlds of either provider whose calendar stops answering a live question, in one way or another."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from common.domain.booking.booking import Customer
from common.domain.catalogue.records import UnreachablePolicy
from common.domain.connect.settings import Settings
from common.flows.booking.book import book
from common.flows.slots.explain import explain_slot
from common.flows.slots.list_slots import list_slots
from tests.flows.setups.graph_setup import Outlook
from tests.flows.setups.sync_setup import Synced, at
from tests.world import ACCOUNT

BOTH = pytest.mark.parametrize("kind", [Synced, Outlook], ids=["google", "microsoft"])
# What a provider says and cannot be used, as (status, Google's reason); Microsoft's follows from the status.
ANSWERS = {"forbidden": (403, "forbidden"), "gone": (404, "notFound"), "expired": (410, "fullSyncRequired")}
SILENCES = {"failing": (503, "backendError"), "limited": (429, "rateLimitExceeded")}
CUSTOMER = Customer("Zoe Zimmer", "zoe@example.net")


def opened(kind, **imports):
    """A synchronised world whose tenant lets last known times serve for an hour."""
    settings = Settings()
    world = kind(settings=replace(settings, imports=replace(settings.imports, **imports)))
    tenant = world.ports.catalogue.tenant("t1")
    policy = UnreachablePolicy(grace=timedelta(hours=1))
    world.ports.catalogue.save_tenant(replace(tenant, unreachable=policy))
    return world


def microsoft(world):
    return isinstance(world, Outlook)


def fail(world, action="status", **fault):
    """From now on every live question is answered like this."""
    # Nobody is shown what was asked a moment ago.
    world.advance(seconds=6)
    if microsoft(world):
        fault = {name: value for name, value in fault.items() if name != "reason"}
        world.microsoft.add_fault(action, method="calendarView.list", times=0, **fault)
    else:
        world.google.add_fault(action, method="events.list", times=0, **fault)


def silence(world):
    """From now on nobody answers."""
    fail(world, status=503, reason="backendError")


def answer(world, status, reason):
    fail(world, status=status, reason=reason)


def listed(world, *, resource="anna", day=0):
    """What the day's list says."""
    start = at(0, day=day)
    return list_slots(
        world.ports,
        tenant="t1",
        service="cut",
        resource=resource,
        start=start,
        end=start + timedelta(days=1),
    )


def free(world, *, resource="anna", day=0):
    """The starts of the day that are listed, asked anew."""
    world.advance(seconds=6)
    return [slot.start for slot in listed(world, resource=resource, day=day).slots]


def booked(world, start, *, resource="anna"):
    """A customer books that time."""
    made = book(world.ports, tenant="t1", service="cut", resource=resource, start=start, customer=CUSTOMER)
    return made.booking


def reasons(world, start, *, resource="anna"):
    """Why a time is not offered, as codes."""
    found = explain_slot(world.ports, tenant="t1", service="cut", resource=resource, at=start)
    return [reason.code.value for reason in found.reasons]


def private(world):
    """What makes an event private at the world's provider."""
    return {"sensitivity": "private"} if microsoft(world) else {"visibility": "private"}


def move_event(world, event, minutes):
    """The owner drags an event."""
    if microsoft(world):
        world.microsoft.owner.shift_event(world.calendar, event, minutes=minutes)
    else:
        world.google.owner.shift_event(ACCOUNT, event, minutes=minutes)
