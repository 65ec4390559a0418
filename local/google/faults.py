"""Scripted faults: a call is refused, delayed, cut off, altered or answered from old data, as a test asks."""

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from local.google.api.limits import Shape, limit_error
from local.google.errors import ApiError, Json
from local.google.model import Calendar
from local.simulation.faults import FaultScript, ScriptedFault, rewrite_json

ACTIONS = frozenset(
    [
        "status",
        "html",
        "slow",
        "hang",
        "drop_before",
        "drop_after",
        "truncate",
        "rewrite",
        "poison",
        "page",
        "stale",
        "oauth_error",
    ]
)
BAD_GATEWAY = (
    "<!DOCTYPE html><html lang=en><title>Error 502 (Server Error)!!1</title>"
    "<p><b>502.</b> <ins>That's an error.</ins><p>The server encountered a temporary error.</html>"
)
MESSAGES = {"backendError": "Backend Error", "forbidden": "Forbidden", "notFound": "Not Found"}


@dataclass(slots=True)
class Fault(ScriptedFault):
    """One scripted fault.

    It applies to calls whose `method` matches the shell pattern, `times` times after `skip` calls;
    `times` 0 means always. `method` is an API method such as events.list, or oauth.auth, oauth.token,
    oauth.revoke.
    """

    status: int = 503
    reason: str = "backendError"
    message: str = ""
    domain: str = "global"
    retry_after: str = ""
    shape: Shape = "classic"
    seconds: float = 1.0
    change: Json = field(default_factory=dict)
    remove: list[str] = field(default_factory=list)
    event: Json = field(default_factory=dict)
    page: str = "empty"
    frozen: Calendar | None = None

    def error(self) -> ApiError:
        """The error that a fault with the action `status` answers."""
        if "ateLimitExceeded" in self.reason:
            return limit_error(
                self.reason, shape=self.shape, status=self.status, retry_after=self.retry_after
            )
        headers = {"Retry-After": self.retry_after} if self.retry_after else {}
        message = self.message or MESSAGES.get(self.reason, self.reason)
        return ApiError(self.status, self.reason, message, domain=self.domain, headers=headers)


Faults = FaultScript[Fault]


def alter_answer(fault: Fault, answer: Any) -> Any:
    """Return a copy of an answer, with values changed, removed, or an invalid event added."""
    if not isinstance(answer, dict):
        return answer
    altered = deepcopy(answer)
    if fault.action == "poison":
        altered.setdefault("items", []).append(
            fault.event or {"id": "poison0", "status": 7, "start": "never"}
        )
    rewrite_json(altered, change=fault.change, remove=fault.remove, separator=".")
    return altered
