"""The one table from errors to answers."""

from __future__ import annotations

import math

from common import errors
from common.api.http import InvalidFields, Reply, problem
from common.errors import SyncError

STATUS: dict[type[SyncError], int] = {
    errors.SyncError: 500,
    errors.Retry: 503,
    errors.RateLimited: 503,
    errors.ProviderUnavailable: 503,
    errors.GrantDoubted: 503,
    errors.AccountClosed: 503,
    errors.Conflict: 409,
    errors.StoreUnavailable: 503,
    errors.UnreadableDocument: 503,
    errors.CursorExpired: 500,
    errors.Stop: 409,
    errors.GrantRevoked: 409,
    errors.CalendarGone: 409,
    errors.Forbidden: 409,
    errors.PartRefused: 409,
    errors.UsageExhausted: 503,
    errors.GivenUp: 409,
    errors.OperatorFault: 500,
    # Understood, but not in this state of things.
    errors.Rejected: 409,
    errors.InvalidRequest: 400,
    errors.UnknownResource: 404,
    errors.SlotTaken: 409,
    errors.AlreadyExists: 409,
    errors.ReadOnly: 403,
    errors.StaleVersion: 412,
    errors.PreconditionRequired: 428,
    errors.InUse: 409,
    errors.UntrustedCaller: 401,
    errors.NotAllowed: 403,
    errors.KeyReused: 422,
    errors.TooLarge: 413,
    errors.TooMany: 429,
    errors.MethodNotAllowed: 405,
    errors.UnsupportedMedia: 415,
    errors.Degraded: 503,
    errors.AvailabilityUnknown: 503,
    errors.UnexpectedReply: 502,
    errors.SealedForAnother: 502,
}


def status(error: SyncError) -> int:
    """The HTTP status of an error: its own row, or that of its nearest base."""
    return next(STATUS[kind] for kind in type(error).__mro__ if kind in STATUS)


def answer(error: SyncError) -> Reply:
    """The problem that a caller is shown."""
    code = status(error)
    headers: dict[str, str] = {}
    if isinstance(error, errors.Retry) and error.retry_after is not None:
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
    if isinstance(error, errors.TooMany):
        headers |= _limited(error)
    if isinstance(error, errors.MethodNotAllowed):
        # https://www.rfc-editor.org/rfc/rfc9110#section-15.5.6
        headers["Allow"] = ", ".join(error.allowed)
    if isinstance(error, errors.UntrustedCaller):
        headers["WWW-Authenticate"] = "Bearer"
    listed = list(error.errors) if isinstance(error, InvalidFields) else None
    return problem(code, error.reason, error.detail or error.reason, errors=listed, headers=headers)


def _limited(error: errors.TooMany) -> dict[str, str]:
    """When to come back, and what is allowed.

    https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/
    """
    wait = max(1, math.ceil(error.retry_after))
    name = error.reason.removeprefix("rate_limited_")
    return {
        "Retry-After": str(wait),
        "RateLimit-Policy": f'"{name}";q={error.quota};w={error.seconds}',
        "RateLimit": f'"{name}";r=0;t={wait}',
    }
