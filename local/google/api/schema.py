"""Reads Google's discovery document of the Calendar API: its methods, scopes, parameters and JSON schemas."""

import json
import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import unquote

from local.google.errors import ApiError, Json, invalid

SCOPE_PREFIX = "https://www.googleapis.com/auth/"


@dataclass(frozen=True, slots=True)
class Method:
    """One API method as the discovery document declares it."""

    id: str
    verb: str
    pattern: re.Pattern[str]
    scopes: frozenset[str]
    parameters: dict[str, Json]
    request: str
    response: str

    @property
    def title(self) -> str:
        """The method's name as Google's error details write it, such as Events.List."""
        return ".".join(part[0].upper() + part[1:] for part in self.id.split("."))


@cache
def document() -> Json:
    """Return the discovery document that comes with google-api-python-client."""
    place = files("googleapiclient") / "discovery_cache" / "documents" / "calendar.v3.json"
    found: Json = json.loads(place.read_text("utf-8"))
    return found


@cache
def methods() -> tuple[Method, ...]:
    """Return every declared method; those with literal paths come before those with variables in the path."""
    found: list[Method] = []
    _collect(document(), found)
    return tuple(sorted(found, key=lambda method: method.pattern.pattern.count("(?P<")))


def _collect(resource: Json, found: list[Method]) -> None:
    for raw in resource.get("methods", {}).values():
        pattern = re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", raw["path"])
        found.append(
            Method(
                id=raw["id"].removeprefix("calendar."),
                verb=raw["httpMethod"],
                pattern=re.compile(f"^{pattern}$"),
                scopes=frozenset(scope.removeprefix(SCOPE_PREFIX) for scope in raw.get("scopes", ())),
                parameters=raw.get("parameters", {}),
                request=raw.get("request", {}).get("$ref", ""),
                response=raw.get("response", {}).get("$ref", ""),
            )
        )
    for child in resource.get("resources", {}).values():
        _collect(child, found)


def match(verb: str, path: str) -> tuple[Method, dict[str, str]] | None:
    """Find the method for an HTTP verb and a percent-encoded path.

    Returns it with its decoded path parameters.
    """
    for method in methods():
        found = method.pattern.match(path)
        if found and method.verb == verb:
            return method, {name: unquote(value) for name, value in found.groupdict().items()}
    return None


def arguments(method: Method, query: dict[str, list[str]]) -> Json:
    """Convert the query to the method's declared types.

    400 for a value of another type or outside its enum.
    """
    typed: Json = {}
    for name, spec in method.parameters.items():
        if spec["location"] != "query" or name not in query:
            continue
        values = [_typed(name, spec, text) for text in query[name]]
        typed[name] = values if spec.get("repeated") else values[-1]
    return typed


def _typed(name: str, spec: Json, text: str) -> Any:
    if spec["type"] == "boolean":
        if text.lower() not in {"true", "false"}:
            raise invalid(f"Invalid boolean value: {text!r}.", name, reason="invalidParameter")
        return text.lower() == "true"
    if spec["type"] == "integer":
        if not re.fullmatch(r"-?\d+", text):
            raise invalid(f"Invalid integer value: {text!r}.", name, reason="invalidParameter")
        if int(text) < 1 and name in {"maxResults", "maxAttendees"}:
            raise invalid(
                f"Invalid value '{text}'. Values must be at least 1", name, reason="invalidParameter"
            )
        return int(text)
    if text not in spec.get("enum", (text,)):
        raise invalid(f"Invalid string value: {text!r}.", name, reason="invalidParameter")
    return text


PYTHON_TYPES = {"string": str, "boolean": bool, "array": list, "object": dict}


def check_body(schema: str, body: Json) -> None:
    """Answer 400 (parseError) if a known field of a body has another JSON type than declared.

    Null is allowed, and unknown fields are ignored.
    """
    _check(document()["schemas"][schema], body)


def without_nulls(value: Any) -> Any:
    """Return a copy of a body without its null values, where null means the same as leaving the field out."""
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
    if not _has_type(schema.get("type", "any"), schema.get("format", ""), value):
        raise ApiError(400, "parseError", "Parse Error")
    if isinstance(value, list):
        for item in value:
            _check(schema.get("items", {}), item)
    if isinstance(value, dict):
        for name, item in value.items():
            known = schema.get("properties", {}).get(name) or schema.get("additionalProperties")
            if known is not None:
                _check(known, item)


def _has_type(kind: str, form: str, value: Any) -> bool:
    if kind in {"integer", "number"} or (form == "int64" and not isinstance(value, str)):
        return isinstance(value, int) and not isinstance(value, bool)
    return isinstance(value, PYTHON_TYPES.get(kind, object))
