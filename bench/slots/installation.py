"""An installation for benchmarks: throw-away keys, a given store and clock, and connected accounts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from functools import cached_property
from typing import cast

from common.config import Config
from common.crypto.vault import new_keyset
from common.domain.calendar.connection import (
    AccessRole,
    CalendarEntry,
    CalendarUse,
    Connection,
    Grant,
    ProviderKind,
    Status,
)
from common.machine import JsonLog
from common.ports import Ports
from common.ports.machine import Clock
from common.store import Stores
from common.wiring import Installation

KEY = "00" * 32


class SilentLog:
    """A log that writes nothing."""

    def info(self, event: str, **fields: object) -> None:
        """Write nothing."""

    warning = error = info


class BenchInstallation(Installation):
    """Everything as deployed, but over the given store and clock."""

    def __init__(self, stores: Stores, clock: Clock) -> None:
        """``stores`` and ``clock`` replace those of the deployment."""
        super().__init__(
            Config(
                {
                    "GOOGLE_CLOUD_PROJECT": "slotbridge",
                    "TASKS_LOCATION": "europe-west6",
                    "TASKS_SERVICE_ACCOUNT": "tasks@slotbridge.iam.gserviceaccount.com",
                    "CLOUD_TASKS_EMULATOR_HOST": "127.0.0.1:9",
                    "PUBLIC_BASE_URL": "http://127.0.0.1:9",
                    "SIGNING_KEYS": KEY,
                    "CHANNEL_KEYS": KEY,
                    "EVENT_ID_KEY": KEY,
                    "GRANT_KEYSET": new_keyset(),
                }
            )
        )
        self._given, self._clock = stores, clock
        self.log = cast("JsonLog", SilentLog())

    @property
    def stores(self) -> Stores:
        """The given store."""
        return self._given

    @cached_property
    def ports(self) -> Ports:
        """The deployment's ports with the given clock."""
        return replace(super().ports, clock=self._clock)


def connect_calendars(ports: Ports, kinds: Iterable[ProviderKind]) -> None:
    """Connect a calendar of the resource ``anna`` at each of the providers."""
    now = ports.clock.now()
    for kind in kinds:
        name = f"connection-{kind}"
        entry = CalendarEntry(
            key="k",
            provider_id="primary",
            name="Anna",
            zone="UTC",
            role=AccessRole.OWNER,
            use=CalendarUse.IMPORT,
        )
        connection = Connection(
            id=name,
            tenant="t",
            resource="anna",
            provider=kind,
            account="anna@example.com",
            status=Status.ACTIVE,
            created_at=now,
            calendars={"k": entry},
        )
        grant = Grant(access_token="token", refresh_token=None, expires_at=now + timedelta(hours=1))
        ports.connections.create(connection, ports.vault.seal(grant, tenant="t", connection=name))
