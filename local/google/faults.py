"""Scripts what goes wrong: which calls are refused, delayed, cut, dropped, twisted or stale."""

import threading
from copy import deepcopy
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from typing import Any

from local.google.errors import ApiError, Json
from local.google.model import Calendar
from local.google.quota import Shape, limit_error

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
LONGEST_WAIT = 120.0
BAD_GATEWAY = (
    "<!DOCTYPE html><html lang=en><title>Error 502 (Server Error)!!1</title>"
    "<p><b>502.</b> <ins>That's an error.</ins><p>The server encountered a temporary error.</html>"
)
MESSAGES = {"backendError": "Backend Error", "forbidden": "Forbidden", "notFound": "Not Found"}


@dataclass(slots=True)
class Fault:
    """One scripted fault; it hits calls of `method` (a shell pattern), `times` times after `skip` calls.

    `method` is an API method such as events.list, or oauth.auth, oauth.token, oauth.revoke.
    `times` 0 means for ever.
    """

    action: str
    method: str = "*"
    times: int = 1
    skip: int = 0
    account: str = ""
    calendar: str = ""
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
    hits: int = 0
    frozen: Calendar | None = None

    def refusal(self) -> ApiError:
        """The error that a `status` fault answers."""
        if "ateLimitExceeded" in self.reason:
            return limit_error(
                self.reason, shape=self.shape, status=self.status, retry_after=self.retry_after
            )
        headers = {"Retry-After": self.retry_after} if self.retry_after else {}
        message = self.message or MESSAGES.get(self.reason, self.reason)
        return ApiError(self.status, self.reason, message, domain=self.domain, headers=headers)


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
            return [_plain(fault) for fault in self._script]

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


def _plain(fault: Fault) -> Json:
    names = (each.name for each in fields(fault) if each.name != "frozen")
    return {name: deepcopy(getattr(fault, name)) for name in names}


def twist(fault: Fault, answer: Any) -> Any:
    """An answer with poison or with values changed and removed."""
    if not isinstance(answer, dict):
        return answer
    twisted = deepcopy(answer)
    if fault.action == "poison":
        twisted.setdefault("items", []).append(
            fault.event or {"id": "poison0", "status": 7, "start": "never"}
        )
    for path, value in fault.change.items():
        _visit(twisted, path.split("."), value, remove=False)
    for path in fault.remove:
        _visit(twisted, path.split("."), None, remove=True)
    return twisted


def _visit(node: Any, path: list[str], value: Any, *, remove: bool) -> None:
    name, rest = path[0], path[1:]
    for key in _keys(node, name):
        if rest:
            if isinstance(node, list) or key in node:
                _visit(node[key], rest, value, remove=remove)
        elif remove:
            if isinstance(node, list) or key in node:
                del node[key]
        else:
            node[key] = value


def _keys(node: Any, name: str) -> list[Any]:
    if isinstance(node, list):
        if name == "*":
            return list(range(len(node)))
        return [int(name)] if name.isdigit() and int(name) < len(node) else []
    if isinstance(node, dict):
        return list(node) if name == "*" else [name]
    return []
