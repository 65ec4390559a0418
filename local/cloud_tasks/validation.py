"""Checks a queue or a task against the limits of the API before it is accepted."""

from __future__ import annotations

from datetime import timedelta

from local.cloud_tasks.errors import InvalidArgument
from local.cloud_tasks.model import QueueSettings, ServiceLimits, Target

_METHODS = {"POST", "GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS"}
_WITH_BODY = {"POST", "PUT", "PATCH"}


def check_settings(settings: QueueSettings) -> None:
    """Check a queue's rate limits and retry policy.

    Raises:
        InvalidArgument: The service does not allow them.
    """
    rate, retry = settings.rate, settings.retry
    if not 0 < rate.max_dispatches_per_second <= 500:
        raise InvalidArgument("RateLimits.maxDispatchesPerSecond must be greater than 0 and at most 500.")
    if not 0 < rate.max_concurrent_dispatches <= 5000:
        raise InvalidArgument("RateLimits.maxConcurrentDispatches must be greater than 0 and at most 5000.")
    if rate.max_burst_size < 0:
        raise InvalidArgument("RateLimits.maxBurstSize must not be negative.")
    if retry.max_attempts < -1 or retry.max_attempts == 0:
        raise InvalidArgument("RetryConfig.maxAttempts must be -1 or greater than 0.")
    if not timedelta(0) <= retry.min_backoff <= retry.max_backoff:
        raise InvalidArgument("RetryConfig.minBackoff must not be greater than RetryConfig.maxBackoff.")
    if retry.max_doublings < 0 or retry.max_retry_duration < timedelta(0):
        raise InvalidArgument("RetryConfig.maxDoublings and maxRetryDuration must not be negative.")


def check_target(target: Target, limits: ServiceLimits) -> None:
    """Check that a task's request can be sent.

    Raises:
        InvalidArgument: It cannot.
    """
    if not target.url.startswith(("http://", "https://")):
        raise InvalidArgument("HttpRequest.url must begin with http:// or https://")
    if len(target.url) > limits.url_length:
        raise InvalidArgument(f"HttpRequest.url must be at most {limits.url_length} characters.")
    if target.method not in _METHODS:
        raise InvalidArgument("HttpRequest.httpMethod is not an HTTP method.")
    if target.body and target.method not in _WITH_BODY:
        raise InvalidArgument("HttpRequest.body is allowed only for POST, PUT and PATCH.")
    if target.oidc is not None and "@" not in target.oidc.service_account_email:
        raise InvalidArgument("OidcToken.serviceAccountEmail must be the email of a service account.")
    if not all(_sendable(name) and _sendable(value) for name, value in target.headers.items()):
        raise InvalidArgument("HttpRequest.headers must be printable ASCII.")
    headers = sum(len(name) + len(value) for name, value in target.headers.items())
    if len(target.body) + len(target.url) + headers > limits.task_bytes:
        raise InvalidArgument(f"Task size too large: at most {limits.task_bytes} bytes.")


def _sendable(text: str) -> bool:
    return text.isascii() and (text.isprintable() or not text)


def check_deadline(given: timedelta | None, limits: ServiceLimits) -> timedelta:
    """The deadline of each attempt: the given one inside the limits, or the default."""
    if given is None:
        return limits.default_deadline
    if not limits.min_deadline <= given <= limits.max_deadline:
        raise InvalidArgument("Task.dispatchDeadline must be between [15s, 30m].")
    return given
