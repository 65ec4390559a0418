"""Bookings made while a first synchronisation exports two thousand others, on a virtual clock.

The providers' simulators keep the real limits, and every call of a provider takes time. Tasks run one
after the other here: in the cloud an export does not even wait for the chunk that is at work.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from common.domain.booking.booking_change import BookingChange
from common.domain.calendar.connection import Connection, Phase, ProviderKind
from common.domain.connect.settings import ImportSettings, Settings
from common.domain.shared.tasks import Payload, Work
from common.flows.sync.initial_sync import start_sync
from common.ports import Ports
from local.google import GOOGLE
from local.microsoft import GRAPH
from tests.flows.setups.sync_setup import Synced, at
from tests.world import OUTLOOK, World

BOOKINGS = 2_000
SECONDS_A_CALL = 0.05
NEW_BOOKINGS = 6
LIMITED = {403, 429}


@dataclass(frozen=True, slots=True)
class Measured:
    """What became of the run and of the bookings that came in between."""

    waited: tuple[float, ...]
    seconds: float
    exported: int
    calls: int
    refused: int
    tasks: int


class SlowProvider:
    """A provider whose every call takes time; ``seen`` gets the booking of each event made."""

    def __init__(self, inner: Any, pass_time: Callable[[], None], seen: Callable[[str], None]) -> None:
        self._inner = inner
        self._pass_time = pass_time
        self._note_export = seen

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inner, name)
        if not callable(found) or name == "fields_version":
            return found

        def call(*given: Any, **named: Any) -> Any:
            answer = found(*given, **named)
            self._pass_time()
            if name == "create_event":
                self._note_export(given[2].booking)
            return answer

        return call


class BackfillWorld(Synced):
    """An account with many bookings, connected and not synchronised yet."""

    def __init__(self, kind: ProviderKind, *, bookings: int = BOOKINGS) -> None:
        """Make the bookings, none of which is exported, and turn the provider's limits on."""
        self.kind = kind
        self.exporting = False
        self.every = bookings // (NEW_BOOKINGS + 1)
        self.made: dict[str, datetime] = {}
        self.written: dict[str, datetime] = {}
        World.__init__(self, wrap=self._slowed)
        self.catalogue()
        connection = self._connected()
        self.connection_id = connection.id
        self.ports.connections.save(replace(connection, settings=Settings(imports=ImportSettings(on=False))))
        for number in range(bookings):
            # Made long ago: nobody waits for news of it any more.
            made = self.confirmed(at(8) + timedelta(minutes=30 * number), f"b{number:04}")
            self.ports.bookings.commit(BookingChange(before=None, after=made))

    def run_all(self) -> Measured:
        """Synchronise to the end; every so often a customer books."""
        begun, before = self.clock.now(), len(self._calls())
        start_sync(self.ports, tenant=self.tenant, connection=self.connection_id)
        self.drain(within=timedelta(hours=6))
        run = self.connection.run
        if run is None or run.phase is not Phase.DONE or self.errors:
            raise AssertionError("the back-fill did not come to its end")
        calls = self._calls()[before:]
        return Measured(
            waited=tuple((self.written[name] - made).total_seconds() for name, made in self.made.items()),
            seconds=(max(self.written.values()) - begun).total_seconds(),
            exported=len(self.written),
            calls=len(calls),
            refused=sum(call["status"] in LIMITED for call in calls),
            tasks=len(self.done),
        )

    def run(self, work: Work, payload: Payload) -> object:
        """Run a task; what is no export has instances of its own, and takes no time here."""
        self.exporting = work in {Work.INITIAL_SYNC, Work.EXPORT}
        return super().run(work, payload)

    def _connected(self) -> Connection:
        if self.kind is ProviderKind.GOOGLE:
            self.account()
            self.google.admin.set_limits(per_user=GOOGLE.per_user, per_project=GOOGLE.per_project)
            return self.connect()
        self.outlook()
        self.microsoft.admin.set_limits(per_mailbox=GRAPH.per_mailbox, concurrent=GRAPH.concurrent)
        return self.connect(OUTLOOK, provider=ProviderKind.MICROSOFT)

    def _slowed(self, ports: Ports) -> Ports:
        provider = ports.providers[self.kind]
        slow: Any = SlowProvider(provider.calendar, self._pass_time, self._note_export)
        return replace(ports, providers={self.kind: replace(provider, calendar=slow)})

    def _pass_time(self) -> None:
        if self.exporting:
            self.clock.wait(SECONDS_A_CALL)

    def _note_export(self, booking: str) -> None:
        self.written[booking] = self.clock.now()
        if len(self.made) < NEW_BOOKINGS and len(self.written) % self.every == 0:
            name = f"n{len(self.written):04}"
            self.made[name] = self.clock.now()
            self.book(at(8, day=400 + len(self.made)), name)

    def _calls(self) -> list[Any]:
        side: Any = self.google if self.kind is ProviderKind.GOOGLE else self.microsoft
        return list(side.admin.calls())
