"""Builds the OpenAPI 3.1 document of functions from their routes, their operations and the models."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from common.api.http import JSON, Access
from common.api.routes import Route
from openapi import problems
from openapi.examples import example
from openapi.operation import Operation, Response, SecurityScheme, Shape, as_response
from openapi.parameters import RESPONSE_HEADERS, TENANT, header_parameter, path_parameter, query_parameters
from openapi.schemas import Mode, Schemas, used

VERSION = "1.0.0"
DEFAULT_BASE = "http://127.0.0.1:8080"
SECURITY: Mapping[Access, tuple[SecurityScheme | None, ...]] = {
    Access.PUBLIC: (),
    Access.STAFF: (SecurityScheme.STAFF,),
    Access.CUSTOMER_OR_STAFF: (SecurityScheme.MANAGEMENT, SecurityScheme.STAFF),
    Access.TASK: (SecurityScheme.PLATFORM,),
    Access.SCHEDULER: (SecurityScheme.PLATFORM,),
    Access.PROVIDER: (),
}
SECURITY_SCHEMES: Mapping[SecurityScheme, dict[str, str]] = {
    SecurityScheme.STAFF: {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An OpenID ID token of the staff's issuer, which names tenant and role.",
    },
    SecurityScheme.MANAGEMENT: {
        "type": "http",
        "scheme": "bearer",
        "description": "The `management_token` that a customer was given with the booking.",
    },
    SecurityScheme.HOLD: {
        "type": "http",
        "scheme": "bearer",
        "description": "The `token` that came with a hold.",
    },
    SecurityScheme.INVITATION: {
        "type": "http",
        "scheme": "bearer",
        "description": "The secret behind `#` in the link of an invitation.",
    },
    SecurityScheme.PLATFORM: {
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "An OpenID token of the service account of Cloud Tasks or Cloud Scheduler.",
    },
}


@dataclass(frozen=True, slots=True)
class FunctionDescription:
    """One function: its routes, and the description of each."""

    name: str
    summary: str
    routes: tuple[Route, ...]
    operations: tuple[Operation, ...]

    def pairs(self) -> list[tuple[Route, Operation]]:
        """Each route with its operation.

        Raises:
            LookupError: A route has no operation, or an operation has no route.
        """
        described = {item.route: item for item in self.operations}
        existing = {f"{route.method} {route.path}": route for route in self.routes}
        if set(described) != set(existing):
            different = sorted(set(described) ^ set(existing))
            message = (
                f"{self.name}: routes without a description, or descriptions without a route: {different}"
            )
            raise LookupError(message)
        return [(route, described[key]) for key, route in existing.items()]


def document(
    functions: Sequence[FunctionDescription], *, title: str, url: str, prefixed: bool
) -> dict[str, Any]:
    """The OpenAPI document of these functions; ``prefixed`` puts each function's name before its paths."""
    pairs = [(item, route, operation) for item in functions for route, operation in item.pairs()]
    schemas = Schemas(_shapes(operation for _, _, operation in pairs))
    paths: dict[str, dict[str, Any]] = {}
    answers: dict[str, dict[str, Any]] = {}
    for function, route, operation in pairs:
        found = problems.by_status(problems.codes(route, operation))
        answers |= {problems.name(*item): problems.answer(*item) for item in found.items()}
        path = f"/{function.name}{route.path.rstrip('/')}" if prefixed else route.path
        entry = paths.setdefault(re.sub(r"<(\w+)>", r"{\1}", path), {})
        entry[route.method.lower()] = _operation(function, route, operation, schemas, found)
    schemas.components["Problem"] = problems.SCHEMA
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": VERSION, "license": {"name": "Apache-2.0"}},
        "servers": [{"url": url, "variables": {"base": {"default": DEFAULT_BASE}}}],
        "tags": [{"name": item.name, "description": item.summary} for item in functions],
        "paths": paths,
        "components": {
            "schemas": used([paths, answers], schemas.components),
            "responses": dict(sorted(answers.items())),
            "examples": {code: problems.example(code) for code in problems.CODES if _named(code, answers)},
            "securitySchemes": _schemes(paths),
        },
    }


def _shapes(operations: Iterable[Operation]) -> Iterable[tuple[Shape, Mode]]:
    for operation in operations:
        for shape in (operation.body, operation.query):
            if shape is not None:
                yield shape, "validation"
        for answer in operation.answers.values():
            if as_response(answer).shape is not None:
                yield as_response(answer).shape, "serialization"


def _operation(
    function: FunctionDescription,
    route: Route,
    operation: Operation,
    schemas: Schemas,
    found: Mapping[int, tuple[str, ...]],
) -> dict[str, Any]:
    schemes = SECURITY[route.access] if operation.security is None else operation.security
    built: dict[str, Any] = {
        "operationId": operation.id,
        "tags": [function.name],
        "summary": operation.summary,
        "description": operation.description,
        "security": [{scheme.value: []} if scheme else {} for scheme in schemes],
        "parameters": _parameters(route, operation, schemas),
        "requestBody": _body(operation, schemas),
        "responses": _responses(operation, schemas, found),
    }
    return {key: value for key, value in built.items() if value or key == "security"}


def _responses(
    operation: Operation, schemas: Schemas, found: Mapping[int, tuple[str, ...]]
) -> dict[str, dict[str, Any]]:
    own = {status: _answer(as_response(item), schemas) for status, item in operation.answers.items()}
    shared = {
        status: {"$ref": f"#/components/responses/{problems.name(status, codes)}"}
        for status, codes in found.items()
    }
    for status in own.keys() & shared.keys():
        # The same status can also be answered with a page for people.
        content = problems.answer(status, found[status])["content"]
        own[status]["content"] = {**own[status]["content"], **content}
    return {str(status): answer for status, answer in sorted({**shared, **own}.items())}


def _parameters(route: Route, operation: Operation, schemas: Schemas) -> list[dict[str, Any]]:
    query = schemas.resolved(schemas.of(operation.query, "validation")) if operation.query else {}
    return [
        *map(path_parameter, re.findall(r"<(\w+)>", route.path)),
        *query_parameters(query),
        *([TENANT] if route.access is Access.STAFF and operation.query is None else []),
        *map(header_parameter, operation.headers),
    ]


def _body(operation: Operation, schemas: Schemas) -> dict[str, Any] | None:
    if operation.body is None:
        return None
    schema = schemas.of(operation.body, "validation")
    shape = {"schema": schema, "example": example(schema, schemas.components, at=operation.id)}
    return {"required": True, "content": {JSON: shape}}


def _answer(answer: Response, schemas: Schemas) -> dict[str, Any]:
    built: dict[str, Any] = {"description": answer.description or _phrase(answer)}
    if answer.headers:
        built["headers"] = {name: RESPONSE_HEADERS[name] for name in answer.headers}
    if answer.shape is not None:
        schema = schemas.of(answer.shape, "serialization")
        value = example(schema, schemas.components, at="answer") if answer.example is None else answer.example
        built["content"] = {answer.media: {"schema": schema, "example": value}}
    return built


def _phrase(answer: Response) -> str:
    if answer.shape is None:
        return "Nothing but the status."
    documented = isinstance(answer.shape, type) and answer.shape.__module__ != "builtins"
    return str(answer.shape.__doc__).strip().split("\n")[0] if documented else "What was asked for."


def _named(code: str, answers: Mapping[str, Any]) -> bool:
    return any(code in key.split(".") for key in answers)


def _schemes(paths: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, str]]:
    wanted = {
        name
        for entry in paths.values()
        for operation in entry.values()
        for choice in operation["security"]
        for name in choice
    }
    return {secret.value: scheme for secret, scheme in SECURITY_SCHEMES.items() if secret.value in wanted}
