"""Scripts what goes wrong: which calls are refused, delayed, cut, dropped, twisted or stale."""

import threading
from copy import deepcopy
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from typing import Any

from local.microsoft.errors import GraphError, Json

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
LONGEST_WAIT = 120.0
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
class Fault:
    """One scripted fault; it hits calls of `method` (a shell pattern), `times` times after `skip` calls.

    `method` is such as events.create, calendarView.delta, batch, oauth.token; `times` 0 means for ever.
    """

    action: str
    method: str = "*"
    times: int = 1
    skip: int = 0
    account: str = ""
    calendar: str = ""
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
    hits: int = 0

    def refusal(self) -> GraphError:
        """The error that a `status` fault answers."""
        code = self.reason or CODES.get(self.status, "UnknownError")
        headers = {**self.headers, **({"Retry-After": self.retry_after} if self.retry_after else {})}
        return GraphError(self.status, code, self.message or code, inner=self.inner, headers=headers)


class Faults:
    """The script: faults in the order they were added."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._script: list[Fault] = []
        self.closing = threading.Event()

    def add(self, fault: Fault) -> Fault:
        """Put a fault at the end of the script."""
        if fault.action not in ACTIONS:
            raise ValueError(fault.action)
        with self._lock:
            self._script.append(fault)
        return fault

    def clear(self) -> None:
        """Drop the whole script."""
        with self._lock:
            self._script.clear()

    def listed(self) -> list[Json]:
        """The script as it stands, with how often each fault has hit."""
        with self._lock:
            return [
                {one.name: deepcopy(getattr(each, one.name)) for one in fields(each)} for each in self._script
            ]

    def take(self, method: str, *, account: str, calendar: str) -> Fault | None:
        """The fault that hits this call, if any."""
        with self._lock:
            for fault in self._script:
                if not fnmatchcase(method, fault.method):
                    continue
                if fault.account not in {"", account} or fault.calendar not in {"", calendar}:
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                fault.hits += 1
                if fault.times and fault.hits >= fault.times:
                    self._script.remove(fault)
                return fault
        return None

    def wait(self, seconds: float) -> None:
        """Let the caller wait, but not beyond the end of the simulator."""
        self.closing.wait(min(seconds, LONGEST_WAIT))


def twist(fault: Fault, answer: Json) -> Json:
    """An answer with a poisonous entry, or with values changed and removed."""
    twisted = deepcopy(answer)
    if fault.action == "poison":
        poison = fault.event or {"id": "poison", "type": 7, "start": "never", "showAs": "unknownFutureValue"}
        twisted.setdefault("value", []).append(poison)
    for path, value in fault.change.items():
        _visit(twisted, path.split("/"), value, remove=False)
    for path in fault.remove:
        _visit(twisted, path.split("/"), None, remove=True)
    return twisted


def _visit(node: Any, path: list[str], value: Any, *, remove: bool) -> None:
    name, rest = path[0], path[1:]
    for key in _keys(node, name):
        present = isinstance(node, list) or key in node
        if rest:
            if present:
                _visit(node[key], rest, value, remove=remove)
        elif not remove:
            node[key] = value
        elif present:
            del node[key]


def _keys(node: Any, name: str) -> list[Any]:
    if isinstance(node, list):
        if name == "*":
            return list(range(len(node)))
        return [int(name)] if name.isdigit() and int(name) < len(node) else []
    if isinstance(node, dict):
        return list(node) if name == "*" else [name]
    return []
