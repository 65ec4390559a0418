"""Reads and checks the resource names of queues and tasks."""

from __future__ import annotations

import re

from local.cloud_tasks.errors import InvalidArgument

_LOCATION = r"projects/[A-Za-z0-9:.\-]+/locations/[a-z0-9\-]+"
_LOCATION_NAME = re.compile(_LOCATION)
_QUEUE_NAME = re.compile(rf"{_LOCATION}/queues/[A-Za-z0-9\-]{{1,100}}")
_TASK_ID = re.compile(r"[A-Za-z0-9_\-]{1,500}")


def check_location(name: str) -> None:
    """Raise InvalidArgument unless the name is ``projects/P/locations/L``."""
    if not _LOCATION_NAME.fullmatch(name):
        raise InvalidArgument(
            f'Malformed name: "{name}" must match projects/PROJECT_ID/locations/LOCATION_ID'
        )


def check_queue(name: str) -> None:
    """Raise InvalidArgument unless the name is ``projects/P/locations/L/queues/Q``."""
    if not _QUEUE_NAME.fullmatch(name):
        raise InvalidArgument(
            "Queue.name must match projects/PROJECT_ID/locations/LOCATION_ID/queues/QUEUE_ID"
        )


def queue_of(task_name: str) -> str:
    """The queue's name in a task's name; raises InvalidArgument if the task's name is malformed."""
    queue, mark, task_id = task_name.partition("/tasks/")
    if not mark or not _TASK_ID.fullmatch(task_id):
        raise InvalidArgument(
            "Task.name must match projects/PROJECT_ID/locations/LOCATION_ID/queues/QUEUE_ID/tasks/TASK_ID"
        )
    check_queue(queue)
    return queue


def short(name: str) -> str:
    """The last part of a resource name: the queue id or the task id."""
    return name.rpartition("/")[2]
