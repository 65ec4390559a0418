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


class Fuse:
    """Counts port calls and burns at the chosen one: the instance dies, or the answer gets lost."""

    def __init__(self):
        self.calls = 0
        self.at = None
        self.lost = None
        self.act = None

    def arm(self, at, *, lost=None, act=None):
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


class Fused:
    """A port whose every call goes through the fuse."""

    def __init__(self, port, fuse):
        self._port, self._fuse = port, fuse

    def __getattr__(self, name):
        found = getattr(self._port, name)
        return self._fuse.guard(found) if callable(found) else found


class Mortal(Life):
    """A world in which a webhook may die as well: Google then sends its message again."""

    def _receive(self, address, headers):
        try:
            return super()._receive(address, headers)
        except Crash:
            return 500


CALM = {"clock", "keys", "vault", "log", "tuning", "providers"}


def fused(fuse):
    """Every port but the calm ones goes through the fuse."""

    def wrap(ports):
        named = {
            item.name: Fused(getattr(ports, item.name), fuse)
            for item in fields(Ports)
            if item.name not in CALM
        }
        providers = {
            kind: Provider(Fused(provider.calendar, fuse), Fused(provider.authorizer, fuse))
            for kind, provider in ports.providers.items()
        }
        return replace(ports, providers=providers, **named)

    return wrap


def ready(*, synchronised, settings=None):
    """Two events of the owner's and three bookings."""
    fuse = Fuse()
    life = Mortal(wrap=fused(fuse), tuning=SMALL)
    life.fill(2)
    life.book_many(3)
    if settings:
        life.set(**settings)
    if synchronised:
        life.synchronise()
    life.errors.clear()
    return life, fuse


def recover(life, flow):
    """What follows a crash: the caller asks again where it was an API call; queued tasks come back."""
    try:
        flow()
    except (Crash, StoreUnavailable):
        life.drain()
        flow()
    life.drain()
    for _ in range(3):
        # The clock's own jobs find whatever was lost.
        life.advance(minutes=20)
        life.maintain()
    assert all(isinstance(error, Crash) for error in life.errors), life.errors


def calls_until_done(make, flow_of):
    """How many port calls the work itself takes, without the quiet time after it."""
    life, fuse = make()
    fuse.arm(None)
    flow_of(life)()
    life.drain()
    return fuse.calls
