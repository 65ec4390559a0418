"""Ports that die at a chosen call, before or after it took effect; and documents that count their writes."""

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
    """The instance was killed."""


class Plan:
    """Counts port calls, and kills the instance at one of them."""

    def __init__(self) -> None:
        self.calls = 0
        self.at: int | None = None
        self.after = False
        self.crashes = 0
        self.names: list[str] = []

    def arm(self, calls: int, *, after: bool) -> None:
        """Die at the ``calls``-th call from now, before or after it took effect."""
        self.at, self.after = self.calls + calls, after

    def disarm(self) -> None:
        """Live on."""
        self.at = None

    def around(self, name: str, call: Callable[[], Any]) -> Any:
        """One port call."""
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


class Mortal:
    """Any port, each call of which may be the last."""

    def __init__(self, name: str, port: Any, plan: Plan) -> None:
        self._name, self._port, self._plan = name, port, plan

    def __getattr__(self, attribute: str) -> Any:
        value = getattr(self._port, attribute)
        if not callable(value):
            return value

        def call(*args: Any, **kwargs: Any) -> Any:
            return self._plan.around(f"{self._name}.{attribute}", lambda: value(*args, **kwargs))

        return call


def mortal(ports: Ports, plan: Plan) -> Ports:
    """The same ports, but every exchange with the outside may kill the instance."""
    wrapped = {
        field.name: Mortal(field.name, getattr(ports, field.name), plan)
        for field in fields(ports)
        if field.name not in {*CALLED, "providers"}
    }
    providers = {
        kind: Provider(
            calendar=Mortal("calendar", provider.calendar, plan),  # type: ignore[arg-type]
            authorizer=Mortal("authorizer", provider.authorizer, plan),  # type: ignore[arg-type]
        )
        for kind, provider in ports.providers.items()
    }
    return replace(ports, providers=MappingProxyType(providers), **wrapped)


class CountingDocuments:
    """Documents that count what is written, by kind of collection."""

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
