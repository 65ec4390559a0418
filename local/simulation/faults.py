"""Scripted faults of both simulators: which fault applies to which call, and how answers are altered."""

import threading
from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, fields
from fnmatch import fnmatchcase
from typing import Any, Generic, TypeVar

LONGEST_WAIT = 120.0


@dataclass(slots=True)
class ScriptedFault:
    """What a fault does and which calls it applies to: those whose `method` matches the shell pattern.

    It applies `times` times after `skip` calls; `times` 0 means always. `account` and `calendar` narrow
    it, if given.
    """

    action: str
    method: str = "*"
    times: int = 1
    skip: int = 0
    account: str = ""
    calendar: str = ""
    hits: int = field(default=0, kw_only=True)

    def matches(self, method: str, *, account: str, calendar: str) -> bool:
        """Whether the fault is about a call of this method, account and calendar."""
        return (
            fnmatchcase(method, self.method)
            and self.account in {"", account}
            and self.calendar in {"", calendar}
        )


FaultType = TypeVar("FaultType", bound=ScriptedFault)


class FaultScript(Generic[FaultType]):
    """The faults that are still to come, in the order they were added.

    `unlisted` names fields that cannot be shown as JSON.
    """

    def __init__(self, actions: frozenset[str], *, unlisted: frozenset[str] = frozenset()) -> None:
        self.closing = threading.Event()
        self._actions = actions
        self._unlisted = unlisted
        self._lock = threading.Lock()
        self._script: list[FaultType] = []

    def add(self, fault: FaultType) -> FaultType:
        """Add a fault at the end; ValueError if its action is unknown."""
        if fault.action not in self._actions:
            raise ValueError(fault.action)
        with self._lock:
            self._script.append(fault)
        return fault

    def clear(self) -> None:
        """Remove all faults."""
        with self._lock:
            self._script.clear()

    def listed(self) -> list[dict[str, Any]]:
        """Return the faults that are still to come, with how often each has applied."""
        with self._lock:
            return [self._plain(fault) for fault in self._script]

    def _plain(self, fault: FaultType) -> dict[str, Any]:
        names = (each.name for each in fields(fault) if each.name not in self._unlisted)
        return {name: deepcopy(getattr(fault, name)) for name in names}

    def take(self, method: str, *, account: str, calendar: str) -> FaultType | None:
        """Return the fault that applies to this call, and count it; None if there is none."""
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
        """Wait so many seconds, or until the simulator is closed."""
        self.closing.wait(min(seconds, LONGEST_WAIT))


def rewrite_json(answer: Any, *, change: Mapping[str, Any], remove: Sequence[str], separator: str) -> None:
    """Set and remove values in a JSON answer, in place, by paths such as items/*/start.

    `*` stands for every entry; removing what does not exist does nothing.
    """
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
