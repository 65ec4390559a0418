"""Decides whether a request body has the JSON types that the discovery document declares."""

from typing import Any

from local.google.discovery import document
from local.google.errors import ApiError, Json

PYTHON = {"string": str, "boolean": bool, "array": list, "object": dict}


def check(schema: str, body: Json) -> None:
    """400 parseError for a known field of another type; null is allowed, unknown fields are ignored."""
    _check(document()["schemas"][schema], body)


def without_nulls(value: Any) -> Any:
    """A body in which null means the same as leaving out."""
    if isinstance(value, dict):
        return {name: without_nulls(item) for name, item in value.items() if item is not None}
    if isinstance(value, list):
        return [without_nulls(item) for item in value if item is not None]
    return value


def _check(schema: Json, value: Any) -> None:
    while "$ref" in schema:
        schema = document()["schemas"][schema["$ref"]]
    if value is None:
        return
    if not _is(schema.get("type", "any"), schema.get("format", ""), value):
        raise ApiError(400, "parseError", "Parse Error")
    if isinstance(value, list):
        for item in value:
            _check(schema.get("items", {}), item)
    if isinstance(value, dict):
        for name, item in value.items():
            known = schema.get("properties", {}).get(name) or schema.get("additionalProperties")
            if known is not None:
                _check(known, item)


def _is(kind: str, form: str, value: Any) -> bool:
    if kind in {"integer", "number"} or (form == "int64" and not isinstance(value, str)):
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, PYTHON.get(kind, object))
