"""Translates between the protobuf messages of Cloud Tasks v2 and the engine's own records."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from google.cloud import tasks_v2
from grpc import StatusCode

from local.cloud_tasks.errors import InvalidArgument, Unimplemented
from local.cloud_tasks.model import (
    NO_ANSWER,
    Attempt,
    OidcToken,
    QueueSettings,
    RateLimits,
    RetryPolicy,
    Target,
    Task,
)
from local.cloud_tasks.queue import Queue

_CODES = {
    NO_ANSWER: StatusCode.UNAVAILABLE,
    400: StatusCode.INVALID_ARGUMENT,
    401: StatusCode.UNAUTHENTICATED,
    403: StatusCode.PERMISSION_DENIED,
    404: StatusCode.NOT_FOUND,
    409: StatusCode.ABORTED,
    429: StatusCode.RESOURCE_EXHAUSTED,
    500: StatusCode.INTERNAL,
    501: StatusCode.UNIMPLEMENTED,
    503: StatusCode.UNAVAILABLE,
    504: StatusCode.DEADLINE_EXCEEDED,
}


def read_target(task: tasks_v2.Task) -> Target:
    """The HTTP request of a task; App Engine targets and OAuth tokens are not simulated."""
    if "app_engine_http_request" in task:
        raise Unimplemented("App Engine tasks are not available on this server.")
    if "http_request" not in task:
        raise InvalidArgument("Task.message_type must be set.")
    request = task.http_request
    if "oauth_token" in request:
        raise Unimplemented("OAuth tokens are not available on this server; use an OIDC token.")
    token = None
    if "oidc_token" in request:
        token = OidcToken(request.oidc_token.service_account_email, request.oidc_token.audience)
    method = tasks_v2.HttpMethod(request.http_method)
    return Target(
        request.url,
        method.name if method else "POST",
        dict(request.headers),
        bytes(request.body),
        token,
    )


def read_schedule_time(task: tasks_v2.Task) -> datetime | None:
    """When the task is to run, if it says so."""
    if "schedule_time" not in task:
        return None
    moment: datetime = tasks_v2.Task.pb(task).schedule_time.ToDatetime(tzinfo=UTC)
    return moment


def read_dispatch_deadline(task: tasks_v2.Task) -> timedelta | None:
    """The deadline of each attempt, if the task has its own."""
    if "dispatch_deadline" not in task:
        return None
    deadline: timedelta = tasks_v2.Task.pb(task).dispatch_deadline.ToTimedelta()
    return deadline


def read_retry(given: tasks_v2.RetryConfig, base: RetryPolicy) -> RetryPolicy:
    """A retry config; what it leaves out stays as in ``base``."""
    raw = tasks_v2.RetryConfig.pb(given)
    spans = {
        name: getattr(raw, name).ToTimedelta() if raw.HasField(name) else getattr(base, name)
        for name in ("max_retry_duration", "min_backoff", "max_backoff")
    }
    return RetryPolicy(
        max_attempts=raw.max_attempts or base.max_attempts,
        max_doublings=raw.max_doublings or base.max_doublings,
        **spans,
    )


def read_settings(queue: tasks_v2.Queue, base: QueueSettings) -> QueueSettings:
    """A queue's settings; what the message leaves out stays as in ``base``."""
    if "http_target" in queue or "app_engine_routing_override" in queue:
        raise Unimplemented("Queue-level targets are not available on this server.")
    given = queue.rate_limits
    rate = RateLimits(
        given.max_dispatches_per_second or base.rate.max_dispatches_per_second,
        given.max_concurrent_dispatches or base.rate.max_concurrent_dispatches,
    )
    return QueueSettings(rate, read_retry(queue.retry_config, base.retry))


def write_queue(queue: Queue) -> tasks_v2.Queue:
    """A queue as the API shows it."""
    rate = queue.settings.rate
    state = tasks_v2.Queue.State
    return tasks_v2.Queue(
        name=queue.name,
        state=state.PAUSED if queue.paused else state.RUNNING,
        rate_limits=tasks_v2.RateLimits(
            max_dispatches_per_second=rate.max_dispatches_per_second,
            max_burst_size=rate.burst,
            max_concurrent_dispatches=rate.max_concurrent_dispatches,
        ),
        retry_config=_write_retry(queue.settings.retry),
        purge_time=queue.purge_time,
    )


def write_task(task: Task, *, full: bool) -> tasks_v2.Task:
    """A task as the API shows it; the body only in the full view."""
    target = task.target
    view = tasks_v2.Task.View
    return tasks_v2.Task(
        name=task.name,
        http_request=tasks_v2.HttpRequest(
            url=target.url,
            http_method=getattr(tasks_v2.HttpMethod, target.method),
            headers=dict(target.headers),
            body=target.body if full else b"",
            oidc_token=None
            if target.oidc is None
            else tasks_v2.OidcToken(
                service_account_email=target.oidc.service_account_email,
                audience=target.oidc.audience or target.url,
            ),
        ),
        schedule_time=task.schedule_time,
        create_time=task.create_time.replace(microsecond=0),
        dispatch_deadline=task.dispatch_deadline,
        dispatch_count=task.dispatch_count,
        response_count=task.response_count,
        first_attempt=_write_first(task.first_attempt),
        last_attempt=_write_last(task.last_attempt),
        view=view.FULL if full else view.BASIC,
        retry_config=None if task.retry is None else _write_retry(task.retry),
    )


def _write_retry(retry: RetryPolicy) -> tasks_v2.RetryConfig:
    return tasks_v2.RetryConfig(
        max_attempts=retry.max_attempts,
        max_retry_duration=retry.max_retry_duration or None,
        min_backoff=retry.min_backoff,
        max_backoff=retry.max_backoff,
        max_doublings=retry.max_doublings,
    )


def _write_first(attempt: Attempt | None) -> tasks_v2.Attempt | None:
    return None if attempt is None else tasks_v2.Attempt(dispatch_time=attempt.dispatch_time)


def _write_last(attempt: Attempt | None) -> tasks_v2.Attempt | None:
    if attempt is None:
        return None
    answered = attempt.status is not None
    return tasks_v2.Attempt(
        schedule_time=attempt.schedule_time,
        dispatch_time=attempt.dispatch_time,
        response_time=attempt.response_time,
        response_status=_write_status(attempt.status or NO_ANSWER) if answered else None,
    )


def _write_status(status: int) -> dict[str, object]:
    if 200 <= status < 300:
        return {"code": 0}
    code = _CODES.get(status, StatusCode.UNKNOWN)
    number = code.value[0]
    return {"code": number, "message": f"{code.name}({number}): HTTP status code {status}"}
