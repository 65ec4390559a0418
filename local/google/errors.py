"""The errors of the Calendar API, with the status, reason and JSON body that Google documents for each."""

# https://developers.google.com/workspace/calendar/api/guides/errors

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
    """A call is refused with this HTTP status, reason and message."""

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
        """The JSON body of the error.

        Errors of Google's front end have `status` and `details` beside the classic fields.
        """
        item = {"domain": self.domain, "reason": self.reason, "message": self.message}
        if self.location:
            item |= {"locationType": self.location_type or "parameter", "location": self.location}
        error: Json = {"errors": [item], "code": self.status, "message": self.message}
        if self.details is not None:
            error |= {"status": CODES.get(self.status, "UNKNOWN"), "details": self.details}
        return {"error": error}


def invalid(message: str = "Invalid Value", location: str = "", *, reason: str = "invalid") -> ApiError:
    """400: a value that the API does not accept."""
    return ApiError(400, reason, message, location=location)


def bad_request(message: str = "Bad Request") -> ApiError:
    """400: the request cannot be understood."""
    return ApiError(400, "badRequest", message)


def required(message: str, location: str = "") -> ApiError:
    """400: a required value is missing."""
    return ApiError(400, "required", message, location=location)


def not_found() -> ApiError:
    """404: the resource does not exist, or the caller has no access to it."""
    return ApiError(404, "notFound", "Not Found")


def forbidden(message: str = "Forbidden") -> ApiError:
    """403: not allowed, and a retry will not help."""
    return ApiError(403, "forbidden", message)


def needs_access(level: str) -> ApiError:
    """403: the caller's role on the calendar is too weak (G94)."""
    message = f"You need to have {level} access to this calendar."
    return ApiError(403, "requiredAccessLevel", message, domain="calendar")


def not_organizer() -> ApiError:
    """403: an attendee tries to change what only the organizer may change."""
    message = "Shared properties can only be changed by the organizer of the event."
    return ApiError(403, "forbiddenForNonOrganizer", message, domain="calendar")


def duplicate() -> ApiError:
    """409: the id is in use, perhaps by a deleted event."""
    return ApiError(409, "duplicate", "The requested identifier already exists.")


def deleted() -> ApiError:
    """410: the event to delete is already deleted (G29)."""
    return ApiError(410, "deleted", "Resource has been deleted")


def full_sync_required() -> ApiError:
    """410: the sync token is no longer valid."""
    message = "Sync token is no longer valid, a full sync is required."
    return ApiError(410, "fullSyncRequired", message, domain="calendar", location="syncToken")


def updated_min_too_long_ago() -> ApiError:
    """410: `updatedMin` lies before the changes that Google keeps (G21)."""
    message = "The requested minimum modification time lies too far in the past."
    return ApiError(410, "updatedMinTooLongAgo", message, domain="calendar", location="updatedMin")


def condition_not_met() -> ApiError:
    """412: the etag in If-Match is not the current one (G22)."""
    return ApiError(
        412, "conditionNotMet", "Precondition Failed", location="If-Match", location_type="header"
    )


def auth_error() -> ApiError:
    """401: the access token is unknown, expired or revoked (G111, G129)."""
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
    """401: the request carries no access token."""
    return ApiError(401, "required", "Login Required", location="Authorization", location_type="header")


def error_info(reason: str, **metadata: str) -> Json:
    """The ErrorInfo object in the details of Google's newer error format."""
    kind = "type.googleapis.com/google.rpc.ErrorInfo"
    return {"@type": kind, "reason": reason, "domain": "googleapis.com", "metadata": metadata}


def scope_insufficient(method: str) -> ApiError:
    """403: none of the token's scopes allows the method (G132)."""
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
    """403 or 429: a usage limit is exceeded."""
    headers = {"Retry-After": retry_after} if retry_after else {}
    return ApiError(status, reason, message, domain="usageLimits", headers=headers)
