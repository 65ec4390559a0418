"""A task as Cloud Tasks gets it: its queue, address, hashed name and body; the same over gRPC and REST."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from common.config import Config, TaskConfig
from common.domain.shared.tasks import Task, Work

SCHEMA = 1
DISPATCH_DEADLINE_SECONDS = 330

# Made once: with arguments of its own `json.dumps` makes one for every task.
_ENCODE = json.JSONEncoder(separators=(",", ":"), sort_keys=True).encode


@dataclass(frozen=True, slots=True)
class TaskMessage:
    """What a queue needs to call a private function with a task; ``name`` None: the queue chooses one."""

    parent: str
    name: str | None
    url: str
    audience: str
    service_account: str
    body: bytes
    not_before: datetime | None


class TaskAddresses:
    """Knows the queue of each lane and the address of each private function, and addresses tasks to them."""

    def __init__(self, config: Config) -> None:
        """Read queues and addresses from the settings."""
        self._config = config
        self._tasks: TaskConfig = config.tasks
        # Settings do not change while a process lives, and a webhook asks for the same one every time.
        self._urls: dict[Work, str] = {}

    def message(self, task: Task) -> TaskMessage:
        """The message of a task; its name is hashed, as Cloud Tasks asks for evenly spread ids.

        See https://cloud.google.com/tasks/docs/reference/rest/v2/projects.locations.queues.tasks/create.
        """
        tasks = self._tasks
        queue = tasks.queues[task.lane]
        parent = f"projects/{tasks.project}/locations/{tasks.location}/queues/{queue}"
        url = self._urls.get(task.work) or self._urls.setdefault(task.work, audience(self._config, task.work))
        hashed = hashlib.sha256(task.name.encode()).hexdigest() if task.name else None
        return TaskMessage(
            parent=parent,
            name=f"{parent}/tasks/{hashed}" if hashed else None,
            url=url,
            audience=url,
            service_account=tasks.service_account,
            body=encode(task),
            not_before=task.not_before,
        )


def encode(task: Task) -> bytes:
    """The body of the call that a task becomes, as JSON: ids and counters only."""
    body = {"v": SCHEMA, "lane": task.lane.value, "attempt": task.attempt, "payload": dict(task.payload)}
    if task.letter is not None:
        body["letter"] = task.letter
    return _ENCODE(body).encode()


def audience(config: Config, work: Work) -> str:
    """What an OIDC token for this private function must be made out to."""
    return config.function_url(work.value)
