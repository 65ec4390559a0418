"""Reads Microsoft's published metadata of Graph: which paths, query options and properties exist."""

import json
import re
from functools import cache
from importlib.resources import files
from typing import Any

from local.microsoft.errors import GraphError, Json, bad_request, invalid

PYTHON_TYPES: dict[str, type | tuple[type, ...]] = {
    "Edm.String": str,
    "Edm.Guid": str,
    "Edm.Date": str,
    "Edm.DateTimeOffset": str,
    "Edm.TimeOfDay": str,
    "Edm.Boolean": bool,
    "Edm.Int32": int,
    "Edm.Double": (int, float),
}


@cache
def document() -> Json:
    """Return the calendar part of Graph's v1.0 metadata."""
    found: Json = json.loads((files("local.microsoft.api") / "schema.json").read_text("utf-8"))
    return found


@cache
def properties(name: str) -> dict[str, Json]:
    """Return the properties of a type, inherited and navigation properties included."""
    kind = document()["types"][name]
    inherited = properties(kind["base"]) if kind.get("base") in document()["types"] else {}
    return {**inherited, **kind["properties"], **kind["navigation"]}


@cache
def _patterns() -> list[tuple[re.Pattern[str], str]]:
    found = []
    for template in document()["paths"]:
        escaped = re.sub(r"\\\{[^}]*\\\}", "[^/]+", re.escape(template))
        found.append((re.compile(escaped), template))
    return found


def options(path: str, verb: str) -> list[str]:
    """Return the query options of a path; 400 for a path, 405 for a method, that does not exist."""
    for pattern, template in _patterns():
        if pattern.fullmatch(path):
            methods: dict[str, list[str]] = document()["paths"][template]
            if verb not in methods:
                raise GraphError(405, "Request_BadRequest", f"Specified HTTP method is not allowed: {verb}.")
            return methods[verb]
    last = path.rsplit("/", 1)[-1]
    raise bad_request(f"Resource not found for the segment '{last}'.")


def check_body(kind: str, body: Any, *, open_to: frozenset[str] = frozenset(), nested: bool = False) -> None:
    """Answer 400 unless a body fits its type.

    Its properties must be known and not read-only, and their values of the declared type or enum.
    """
    if not isinstance(body, dict):
        raise _unreadable(f"An object of type 'microsoft.graph.{kind}' is expected.")
    known = properties(kind)
    for name, value in body.items():
        if name.startswith("@odata.") or name in open_to:
            continue
        if name not in known:
            message = (
                f"The property '{name}' does not exist on type 'microsoft.graph.{kind}'. Make sure to only "
                "use property names that are defined by the type or mark the type as open type."
            )
            raise _unreadable(message)
        if known[name].get("readOnly") and not nested:
            # Fact M66, among others.
            message = f"The set operation is not valid for the read-only property '{name}'."
            raise invalid("ErrorInvalidPropertySet", message)
        _check_value(known[name]["type"], value, name)


def check_action(name: str, body: Json) -> None:
    """Answer 400 unless the arguments of an action are known and of the declared types."""
    known = document()["actions"][name]
    for argument, value in body.items():
        if argument not in known:
            raise _unreadable(f"The parameter '{argument}' is not a parameter of '{name}'.")
        _check_value(known[argument], value, argument)


def _check_value(kind: str, value: Any, name: str) -> None:
    if value is None:
        return
    if kind.startswith("Collection("):
        _check_collection(kind[len("Collection(") : -1], value, name)
        return
    if kind in PYTHON_TYPES:
        wanted = PYTHON_TYPES[kind]
        wrong_bool = isinstance(value, bool) and wanted is not bool
        if wrong_bool or not isinstance(value, wanted):
            raise _unreadable(f"Cannot convert the value of property '{name}' to the expected type '{kind}'.")
        return
    short = kind.removeprefix("graph.")
    if short in document()["enums"]:
        if value not in document()["enums"][short]:
            raise _unreadable(f"Requested value '{value}' was not found for property '{name}'.")
        return
    if short in document()["types"]:
        check_body(short, value, nested=True)


def _check_collection(kind: str, value: Any, name: str) -> None:
    if not isinstance(value, list) or None in value:
        raise _unreadable(f"The property '{name}' is a collection without empty members.")
    for each in value:
        _check_value(kind, each, name)


def _unreadable(message: str) -> GraphError:
    return bad_request(message, "RequestBodyRead")
