"""Builds the HTTP request that Cloud Tasks sends to the worker for a task."""

from __future__ import annotations

from datetime import datetime

from local.cloud_tasks.model import HttpRequest, Target, Task, TokenSource
from local.cloud_tasks.names import queue_of, short

USER_AGENT = "Google-Cloud-Tasks"
_SET_BY_SERVICE = {"host", "content-length", "user-agent"}
_RESERVED_PREFIXES = ("x-cloudtasks-", "x-google-", "x-appengine-")


def dispatch_request(task: Task, *, tokens: TokenSource | None, now: datetime) -> HttpRequest:
    """The request of the task's next attempt, with the headers that Cloud Tasks adds.

    https://cloud.google.com/tasks/docs/creating-http-target-tasks#handler
    """
    headers = _task_headers(task.target) | _service_headers(task)
    token = task.target.oidc
    if token is not None and tokens is not None:
        audience = token.audience or task.target.url
        signed = tokens(email=token.service_account_email, audience=audience, now=now)
        headers["Authorization"] = f"Bearer {signed}"
    return HttpRequest(task.target.method, task.target.url, headers, task.target.body, task.dispatch_deadline)


def _task_headers(target: Target) -> dict[str, str]:
    headers = {
        name: value
        for name, value in target.headers.items()
        if name.lower() not in _SET_BY_SERVICE and not name.lower().startswith(_RESERVED_PREFIXES)
    }
    if target.body and "content-type" not in {name.lower() for name in headers}:
        headers["Content-Type"] = "application/octet-stream"
    return headers


def _service_headers(task: Task) -> dict[str, str]:
    headers = {
        "User-Agent": USER_AGENT,
        "X-CloudTasks-QueueName": short(queue_of(task.name)),
        "X-CloudTasks-TaskName": short(task.name),
        "X-CloudTasks-TaskRetryCount": str(task.dispatch_count),
        "X-CloudTasks-TaskExecutionCount": str(task.execution_count),
        "X-CloudTasks-TaskETA": f"{task.schedule_time.timestamp():.6f}",
    }
    status = task.last_attempt.status if task.last_attempt else None
    if status is not None:
        headers["X-CloudTasks-TaskRetryReason"] = f"HTTP status code {status}" if status else "no answer"
    if status:
        headers["X-CloudTasks-TaskPreviousResponse"] = str(status)
    return headers
