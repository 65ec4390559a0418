"""Checks every request and answer of the functions against the OpenAPI document."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any

from jsonschema_rs import Draft202012Validator

from common.api.routes import RouteTable
from common.errors import SyncError
from openapi import problems
from openapi.functions import function, one

JSON_TYPES = ("application/json", "application/problem+json")
# What a provider sends a browser back with may have more parameters than we know.
OPEN_QUERIES = frozenset({"finishConsent"})
_BUILDING = Lock()


@dataclass(frozen=True)
class Exchange:
    """One request and its answer."""

    function: str
    method: str
    path: str
    query: Mapping[str, str]
    sent: Any
    status: int
    media: str
    answered: Any
    headers: Mapping[str, str]


def breaches(exchange: Exchange) -> list[str]:
    """Everything in which an answer, or an accepted request, differs from the document."""
    try:
        route, _ = _routes(exchange.function).find(exchange.method, exchange.path)
    except SyncError as error:
        known = error.reason in {"unknown_route", "method_not_allowed"}
        return [] if known and problem_fits(exchange) else [f"undescribed: {error.reason}"]
    verb = "get" if exchange.method == "HEAD" else exchange.method.lower()
    operation = strict(exchange.function)["paths"][_template(route.path)][verb]
    return [*_answer(exchange, operation), *_request(exchange, operation)]


@cache
def _route_table(name: str) -> RouteTable:
    return RouteTable(function(name).routes)


def _routes(name: str) -> RouteTable:
    """The routes of a function, built in one thread: Python 3.11's ``ast`` fails in two."""
    with _BUILDING:
        return _route_table(name)


def problem_fits(exchange: Exchange) -> bool:
    """Whether the answer is a problem of a known code with that code's own status."""
    body = exchange.answered
    valid = Draft202012Validator(problems.SCHEMA).is_valid(body)
    return bool(valid and problems.CODES.get(body["code"], (0, ""))[0] == exchange.status)


def _template(path: str) -> str:
    return path.replace("<", "{").replace(">", "}")


@cache
def strict(name: str) -> dict[str, Any]:
    """The function's document, changed so that no answer may have a field that it does not describe."""
    document = copy.deepcopy(one(name))
    for key, schema in document["components"]["schemas"].items():
        if "properties" in schema and key != "Problem":
            schema.setdefault("additionalProperties", False)
    return document


def _answer(exchange: Exchange, operation: Mapping[str, Any]) -> Iterator[str]:
    described = operation["responses"].get(str(exchange.status))
    if described is None:
        yield f"status {exchange.status} ({_code(exchange)}) is not described"
        return
    components = strict(exchange.function)["components"]
    if "$ref" in described:
        described = components["responses"][described["$ref"].rsplit("/", 1)[1]]
    if exchange.status < 400:
        yield from (f"no {name}" for name in described.get("headers", {}) if name not in exchange.headers)
    content = described.get("content", {})
    if not content:
        yield from ["there is a body"] if exchange.answered is not None else []
        return
    if exchange.method == "HEAD":
        return
    if exchange.media not in content:
        yield f"{exchange.media} is not described"
        return
    if exchange.media in JSON_TYPES:
        yield from _misfits(content[exchange.media]["schema"], exchange.answered, components)


def _request(exchange: Exchange, operation: Mapping[str, Any]) -> Iterator[str]:
    """Differences of an accepted request from the document."""
    if exchange.status >= 400:
        return
    queries = {item["name"]: item for item in operation.get("parameters", ()) if item["in"] == "query"}
    if operation["operationId"] not in OPEN_QUERIES:
        yield from (f"the query {name} is not described" for name in set(exchange.query) - set(queries))
    yield from (
        f"the query {name} is missing"
        for name, item in queries.items()
        if item["required"] and name not in exchange.query
    )
    body = operation.get("requestBody")
    if body is None:
        return
    schema = body["content"]["application/json"]["schema"]
    components = strict(exchange.function)["components"]
    yield from (f"request: {misfit}" for misfit in _misfits(schema, exchange.sent, components))


def _misfits(schema: Mapping[str, Any], value: Any, components: Mapping[str, Any]) -> list[str]:
    validator = Draft202012Validator({**schema, "components": components}, validate_formats=True)
    return [f"{error.message} at {error.instance_path}" for error in validator.iter_errors(value)]


def _code(exchange: Exchange) -> str:
    return str(exchange.answered.get("code")) if isinstance(exchange.answered, dict) else "no code"
