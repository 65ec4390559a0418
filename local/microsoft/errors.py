"""The errors of Graph and of the identity platform, with the status, codes and JSON body of each."""

from datetime import datetime
from typing import Any

Json = dict[str, Any]


class GraphError(Exception):
    """Graph refuses a request with this HTTP status, code and message."""

    def __init__(
        self, status: int, code: str, message: str, *, inner: str = "", headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code
        self.message = message
        self.inner = inner
        self.headers = headers or {}
        self.details: Json = {}

    def body(self, *, now: datetime, request_id: str) -> Json:
        """The JSON body of the error; `inner` is a more exact code inside innerError."""
        inner: Json = {"code": self.inner} if self.inner else {}
        inner |= {"date": f"{now:%Y-%m-%dT%H:%M:%S}", "request-id": request_id}
        return {
            "error": {
                "code": self.code,
                "message": self.message,
                "innerError": inner | {"client-request-id": request_id},
            }
            | self.details
        }


class SignInError(Exception):
    """The identity platform refuses a request; `code` is the AADSTS number."""

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
        """The text for people, which begins with the AADSTS number."""
        return f"AADSTS{self.code}: {self.text}"

    def body(self, *, now: datetime, trace: str) -> Json:
        """The JSON body of the token endpoint's error."""
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
    """400: refused by Graph's front end."""
    return GraphError(400, code, message)


def invalid(code: str, message: str) -> GraphError:
    """400: refused by Exchange."""
    return GraphError(400, code, message)


def item_not_found() -> GraphError:
    """404: the mailbox has nothing with this id."""
    return GraphError(404, "ErrorItemNotFound", "The specified object was not found in the store.")


def id_malformed() -> GraphError:
    """400: the id does not have the form of an Exchange id."""
    return GraphError(400, "ErrorInvalidIdMalformed", "Id is malformed.")


def access_denied() -> GraphError:
    """403: a permission is missing, or the calendar is somebody else's."""
    return GraphError(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")


def token_invalid(message: str) -> GraphError:
    """401: the access token is missing, unknown or expired."""
    challenge = (
        'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize"'
    )
    headers = {"WWW-Authenticate": challenge}
    return GraphError(401, "InvalidAuthenticationToken", message, headers=headers)


def transaction_taken(event_id: str) -> GraphError:
    """400: the transactionId made another event, which the error names (fact M40)."""
    message = "Your request can't be completed. The transaction ID was used to create a different event."
    error = GraphError(400, "ErrorDuplicateTransactionId", message)
    error.details = {"@event.existingEventId": event_id}
    return error


def conflict_of_change_keys() -> GraphError:
    """412: the etag in If-Match is not the current one."""
    message = (
        "The send or update operation could not be performed because the change key passed in the request "
        "does not match the current change key for the item."
    )
    return GraphError(412, "ErrorIrresolvableConflict", message)


def time_zone_not_supported(name: str) -> GraphError:
    """400: Exchange does not know this time zone."""
    message = (
        f"A valid TimeZone value must be specified. The following TimeZone value is not supported: '{name}'."
    )
    return GraphError(400, "TimeZoneNotSupportedException", message)


def throttled(*, retry_after: int, message: str, status: int = 429) -> GraphError:
    """429: too many requests, with the seconds to wait unless they are 0 (often they are missing: M115)."""
    headers = {"Retry-After": str(retry_after)} if retry_after else {}
    return GraphError(status, "ApplicationThrottled", message, headers=headers)
