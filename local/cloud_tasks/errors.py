"""The refusals of the Cloud Tasks API, each with its gRPC name and its HTTP status."""

from __future__ import annotations

from typing import ClassVar


class ApiError(Exception):
    """A refusal that the gRPC API and the REST API pass on to the caller."""

    code: ClassVar[str] = "UNKNOWN"
    http_status: ClassVar[int] = 500

    def __init__(self, message: str) -> None:
        """Keep the message: callers read it in the gRPC details and in the REST error body."""
        super().__init__(message)
        self.message = message


class InvalidArgument(ApiError):
    """The request violates a rule of the API."""

    code = "INVALID_ARGUMENT"
    http_status = 400


class FailedPrecondition(ApiError):
    """The request is well formed, but the state does not allow it."""

    code = "FAILED_PRECONDITION"
    http_status = 400


class NotFound(ApiError):
    """No such queue or task, or not any more."""

    code = "NOT_FOUND"
    http_status = 404


class AlreadyExists(ApiError):
    """The name is in use, or was used too recently."""

    code = "ALREADY_EXISTS"
    http_status = 409


class Unimplemented(ApiError):
    """A part of the API that this server does not simulate."""

    code = "UNIMPLEMENTED"
    http_status = 501


class Unauthenticated(ApiError):
    """The call carries no valid credentials."""

    code = "UNAUTHENTICATED"
    http_status = 401


class ResourceExhausted(ApiError):
    """The quota for calls of the API is used up."""

    code = "RESOURCE_EXHAUSTED"
    http_status = 429


class Unavailable(ApiError):
    """The service cannot answer now."""

    code = "UNAVAILABLE"
    http_status = 503
