"""Decides which scripted fault hits which call, and lets slow calls wait."""

import threading
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from typing import Any, Generic, TypeVar

LONGEST_WAIT = 120.0


@dataclass(slots=True)
class ScriptedFault:
    """What a fault does and which calls it hits: those of `method`, a shell pattern, with other bounds.

    It hits `times` times after `skip` calls; `times` 0 means for ever.
    """

    action: str
    method: str = "*"
    times: int = 1
    skip: int = 0
    account: str = ""
    calendar: str = ""
    hits: int = field(default=0, kw_only=True)

    def matches(self, method: str, *, account: str, calendar: str) -> bool:
        """Whether it is about this call."""
        return (
            fnmatchcase(method, self.method)
            and self.account in {"", account}
            and self.calendar in {"", calendar}
        )


FaultType = TypeVar("FaultType", bound=ScriptedFault)


class FaultScript(Generic[FaultType]):
    """Faults in the order they were added; `unlisted` names fields that are no plain data."""

    def __init__(self, actions: frozenset[str], *, unlisted: frozenset[str] = frozenset()) -> None:
        self.closing = threading.Event()
        self._actions = actions
        self._unlisted = unlisted
        self._lock = threading.Lock()
        self._script: list[FaultType] = []

    def add(self, fault: FaultType) -> FaultType:
        """Put a fault at the end of the script."""
        if fault.action not in self._actions:
            raise ValueError(fault.action)
        with self._lock:
            self._script.append(fault)
        return fault

    def clear(self) -> None:
        """Drop the whole script."""
        with self._lock:
            self._script.clear()

    def listed(self) -> list[dict[str, Any]]:
        """The script as it stands, with how often each fault has hit."""
        with self._lock:
            return [self._plain(fault) for fault in self._script]

    def _plain(self, fault: FaultType) -> dict[str, Any]:
        names = (each.name for each in fields(fault) if each.name not in self._unlisted)
        return {name: deepcopy(getattr(fault, name)) for name in names}

    def take(self, method: str, *, account: str, calendar: str) -> FaultType | None:
        """The fault that hits this call, if any."""
        with self._lock:
            for fault in self._script:
                if not fault.matches(method, account=account, calendar=calendar):
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


def rewrite_json(answer: Any, *, change: Mapping[str, Any], remove: Sequence[str], separator: str) -> None:
    """Set and drop values in place; `*` stands for every entry, and what is not there is not dropped."""
    for path, value in change.items():
        _visit(answer, path.split(separator), value, remove=False)
    for path in remove:
        _visit(answer, path.split(separator), None, remove=True)


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
