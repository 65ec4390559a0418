"""Ports that kill the instance at a chosen call, before or after it took effect; counted writes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from types import MappingProxyType
from typing import Any

from common.ports import Ports
from common.ports.provider import Provider
from common.store.firestore.documents import Documents

CALLED = ("clock", "keys", "vault", "log", "tuning")


class Crash(Exception):
    """Raised in place of the end of the process: the instance was killed."""


class CrashPlan:
    """Counts the calls of ports, and kills the instance at a chosen one."""

    def __init__(self) -> None:
        self.calls = 0
        self.at: int | None = None
        self.after = False
        self.crashes = 0
        self.names: list[str] = []

    def arm(self, calls: int, *, after: bool) -> None:
        """Kill the instance at the ``calls``-th call from now, before or after that call took effect."""
        self.at, self.after = self.calls + calls, after

    def disarm(self) -> None:
        """Kill nothing from now on."""
        self.at = None

    def around(self, name: str, call: Callable[[], Any]) -> Any:
        """Make one call of a port, and raise Crash before or after it if it is the chosen one."""
        self.calls += 1
        self.names.append(name)
        mine = self.at is not None and self.calls >= self.at
        if mine:
            self.at = None
            self.crashes += 1
        if mine and not self.after:
            raise Crash(name)
        result = call()
        if mine:
            raise Crash(name)
        return result


class CrashingPort:
    """Wraps any port, so that the instance can be killed at each of its calls."""

    def __init__(self, name: str, port: Any, plan: CrashPlan) -> None:
        self._name, self._port, self._plan = name, port, plan

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(self._port, attribute)
        if not callable(value):
            return value

        def call(*args: Any, **kwargs: Any) -> Any:
            return self._plan.around(f"{self._name}.{attribute}", lambda: value(*args, **kwargs))

        return call


def crashing_ports(ports: Ports, plan: CrashPlan) -> Ports:
    """The same ports, wrapped so that the instance can be killed at every call of any of them."""
    wrapped = {
        field.name: CrashingPort(field.name, getattr(ports, field.name), plan)
        for field in fields(ports)
        if field.name not in {*CALLED, "providers"}
    }
    providers = {
        kind: Provider(
            calendar=CrashingPort("calendar", provider.calendar, plan),  # type: ignore[arg-type]
            authorizer=CrashingPort("authorizer", provider.authorizer, plan),  # type: ignore[arg-type]
        )
        for kind, provider in ports.providers.items()
    }
    return replace(ports, providers=MappingProxyType(providers), **wrapped)


class CountingDocuments:
    """A document database that counts the written documents by the kind of their collection."""

    def __init__(self, documents: Documents) -> None:
        self._documents = documents
        self.written: Counter[str] = Counter()

    def get(self, paths: Sequence[str]) -> Any:
        return self._documents.get(paths)

    def query(self, query: Any) -> Any:
        return self._documents.query(query)

    def commit(self, writes: Sequence[Any]) -> Any:
        result = self._documents.commit(writes)
        for write in writes:
            self.written[write.path.split("/")[-2]] += 1
        return result
