"""Scripted faults: a request is refused, delayed, cut off or answered with altered data, as a test asks.

Seen in reality, and shown with them (docs/provider-facts.md): pages without entries (`page`: M6, M54),
answers that were lost although all was done (`drop_after`: M45, M46), and with `status` limits of mails
(M60), trouble with lists of calendars (M97, M99), with mailboxes on own servers and with creations (M101,
M102, M103, M104), outages of writes (M122) and tokens between services (M155).
"""

from copy import deepcopy
from dataclasses import dataclass, field

from local.microsoft.errors import GraphError, Json
from local.simulation.faults import FaultScript, ScriptedFault, rewrite_json

ACTIONS = frozenset(
    [
        "status",
        "oauth_error",
        "html",
        "slow",
        "hang",
        "drop_before",
        "drop_after",
        "truncate",
        "rewrite",
        "poison",
        "page",
    ]
)
HTML_ERROR = (
    "<!DOCTYPE html><html><head><title>Runtime Error</title></head>"
    "<body><h1>Server Error in '/' Application.</h1></body></html>"
)
CODES = {
    401: "InvalidAuthenticationToken",
    403: "ErrorAccessDenied",
    404: "ErrorItemNotFound",
    410: "SyncStateNotFound",
    412: "ErrorIrresolvableConflict",
    429: "ApplicationThrottled",
    500: "ErrorInternalServerTransientError",
    502: "BadGateway",
    503: "ServiceUnavailable",
    504: "UnknownError",
}


@dataclass(slots=True)
class Fault(ScriptedFault):
    """One scripted fault.

    It applies to calls whose `method` matches the shell pattern, `times` times after `skip` calls;
    `times` 0 means always. `method` is such as events.create, calendarView.delta, batch or oauth.token.
    """

    status: int = 503
    reason: str = ""
    message: str = ""
    inner: str = ""
    retry_after: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    aadsts: int = 90033
    suberror: str = ""
    claims: str = ""
    seconds: float = 1.0
    change: Json = field(default_factory=dict)
    remove: list[str] = field(default_factory=list)
    event: Json = field(default_factory=dict)
    page: str = "empty"

    def error(self) -> GraphError:
        """The error that a fault with the action `status` answers."""
        code = self.reason or CODES.get(self.status, "UnknownError")
        headers = {**self.headers, **({"Retry-After": self.retry_after} if self.retry_after else {})}
        return GraphError(self.status, code, self.message or code, inner=self.inner, headers=headers)


Faults = FaultScript[Fault]


def alter_answer(fault: Fault, answer: Json) -> Json:
    """Return a copy of an answer, with values changed, removed, or an invalid event added (`poison`)."""
    altered = deepcopy(answer)
    if fault.action == "poison":
        poison = fault.event or {"id": "poison", "type": 7, "start": "never", "showAs": "unknownFutureValue"}
        altered.setdefault("value", []).append(poison)
    rewrite_json(altered, change=fault.change, remove=fault.remove, separator="/")
    return altered
