"""Decides what a refused call answers: Graph's error body, and the identity platform's."""

from datetime import datetime
from typing import Any

Json = dict[str, Any]


class GraphError(Exception):
    """A refusal with Graph's status, code and body."""

    def __init__(
        self, status: int, code: str, message: str, *, inner: str = "", headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.message = message
        self.inner = inner
        self.headers = headers or {}

    def body(self, *, now: datetime, request_id: str) -> Json:
        """The JSON body; `inner` is a more exact code inside innerError."""
        inner: Json = {"code": self.inner} if self.inner else {}
        inner |= {"date": f"{now:%Y-%m-%dT%H:%M:%S}", "request-id": request_id}
        return {
            "error": {
                "code": self.code,
                "message": self.message,
                "innerError": inner | {"client-request-id": request_id},
            }
        }


class SignInError(Exception):
    """A refusal of the identity platform, with AADSTS numbers."""

    def __init__(
        self,
        error: str,
        *,
        code: int,
        text: str,
        status: int = 400,
        suberror: str = "",
        claims: str = "",
    ) -> None:
        super().__init__(f"{error} {code}")
        self.error = error
        self.code = code
        self.text = text
        self.status = status
        self.suberror = suberror
        self.claims = claims

    @property
    def description(self) -> str:
        """The text for people, which begins with the number."""
        return f"AADSTS{self.code}: {self.text}"

    def body(self, *, now: datetime, trace: str) -> Json:
        """The JSON body of the token endpoint."""
        stamp = f"{now:%Y-%m-%d %H:%M:%SZ}"
        made: Json = {
            "error": self.error,
            "error_description": (
                f"{self.description} Trace ID: {trace} Correlation ID: {trace} Timestamp: {stamp}"
            ),
            "error_codes": [self.code],
            "timestamp": stamp,
            "trace_id": trace,
            "correlation_id": trace,
            "error_uri": f"https://login.microsoftonline.com/error?code={self.code}",
        }
        optional = {"suberror": self.suberror, "claims": self.claims}
        return made | {name: value for name, value in optional.items() if value}


def bad_request(message: str, code: str = "BadRequest") -> GraphError:
    """400 for a request that Graph's front end refuses."""
    return GraphError(400, code, message)


def invalid(code: str, message: str) -> GraphError:
    """400 for what Exchange refuses."""
    return GraphError(400, code, message)


def item_not_found() -> GraphError:
    """404: the id names nothing that the mailbox holds."""
    return GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.")


def id_malformed() -> GraphError:
    """400: the id is no Exchange id at all."""
    return GraphError(400, "ErrorInvalidIdMalformed", "Id is malformed.")


def access_denied() -> GraphError:
    """403: a scope is missing, or the folder is somebody else's."""
    return GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")


def token_invalid(message: str) -> GraphError:
    """401 for an access token that is missing, unknown or too old."""
    challenge = (
        'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"'
    )
    headers = {"WWW-Authenticate": challenge}
    return GraphError(401, "InvalidAuthenticationToken", message, headers=headers)


def conflict_of_change_keys() -> GraphError:
    """412 for an etag that is out of date."""
    message = (
        "The send or update operation could not be performed because the change key passed in the request "
        "does not match the current change key for the item."
    )
    return GraphError(412, "ErrorIrresolvableConflict", message)


def time_zone_not_supported(name: str) -> GraphError:
    """400 for a time zone that Exchange does not know."""
    message = (
        f"A valid TimeZone value must be specified. The following TimeZone value is not supported: '{name}'."
    )
    return GraphError(400, "TimeZoneNotSupportedException", message)


def throttled(*, retry_after: int, message: str, code: str = "ApplicationThrottled") -> GraphError:
    """429 with the seconds to wait."""
    return GraphError(429, code, message, headers={"Retry-After": str(retry_after)})
