"""Stand-ins for the clock, the log and the task queue when everything runs in one process."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from common.config import Config
from common.domain.shared.tasks import Task
from common.errors import StoreUnavailable
from common.tasks.message import TaskAddresses
from local.cloud_tasks.clock import VirtualClock
from local.cloud_tasks.engine import Engine
from local.cloud_tasks.errors import AlreadyExists, Unavailable
from local.cloud_tasks.model import Target


class WorldClock(VirtualClock):
    """The virtual clock; waiting a short time moves it on at once."""

    def wait(self, seconds: float) -> None:
        self.advance_to(self.now() + timedelta(seconds=seconds))


class LogLines:
    """Keeps every log line as the text that would have been written."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def info(self, event: str, **fields: Any) -> None:
        self.lines.append(json.dumps({"event": event, **fields}, default=str))

    warning = error = info


class EngineQueue:
    """The task queue port on top of the local task engine, without gRPC between."""

    def __init__(self, engine: Engine, config: Config) -> None:
        self._engine = engine
        self._addresses = TaskAddresses(config)

    def enqueue(self, task: Task) -> bool:
        message = self._addresses.message(task)
        target = Target(url=message.url, headers={"Content-Type": "application/json"}, body=message.body)
        try:
            self._engine.create_task(
                message.parent, target, name=message.name or "", schedule_time=message.not_before
            )
        except AlreadyExists:
            return False
        except Unavailable as error:
            raise StoreUnavailable(
                "the task queue did not accept a task", code="queue_unavailable"
            ) from error
        return True
