"""The little that a webhook may touch; apart from the other ports, so that it starts without their domain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from common.ports.machine import Clock, Keys, Log, TaskQueue


@dataclass(frozen=True, slots=True)
class PushPorts:
    """What a webhook may touch: no store and no provider, so that it starts and answers at once."""

    clock: Clock
    keys: Keys
    queue: TaskQueue
    log: Log
