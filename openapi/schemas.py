"""JSON Schema 2020-12 of pydantic models and of the domain's records, as the API writes them."""

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
    """Says what the API does: lengths of time are seconds, and an answer always has all of its fields."""

    def timedelta_schema(self, schema: core_schema.TimedeltaSchema) -> JsonSchemaValue:  # noqa: ARG002
        """Seconds."""
        return {"type": "number"}

    def field_is_required(
        self,
        field: core_schema.ModelField | core_schema.DataclassField | core_schema.TypedDictField,
        *args: Any,
        **named: Any,
    ) -> bool:
        """An answer leaves nothing out; a request may leave out what has a default."""
        return self.mode == "serialization" or super().field_is_required(field, *args, **named)

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        """The name says it already."""
        return False


class Schemas:
    """The schemas of several shapes, with what they share in one place."""

    def __init__(self, shapes: Iterable[tuple[Shape, Mode]]) -> None:
        """Generate all of them at once, so that equal names are told apart."""
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
        """The schema of one shape, mostly a reference."""
        return self._found[shape, mode]

    def resolved(self, schema: Mapping[str, Any]) -> Schema:
        """What a reference stands for."""
        return self.components[name_in(schema)] if "$ref" in schema else dict(schema)


def name_in(schema: Mapping[str, Any]) -> str:
    """The component's name in a reference."""
    return str(schema["$ref"]).rsplit("/", 1)[1]


def named(value: Any) -> set[str]:
    """All components that a part of a document refers to, directly."""
    if isinstance(value, Mapping):
        own = {name_in(value)} if str(value.get("$ref", "")).startswith("#/components/schemas/") else set()
        return own.union(*(named(item) for item in value.values()))
    if isinstance(value, list | tuple):
        return set[str]().union(*(named(item) for item in value))
    return set()


def used(parts: Any, components: Mapping[str, Schema]) -> dict[str, Schema]:
    """The components that are needed, by way of others too, in the order of their names."""
    waiting, found = named(parts), set[str]()
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting |= named(components[name]) - found
    return {name: components[name] for name in sorted(found)}


def _untitled(schema: Schema) -> Schema:
    return {key: value for key, value in schema.items() if key != "title"}
