"""The calls of google.cloud.tasks.v2.CloudTasks, from request message to response message."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from google.cloud import tasks_v2

from local.cloud_tasks.errors import InvalidArgument
from local.cloud_tasks.messages import (
    read_dispatch_deadline,
    read_retry,
    read_schedule_time,
    read_settings,
    read_target,
    write_queue,
    write_task,
)
from local.cloud_tasks.model import QueueSettings
from local.cloud_tasks.names import check_location, check_queue, queue_of, short
from local.cloud_tasks.registry import Registry

_MOST_TASKS = 1000
_MOST_QUEUES = 9800


class Service:
    """The methods of the API, called by the gRPC API and the REST API."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry

    def create_queue(self, request: tasks_v2.CreateQueueRequest) -> tasks_v2.Queue:
        """CreateQueue."""
        check_location(request.parent)
        settings = read_settings(request.queue, QueueSettings())
        if not request.queue.name.startswith(f"{request.parent}/queues/"):
            raise InvalidArgument("Queue.name must belong to the parent of the request.")
        return write_queue(self._registry.create_queue(request.queue.name, settings))

    def get_queue(self, request: tasks_v2.GetQueueRequest) -> tasks_v2.Queue:
        """GetQueue."""
        return write_queue(self._registry.get_queue(request.name))

    def list_queues(self, request: tasks_v2.ListQueuesRequest) -> tasks_v2.ListQueuesResponse:
        """ListQueues; filters are not available."""
        check_location(request.parent)
        queues = self._registry.list_queues(f"{request.parent}/queues/")
        page, token = _page(
            queues,
            name=lambda queue: queue.name,
            size=request.page_size,
            after=request.page_token,
            most=_MOST_QUEUES,
        )
        return tasks_v2.ListQueuesResponse(
            queues=[write_queue(queue) for queue in page], next_page_token=token
        )

    def update_queue(self, request: tasks_v2.UpdateQueueRequest) -> tasks_v2.Queue:
        """UpdateQueue: what the message (or, if given, the mask) names changes; creates a missing queue."""
        name = request.queue.name
        check_queue(name)
        known = {queue.name: queue.settings for queue in self._registry.list_queues()}
        given = request.queue
        if request.update_mask.paths:
            masked = tasks_v2.Queue(name=name)
            request.update_mask.MergeMessage(tasks_v2.Queue.pb(given), tasks_v2.Queue.pb(masked))
            given = masked
        settings = read_settings(given, known.get(name, QueueSettings()))
        return write_queue(self._registry.update_queue(name, settings))

    def delete_queue(self, request: tasks_v2.DeleteQueueRequest) -> None:
        """DeleteQueue."""
        self._registry.delete_queue(request.name)

    def purge_queue(self, request: tasks_v2.PurgeQueueRequest) -> tasks_v2.Queue:
        """PurgeQueue."""
        return write_queue(self._registry.purge_queue(request.name))

    def pause_queue(self, request: tasks_v2.PauseQueueRequest) -> tasks_v2.Queue:
        """PauseQueue."""
        return write_queue(self._registry.pause_queue(request.name))

    def resume_queue(self, request: tasks_v2.ResumeQueueRequest) -> tasks_v2.Queue:
        """ResumeQueue."""
        return write_queue(self._registry.resume_queue(request.name))

    def create_task(self, request: tasks_v2.CreateTaskRequest) -> tasks_v2.Task:
        """CreateTask."""
        check_queue(request.parent)
        if request.task.name:
            queue_of(request.task.name)
        queue = self._registry.get_queue(request.parent)
        retry = None
        if "retry_config" in request.task:
            retry = read_retry(request.task.retry_config, queue.settings.retry)
        created = self._registry.create_task(
            request.parent,
            read_target(request.task),
            name=request.task.name,
            schedule_time=read_schedule_time(request.task),
            dispatch_deadline=read_dispatch_deadline(request.task),
            retry=retry,
        )
        return write_task(created, full=_full(request.response_view))

    def get_task(self, request: tasks_v2.GetTaskRequest) -> tasks_v2.Task:
        """GetTask."""
        return write_task(self._registry.get_task(request.name), full=_full(request.response_view))

    def list_tasks(self, request: tasks_v2.ListTasksRequest) -> tasks_v2.ListTasksResponse:
        """ListTasks."""
        page, token = _page(
            self._registry.list_tasks(request.parent),
            name=lambda task: task.name,
            size=request.page_size,
            after=request.page_token,
            most=_MOST_TASKS,
        )
        full = _full(request.response_view)
        return tasks_v2.ListTasksResponse(
            tasks=[write_task(task, full=full) for task in page], next_page_token=token
        )

    def delete_task(self, request: tasks_v2.DeleteTaskRequest) -> None:
        """DeleteTask."""
        self._registry.delete_task(request.name)

    def run_task(self, request: tasks_v2.RunTaskRequest) -> tasks_v2.Task:
        """RunTask."""
        return write_task(self._registry.run_task(request.name), full=_full(request.response_view))


def _full(view: tasks_v2.Task.View) -> bool:
    return view == tasks_v2.Task.View.FULL


def _page(
    items: Sequence[Any], *, name: Callable[[Any], str], size: int, after: str, most: int
) -> tuple[Sequence[Any], str]:
    """One page of a list sorted by name; the token is the last short name of the page."""
    if size < 0:
        raise InvalidArgument("pageSize must not be negative.")
    left = [item for item in items if not after or short(name(item)) > after]
    page = left[: min(size or most, most)]
    return page, short(name(page[-1])) if len(page) < len(left) else ""
