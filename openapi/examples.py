"""Builds the example of a schema from the examples of its fields."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from openapi.schemas import Schema, name_in

# Examples by field name, for the domain's own records, whose fields have none.
EXAMPLES: Mapping[str, Any] = {
    "email": "zoe@example.com",
    "phone": "+41 44 123 45 67",
    "url": "https://shop.example/hooks/slotbridge",
    "reason": "Bookings are missing in the calendar",
    "confirm": "salon",
    "state": "Zk3vY0m9Tq2bW8rXc5LhNd",
    "account": "anna@example.com",
    "age": 41.0,
    "allowed_origins": ["https://salon.example"],
    "attempts": 10,
    "calendar": "5f3b0c1d2e4a69788796a5b4",
    "code": "provider_unavailable",
    "id": "Zk3vY0m9Tq2bW8rXc5LhNd",
    "key": "5f3b0c1d2e4a69788796a5b4",
    "name": "Anna Meier",
    "payload": {"tenant": "salon", "booking": "Zk3vY0m9Tq2bW8rXc5LhNd"},
    "percentage": 40,
    "return_addresses": ["https://salon.example/connected"],
    "return_to": "https://salon.example/connected",
    "tenant": "salon",
    "total": 120,
}
KINDS: Mapping[str, type] = {"string": str, "integer": int, "number": float, "array": list, "object": dict}
MOMENT, DAY = "2027-03-15T09:00:00+00:00", "2027-03-15"


class NoExample(LookupError):
    """There is no example for a field."""


def example(schema: Mapping[str, Any], components: Mapping[str, Schema], *, at: str = "") -> Any:
    """A value that fits the schema.

    Raises:
        NoExample: A text or a number has no example; ``at`` is its place, for the message.
    """
    if "$ref" in schema:
        return example(components[name_in(schema)], components, at=at)
    for word in ("examples", "enum"):
        if word in schema:
            return schema[word][0]
    if "const" in schema:
        return schema["const"]
    if "anyOf" in schema:
        return _optional(schema["anyOf"], components, at)
    if "properties" in schema:
        return {
            name: example(item, components, at=f"{at}.{name}") for name, item in schema["properties"].items()
        }
    named = EXAMPLES.get(at.rsplit(".", 1)[-1])
    if isinstance(named, KINDS.get(schema.get("type", ""), ())):
        return named
    if "items" in schema:
        # An item of "calendars" takes the example of "calendar".
        return [example(schema["items"], components, at=at.removesuffix("s"))]
    return _plain(schema, at)


def _optional(choices: list[Mapping[str, Any]], components: Mapping[str, Schema], at: str) -> Any:
    """A value if there is an example, otherwise null."""
    empty = {"type": "null"} in choices
    first = next(item for item in choices if item.get("type") != "null")
    try:
        return example(first, components, at=at)
    except NoExample:
        if empty:
            return None
        raise


def _plain(schema: Mapping[str, Any], at: str) -> Any:
    if "default" in schema:
        return schema["default"]
    found: dict[tuple[str | None, str | None], Any] = {
        ("object", None): {},
        ("string", "date-time"): MOMENT,
        ("string", "date"): DAY,
        ("boolean", None): False,
        ("integer", None): schema.get("minimum", 0),
        ("number", None): 0,
    }
    key = (schema.get("type"), schema.get("format"))
    if key not in found:
        message = f"no example of {at or schema}"
        raise NoExample(message)
    return found[key]
