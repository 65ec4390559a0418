"""Crashes between any two port calls: the work is delivered again, and ends as if nothing had happened."""

from contextlib import suppress
from dataclasses import fields, replace
from datetime import datetime

import pytest

from common.domain.account import Phase, Status
from common.errors import GrantRevoked, Rejected, StoreUnavailable
from common.flows.advance_disconnect import AdvanceDisconnect, advance_disconnect
from common.flows.start_disconnect import StartDisconnect, start_disconnect
from common.flows.start_sync import StartSync, start_sync
from common.ports import Ports, Provider, Tuning
from tests.flows.life_setup import Life
from tests.flows.sync_setup import at
from tests.world import ACCOUNT

# Tests of a few seconds each, that can run side by side.
PARTS = 4
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


def sync_again(life):
    def flow():
        run = life.connection.run
        if run is None:
            start_sync(life.ports, StartSync(life.tenant, life.connection_id))

    return flow


def first():
    return ready(synchronised=False)


def whole(life):
    """Everything that a first synchronisation is to bring about."""
    run = life.connection.run
    return (
        run.phase,
        len(life.imported()),
        len(life.own()),
        # A channel whose opening was never answered cannot be closed: it ends by itself.
        set(life.channels()) == {ACCOUNT},
        sorted(
            link.state
            for link in life.ports.bookings.links(life.tenant, life.connection_id, after=None, limit=50)
        ),
    )


def number_of_calls(make, flow_of):
    life, fuse = make()
    fuse.arm(None)
    recover(life, flow_of(life))
    return fuse.calls, life


@pytest.mark.parametrize("part", range(PARTS))
def test_a_first_synchronisation_survives_a_crash_at_every_port_call(part):
    """F7: wherever the instance dies, no event is there twice and none is missing."""
    _, calm = number_of_calls(first, sync_again)
    expected = whole(calm)
    assert expected[:4] == (Phase.DONE, 2, 3, True)
    for number in range(1 + part, 1 + _until_done(first, sync_again), PARTS):
        life, fuse = first()
        fuse.arm(number)
        recover(life, sync_again(life))

        assert whole(life) == expected, number


def test_a_first_synchronisation_survives_lost_answers():
    """F16: something was done, but nobody said so; doing it again does nothing twice."""
    _, calm = number_of_calls(first, sync_again)
    for number in range(2, 1 + _until_done(first, sync_again), 6):
        life, fuse = first()
        fuse.arm(number, lost=StoreUnavailable("the answer got lost", code="commit_unknown"))
        recover(life, sync_again(life))

        assert whole(life) == whole(calm), number


def end(life):
    return lambda: start_disconnect(life.ports, StartDisconnect(life.tenant, life.connection_id))


def gone(life):
    """Everything that a disconnection is to bring about."""
    mine = f"connections/{life.connection_id}/"
    return (
        life.connection.status,
        life.connection.receipt.events_deleted,
        life.connection.receipt.events_left,
        life.connection.receipt.provider_reachable,
        len(life.own()),
        life.channels(),
        life.google.inspect.grants(),
        [path for path in life.documents.paths() if mine in path or path.startswith("outbox/")],
    )


@pytest.mark.parametrize("settings", [None, {"exports": {"dedicated": True}}])
def test_a_disconnection_survives_a_crash_at_every_port_call(settings):
    """F7, F26: nothing of ours stays, nothing of theirs goes, and the receipt counts right."""

    def make():
        return ready(synchronised=True, settings=settings)

    _, calm = number_of_calls(make, end)
    assert gone(calm) == (Status.DISCONNECTED, 3, 0, True, 0, [], [], [])
    for number in range(1, 1 + _until_done(make, end)):
        life, fuse = make()
        fuse.arm(number)
        recover(life, end(life))

        assert gone(life) == gone(calm), number


@pytest.mark.parametrize("part", range(PARTS))
def test_a_disconnection_at_any_moment_of_a_first_synchronisation_leaves_nothing(part):
    """F26: whoever had not heard of the end goes on for a while, and what he did is taken away as well."""
    for number in range(1 + part, 1 + _until_done(first, sync_again), PARTS):
        life, fuse = first()

        def all_at_once(life=life):
            end(life)()
            while life.connection.status is not Status.DISCONNECTED:
                advance_disconnect(life.ports, AdvanceDisconnect(life.tenant, life.connection_id))

        fuse.arm(number, act=all_at_once)
        with suppress(Rejected, GrantRevoked):
            sync_again(life)()
        life.drain()
        life.advance(minutes=10)

        status, *_, events, _channels, grants, documents = gone(life)
        # A channel that is being opened at that very moment ends by itself, and its messages do nothing.
        assert (status, events, grants, documents) == (Status.DISCONNECTED, 0, [], []), number


def broken_off():
    """A synchronised account whose grant died; an event and a moved booking wait."""
    life, fuse = ready(synchronised=True)
    life.google.admin.revoke_grant(ACCOUNT)
    life.enter(at(20))
    life.drain()
    life.reschedule(life.booking("b001"), at(21))
    life.drain()
    assert life.connection.status is Status.REAUTH_REQUIRED
    life.errors.clear()
    return life, fuse


def connect_again(life):
    def flow():
        if life.connection.status is not Status.ACTIVE:
            life.connect(connection=life.connection_id)

    return flow


def test_connecting_again_survives_a_crash_at_every_port_call():
    """A4: once the connection says that it is active, it catches up, though nobody comes back."""
    for number in range(1, 1 + _until_done(broken_off, connect_again)):
        life, fuse = broken_off()
        fuse.arm(number)
        recover(life, connect_again(life))

        assert life.connection.status is Status.ACTIVE, number
        assert at(20) in life.busy(), number
        assert at(21) in [datetime.fromisoformat(event["start"]["dateTime"]) for event in life.own()], number
        assert (len(life.own()), life.progress().waiting_exports) == (3, 0), number


def wordy():
    return ready(synchronised=True, settings={"imports": {"mode": "full"}})


def tighten(life):
    def flow():
        if life.connection.settings.imports.mode == "full":
            life.set(imports={"mode": "times"}, exports={"title": "Taken"})

    return flow


@pytest.mark.pitfall(25)
def test_tightening_a_mode_survives_a_crash_at_every_port_call():
    """C6: once the settings say so, all texts go within a minute, though nobody asks again."""
    for number in range(1, 1 + _until_done(wordy, tighten)):
        life, fuse = wordy()
        assert {event.title for event in life.imported()} == {"secret 0", "secret 1"}
        fuse.arm(number)
        with suppress(Crash):
            tighten(life)()
        life.drain()
        tighten(life)()
        life.drain()
        life.advance(minutes=1)

        assert [event.title for event in life.imported()] == [None, None], number
        assert [event["summary"] for event in life.own()] == ["Taken"] * 3, number


def _until_done(make, flow_of):
    """How many port calls the work itself takes, without the quiet time after it."""
    life, fuse = make()
    fuse.arm(None)
    flow_of(life)()
    life.drain()
    return fuse.calls
