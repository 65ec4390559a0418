"""Requests that schemathesis makes up from a function's document, with ids and tokens that exist mixed in."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import unquote

import schemathesis
from hypothesis import strategies as st
from schemathesis import Case
from schemathesis.generation import GenerationMode
from werkzeug.datastructures import Headers

from tests.function_apps import function_app
from tests.openapi_checks import Exchange, strict
from tests.tenants import FilledTenant

# Fields of queries and bodies that name something, by what they name.
NAMED = frozenset({"tenant", "resource", "service", "calendar", "connection", "booking", "resources"})
# Whoever knows it may use it, so others do not know it.
SECRET = frozenset({"secret"})
PRIVATE = frozenset({"delta_sync", "disconnect", "export", "initial_sync", "maintenance", "notify"})
KINDS = (GenerationMode.POSITIVE, GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


@cache
def described(function: str) -> Any:
    """A function's operations, served by its own entry point."""
    schema = schemathesis.openapi.from_dict({**strict(function), "servers": [{"url": "/"}]})
    schema.app = function_app(function)
    return schema


def operations(function: str) -> Mapping[str, Any]:
    """The operations by their ids."""
    found = [result.ok() for result in described(function).get_all_operations()]
    return {operation.definition.raw["operationId"]: operation for operation in found}


@dataclass(frozen=True)
class GeneratedRequest:
    """A generated request, and the random numbers that choose its sender and the ids in it."""

    case: Case
    sender: int
    owners: tuple[int, ...]

    def by(self, function: str, own: FilledTenant, other: FilledTenant, *, authorised: bool = False) -> Case:
        """The request of somebody of ``own``; most names in it are those of things that exist.

        An ``authorised`` one comes from somebody who may do it, and demands no version of a record.
        """
        tokens = _authorised_tokens(self.case, own) if authorised else _tokens(function, own)
        token = tokens[self.sender % len(tokens)]
        owners = (own, own, own, other, other if authorised else None)
        chosen = iter([owners[dice % 5] for dice in self.owners] * 50)
        case = self.case
        case.path_parameters = _named(dict(case.path_parameters or {}), chosen, own, everything=True)
        if isinstance(case.query, Mapping):
            case.query = _named(dict(case.query), chosen, own)
        case.body = _named(case.body, chosen, own)
        headers = {"If-Match": "*"} if authorised else dict(case.headers or {})
        kept = {key: value for key, value in headers.items() if key.lower() != "authorization"}
        case.headers = {**kept, **({"Authorization": f"Bearer {token}"} if token else {})}
        return case


def generated_requests(operation: Any, *, valid: bool = False) -> st.SearchStrategy[GeneratedRequest]:
    """Valid and invalid requests, or only valid ones."""
    modes = KINDS if _can_be_wrong(operation) and not valid else (GenerationMode.POSITIVE,)
    return st.builds(
        GeneratedRequest,
        st.one_of([operation.as_strategy(generation_mode=mode) for mode in modes]),
        st.integers(0, 999),
        st.tuples(*[st.integers(0, 4)] * 8),
    )


def _can_be_wrong(operation: Any) -> bool:
    raw = operation.definition.raw
    return "requestBody" in raw or any(item["in"] == "query" for item in raw.get("parameters", ()))


def _authorised_tokens(case: Case, own: FilledTenant) -> tuple[str | None, ...]:
    wanted = {name for choice in case.operation.definition.raw["security"] for name in choice}
    held = {"staff": own.token(), "management": own.manage, "invitation": own.invited}
    return tuple(token for name, token in held.items() if name in wanted) or (None,)


def _tokens(function: str, own: FilledTenant) -> tuple[str | None, ...]:
    if function in PRIVATE:
        return (f"service.{function}.x", own.token(), None)
    staff = (own.token(), own.token(), own.token(), own.token("staff"), own.token("support"))
    return (*staff, own.manage, own.manage, own.invited, None, "x", "owner.nobody.-")


def _named(
    value: Any, owners: Iterator[FilledTenant | None], own: FilledTenant, *, everything: bool = False
) -> Any:
    if isinstance(value, dict):
        return {
            key: _name(key, item, next(owners), own)
            if everything or key in NAMED
            else _named(item, owners, own)
            for key, item in value.items()
        }
    return [_named(item, owners, own) for item in value] if isinstance(value, list) else value


def _name(kind: str, found: Any, owner: FilledTenant | None, own: FilledTenant) -> Any:
    if owner is None or (kind in SECRET and owner is not own):
        return found
    if kind == "resources":
        return [owner.ids["resource"]]
    return owner.tenant if kind == "tenant" else owner.ids.get(kind, found)


def exchange_of(function: str, case: Case, answer: Any, said: str) -> Exchange:
    """The request and its answer, to be held against the description."""
    headers = Headers([(name, value) for name, values in answer.headers.items() for value in values])
    looked_at = {item.name for item in case.operation.query}
    media = str(headers.get("Content-Type", "")).partition(";")[0]
    sent = case.body if isinstance(case.body, dict | list | str | int | float | bool | None) else None
    return Exchange(
        function=function,
        method=case.method.upper(),
        path=unquote(case.formatted_path),
        # A query that a route does not look at is ignored.
        query={str(key): str(value) for key, value in (case.query or {}).items() if key in looked_at},
        sent=sent,
        status=answer.status_code,
        media=media,
        answered=json.loads(said) if "json" in media else said or None,
        headers=headers,  # type: ignore[arg-type]  # case-insensitive mapping
    )
