"""The path parameters, request headers and response headers of the API, by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ID = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"
KEY = r"^[0-9a-f]{24}$"

PATH_PARAMETERS: Mapping[str, dict[str, Any]] = {
    "absence": {"schema": {"type": "string", "pattern": ID}, "example": "summer"},
    "booking": {"schema": {"type": "string", "pattern": ID}, "example": "Zk3vY0m9Tq2bW8rXc5LhNd"},
    "calendar": {"schema": {"type": "string", "pattern": KEY}, "example": "5f3b0c1d2e4a69788796a5b4"},
    "connection": {"schema": {"type": "string", "pattern": ID}, "example": "c0nnect1onId"},
    "delivery": {"schema": {"type": "string", "pattern": ID}, "example": "msg_2b7e151628aed2a6"},
    "erasure": {"schema": {"type": "string", "pattern": ID}, "example": "Yb1sD4kEr4suRe"},
    "event": {"schema": {"type": "string", "minLength": 1}, "example": "2f1c9a"},
    "grant": {"schema": {"type": "string", "pattern": ID}, "example": "Gr4ntOfSupp0rt"},
    "hold": {"schema": {"type": "string", "pattern": ID}, "example": "Zk3vY0m9Tq2bW8rXc5LhNd"},
    "hook": {"schema": {"type": "string", "pattern": ID}, "example": "Ho0kT4rget"},
    "invitation": {"schema": {"type": "string", "pattern": ID}, "example": "Inv1tat10n"},
    "issuer": {
        "schema": {"type": "string", "pattern": ID},
        "example": "is2b7e151628aed2a6abf71588",
    },
    "letter": {"schema": {"type": "string", "pattern": ID}, "example": "0cc175b9c0f1b6a831c399e269772661"},
    "resource": {"schema": {"type": "string", "pattern": ID}, "example": "anna"},
    "secret": {
        "schema": {"type": "string", "pattern": r"^[A-Za-z0-9_-]{43}$"},
        "example": "9m2kV7xQ4tY1bW8rXc5LhNd0aZs3Ef6Gj_uI-oPlKyT",
    },
    "service": {"schema": {"type": "string", "pattern": ID}, "example": "haircut"},
}

REQUEST_HEADERS: Mapping[str, dict[str, Any]] = {
    "Idempotency-Key": {
        "description": "The same key with the same request is answered alike, and done once.",
        "schema": {"type": "string", "minLength": 8, "maxLength": 255, "pattern": r"^[\x21-\x7e]+$"},
        "example": "4f9c1a7e-booking",
    },
    "If-Match": {
        "description": "The version that was read; changed only if it is still the current one.",
        "schema": {"type": "string"},
        "example": '"3"',
    },
    "If-None-Match": {
        "description": "The ETag that is known; answered by 304 if it is still the current one.",
        "schema": {"type": "string"},
        "example": '"0123456789abcdef0123456789abcdef"',
    },
}

# A CORS preflight carries no token, so a web page has to name its tenant in the query.
TENANT: dict[str, Any] = {
    "name": "tenant",
    "in": "query",
    "required": False,
    "description": "For browser pages: the tenant that registered their origin, which is the token's.",
    "schema": {"type": "string", "pattern": ID},
    "example": "salon",
}

RESPONSE_HEADERS: Mapping[str, dict[str, Any]] = {
    "Cache-Control": {"description": "How long the answer may be kept.", "schema": {"type": "string"}},
    "ETag": {"description": "The version of what was answered.", "schema": {"type": "string"}},
    "Location": {
        "description": "Where the browser goes.",
        "schema": {"type": "string", "format": "uri-reference"},
    },
}


def path_parameter(name: str) -> dict[str, Any]:
    """One parameter of a path.

    Raises:
        KeyError: ``PATH_PARAMETERS`` does not describe it.
    """
    return {"name": name, "in": "path", "required": True, **PATH_PARAMETERS[name]}


def header_parameter(name: str) -> dict[str, Any]:
    """One header of a request."""
    return {"name": name, "in": "header", "required": False, **REQUEST_HEADERS[name]}


def query_parameters(schema: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The parameters of a query, from the schema of its model."""
    required = schema.get("required", ())
    return [
        {"name": name, "in": "query", "required": name in required, "schema": item}
        for name, item in schema.get("properties", {}).items()
    ]
