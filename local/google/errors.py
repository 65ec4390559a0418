"""Decides what a refused Calendar API call answers: one exception, and the bodies Google documents."""

from typing import Any

Json = dict[str, Any]

CODES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}


class ApiError(Exception):
    """A refusal with Google's status, reason and body."""

    def __init__(
        self,
        status: int,
        reason: str,
        message: str,
        *,
        domain: str = "global",
        location: str = "",
        location_type: str = "",
        details: list[Json] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {reason}")
        self.status = status
        self.reason = reason
        self.message = message
        self.domain = domain
        self.location = location
        self.location_type = location_type
        self.details = details
        self.headers = headers or {}

    def body(self) -> Json:
        """The JSON body: the classic shape, plus `status` and `details` where the front end refuses."""
        item = {"domain": self.domain, "reason": self.reason, "message": self.message}
        if self.location:
            item |= {"locationType": self.location_type or "parameter", "location": self.location}
        error: Json = {"errors": [item], "code": self.status, "message": self.message}
        if self.details is not None:
            error |= {"status": CODES.get(self.status, "UNKNOWN"), "details": self.details}
        return {"error": error}


def invalid(message: str = "Invalid Value", location: str = "", *, reason: str = "invalid") -> ApiError:
    """400 for a value that the API cannot accept."""
    return ApiError(400, reason, message, location=location)


def bad_request(message: str = "Bad Request") -> ApiError:
    """400 for a request that does not parse."""
    return ApiError(400, "badRequest", message)


def required(message: str, location: str = "") -> ApiError:
    """400 for a missing value."""
    return ApiError(400, "required", message, location=location)


def not_found() -> ApiError:
    """404: it never existed, or the caller has no access."""
    return ApiError(404, "notFound", "Not Found")


def forbidden(message: str = "Forbidden") -> ApiError:
    """403 that no retry cures."""
    return ApiError(403, "forbidden", message)


def needs_access(level: str) -> ApiError:
    """403 for a role that is too weak."""
    message = f"You need to have {level} access to this calendar."
    return ApiError(403, "requiredAccessLevel", message, domain="calendar")


def not_organizer() -> ApiError:
    """403 for a guest who changes what belongs to the organizer."""
    message = "Shared properties can only be changed by the organizer of the event."
    return ApiError(403, "forbiddenForNonOrganizer", message, domain="calendar")


def duplicate() -> ApiError:
    """409 for an id that is taken, be it by a deleted event."""
    return ApiError(409, "duplicate", "The requested identifier already exists.")


def deleted() -> ApiError:
    """410 for deleting what is deleted."""
    return ApiError(410, "deleted", "Resource has been deleted")


def full_sync_required() -> ApiError:
    """410 for a sync token that is no longer valid."""
    message = "Sync token is no longer valid, a full sync is required."
    return ApiError(410, "fullSyncRequired", message, domain="calendar", location="syncToken")


def updated_min_too_long_ago() -> ApiError:
    """410 for an `updatedMin` outside the retained history."""
    message = "The requested minimum modification time lies too far in the past."
    return ApiError(410, "updatedMinTooLongAgo", message, domain="calendar", location="updatedMin")


def condition_not_met() -> ApiError:
    """412 for an etag that is out of date."""
    return ApiError(
        412, "conditionNotMet", "Precondition Failed", location="If-Match", location_type="header"
    )


def auth_error() -> ApiError:
    """401 for an access token that is unknown, expired or revoked."""
    headers = {"WWW-Authenticate": 'Bearer realm="https://accounts.google.com/", error="invalid_token"'}
    return ApiError(
        401,
        "authError",
        "Invalid Credentials",
        location="Authorization",
        location_type="header",
        headers=headers,
    )


def login_required() -> ApiError:
    """401 for a call without any credentials."""
    return ApiError(401, "required", "Login Required", location="Authorization", location_type="header")


def error_info(reason: str, **metadata: str) -> Json:
    """The ErrorInfo detail of the newer shape."""
    kind = "type.googleapis.com/google.rpc.ErrorInfo"
    return {"@type": kind, "reason": reason, "domain": "googleapis.com", "metadata": metadata}


def scope_insufficient(method: str) -> ApiError:
    """403 for a token whose scopes do not allow the method."""
    detail = error_info(
        "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
        service="calendar-json.googleapis.com",
        method=f"calendar.v3.{method}",
    )
    return ApiError(
        403,
        "insufficientPermissions",
        "Request had insufficient authentication scopes.",
        details=[detail],
        headers={
            "WWW-Authenticate": 'Bearer realm="https://accounts.google.com/", error="insufficient_scope"'
        },
    )


def usage_limit(status: int, reason: str, message: str, *, retry_after: str = "") -> ApiError:
    """403 or 429 of the usageLimits domain."""
    headers = {"Retry-After": retry_after} if retry_after else {}
    return ApiError(status, reason, message, domain="usageLimits", headers=headers)
