"""A world whose instance dies, or whose answers get lost, at a chosen port call."""

from __future__ import annotations

from dataclasses import fields, replace

from common.errors import StoreUnavailable
from common.ports import Ports
from common.ports.machine import Tuning
from common.ports.provider import Provider
from tests.flows.setups.connection_stages_setup import Life

SMALL = Tuning(backfill_chunk=2)


class Crash(Exception):
    """The instance died."""


class PortCalls:
    """Counts port calls and interrupts the chosen one: the instance dies, or the answer gets lost."""

    def __init__(self):
        self.calls = 0
        self.at = None
        self.lost = None
        self.act = None

    def interrupt(self, at, *, lost=None, act=None):
        self.calls, self.at, self.lost, self.act = 0, at, lost, act

    def guard(self, call):
        def guarded(*args, **named):
            self.calls += 1
            mine = self.calls == self.at
            if mine and self.act:
                self.act()
            elif mine and self.lost is None:
                raise Crash
            result = call(*args, **named)
            if mine and self.lost:
                raise self.lost
            return result

        return guarded


class InterruptedPort:
    """A port whose every call is counted by ``port_calls``."""

    def __init__(self, port, port_calls):
        self._port, self._port_calls = port, port_calls

    def __getattr__(self, name):
        found = getattr(self._port, name)
        return self._port_calls.guard(found) if callable(found) else found


class CrashingWorld(Life):
    """A world in which a webhook may die as well: Google then sends its message again."""

    def _receive(self, address, headers):
        try:
            return super()._receive(address, headers)
        except Crash:
            return 500


UNINTERRUPTED = {"clock", "keys", "vault", "log", "tuning", "providers"}


def interrupted_ports(port_calls):
    """Have the calls of every port counted, except those of ``UNINTERRUPTED``."""

    def wrap(ports):
        named = {
            item.name: InterruptedPort(getattr(ports, item.name), port_calls)
            for item in fields(Ports)
            if item.name not in UNINTERRUPTED
        }
        providers = {
            kind: Provider(
                InterruptedPort(provider.calendar, port_calls),
                InterruptedPort(provider.authorizer, port_calls),
            )
            for kind, provider in ports.providers.items()
        }
        return replace(ports, providers=providers, **named)

    return wrap


def crashing_world(*, synchronised, settings=None):
    """Two events of the owner's and three bookings."""
    port_calls = PortCalls()
    world = CrashingWorld(wrap=interrupted_ports(port_calls), tuning=SMALL)
    world.fill(2)
    world.book_many(3)
    if settings:
        world.set(**settings)
    if synchronised:
        world.synchronise()
    world.errors.clear()
    return world, port_calls


def recover(world, flow):
    """What follows a crash: the caller asks again where it was an API call; queued tasks come back."""
    try:
        flow()
    except (Crash, StoreUnavailable):
        world.drain()
        flow()
    world.drain()
    for _ in range(3):
        # The clock's own jobs find whatever was lost.
        world.advance(minutes=20)
        world.maintain()
    assert all(isinstance(error, Crash) for error in world.errors), world.errors


def calls_until_done(make, flow_of):
    """How many port calls the work itself takes, without the maintenance after it."""
    world, port_calls = make()
    port_calls.interrupt(None)
    flow_of(world)()
    world.drain()
    return port_calls.calls
