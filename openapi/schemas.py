"""Generates JSON Schema 2020-12 for pydantic models and domain records, as the API writes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Literal

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaMode, JsonSchemaValue
from pydantic_core import core_schema

from openapi.operation import Shape

Schema = dict[str, Any]
Mode = Literal["validation", "serialization"]
REF = "#/components/schemas/{model}"


class Generator(GenerateJsonSchema):
    """Follows the API's encoding: durations are seconds, and an answer always has all of its fields."""

    def timedelta_schema(self, schema: core_schema.TimedeltaSchema) -> JsonSchemaValue:  # noqa: ARG002
        """A duration, as a number of seconds."""
        return {"type": "number"}

    def field_is_required(
        self,
        field: core_schema.ModelField | core_schema.DataclassField | core_schema.TypedDictField,
        *args: Any,
        **named: Any,
    ) -> bool:
        """In an answer all fields are required; in a request those without a default."""
        return self.mode == "serialization" or super().field_is_required(field, *args, **named)

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        """Never: the field's name is title enough."""
        return False


class Schemas:
    """The schemas of several models, with their shared parts as components."""

    def __init__(self, shapes: Iterable[tuple[Shape, Mode]]) -> None:
        """Generate all schemas at once, so that models of the same name get different component names."""
        wanted = list(dict.fromkeys(shapes))
        adapters: list[tuple[str, JsonSchemaMode, TypeAdapter[Any]]] = [
            (str(index), mode, TypeAdapter(shape)) for index, (shape, mode) in enumerate(wanted)
        ]
        found, shared = TypeAdapter.json_schemas(adapters, ref_template=REF, schema_generator=Generator)
        self._found = {wanted[int(key)]: schema for (key, _), schema in found.items()}
        self.components: dict[str, Schema] = {
            name: _untitled(schema) for name, schema in sorted(shared.get("$defs", {}).items())
        }

    def of(self, shape: Shape, mode: Mode) -> Schema:
        """The schema of one model, usually a reference to a component."""
        return self._found[shape, mode]

    def resolved(self, schema: Mapping[str, Any]) -> Schema:
        """The schema that a reference points to, or the schema itself."""
        return self.components[name_in(schema)] if "$ref" in schema else dict(schema)


def name_in(schema: Mapping[str, Any]) -> str:
    """The component's name in a reference."""
    return str(schema["$ref"]).rsplit("/", 1)[1]


def references(value: Any) -> set[str]:
    """The names of all components that a part of a document refers to directly."""
    if isinstance(value, Mapping):
        own = {name_in(value)} if str(value.get("$ref", "")).startswith("#/components/schemas/") else set()
        return own.union(*(references(item) for item in value.values()))
    if isinstance(value, list | tuple):
        return set[str]().union(*(references(item) for item in value))
    return set()


def used(parts: Any, components: Mapping[str, Schema]) -> dict[str, Schema]:
    """The components that are referred to, directly or through others, sorted by name."""
    waiting, found = references(parts), set[str]()
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting |= references(components[name]) - found
    return {name: components[name] for name in sorted(found)}


def _untitled(schema: Schema) -> Schema:
    return {key: value for key, value in schema.items() if key != "title"}
