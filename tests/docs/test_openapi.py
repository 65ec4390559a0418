"""The OpenAPI documents match the code, are valid, and are the checked-in ones."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema_rs import Draft202012Validator, meta
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from openapi import problems
from openapi.__main__ import text
from openapi.functions import ROOT, files, names, one, whole

DOCUMENTS = [*names(), "whole"]


def document(name: str) -> dict[str, Any]:
    return whole() if name == "whole" else one(name)


def operations(name: str) -> Iterator[dict[str, Any]]:
    for entry in document(name)["paths"].values():
        yield from entry.values()


def contents(name: str) -> Iterator[tuple[str, Any, Any]]:
    """Every example of parameters, bodies and answers, with its schema."""
    found = document(name)
    shared = found["components"]
    for operation in operations(name):
        title = operation["operationId"]
        for item in operation.get("parameters", ()):
            for value in [item["example"]] if "example" in item else item["schema"].get("examples", ()):
                yield f"{title} {item['name']}", item["schema"], value
        for media, part in operation.get("requestBody", {}).get("content", {}).items():
            yield f"{title} {media}", part["schema"], part["example"]
        for status, answer in operation["responses"].items():
            described = shared["responses"][answer["$ref"].rsplit("/", 1)[1]] if "$ref" in answer else answer
            for media, part in described.get("content", {}).items():
                for value in examples(part, shared):
                    yield f"{title} {status} {media}", part["schema"], value


def examples(part: dict[str, Any], shared: dict[str, Any]) -> Iterator[Any]:
    if "example" in part:
        yield part["example"]
    for item in part.get("examples", {}).values():
        yield shared["examples"][item["$ref"].rsplit("/", 1)[1]]["value"]


def test_what_is_checked_in_is_what_the_code_does() -> None:
    """The files are what ``make openapi`` writes from today's routes and models."""
    stale = [
        str(path.relative_to(ROOT))
        for path, found in files().items()
        if not path.exists() or path.read_text() != text(found)
    ]

    assert stale == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_is_openapi_3_1(name: str) -> None:
    """It is valid by OpenAPI's own schema, and its schemas by that of JSON Schema 2020-12."""
    OPENAPI_31_VALIDATOR.validate(document(name))
    for schema in document(name)["components"]["schemas"].values():
        meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **schema})


@pytest.mark.parametrize("name", DOCUMENTS)
def test_every_example_fits_its_schema(name: str) -> None:
    """This goes for parameters, bodies and answers; every answer with a body has at least one example."""
    components = document(name)["components"]
    wrong = [
        (at, value)
        for at, schema, value in contents(name)
        if not Draft202012Validator({**schema, "components": components}, validate_formats=True).is_valid(
            value
        )
    ]
    without = [
        operation["operationId"]
        for operation in operations(name)
        for answer in operation["responses"].values()
        for part in answer.get("content", {}).values()
        if "example" not in part and "examples" not in part
    ]

    assert (wrong, without) == ([], [])


def test_every_operation_has_a_name_of_its_own() -> None:
    """Operation ids are unique in the whole API, and so are the names of schemas, which clients use."""
    found = [operation["operationId"] for operation in operations("whole")]
    odd = [name for name in whole()["components"]["schemas"] if not re.fullmatch(r"[A-Z][A-Za-z]+", name)]

    assert len(found) == len(set(found)) > 70
    assert odd == []


def test_every_code_in_the_table_is_used() -> None:
    """By some operation, or by the routing itself."""
    shown = set(whole()["components"]["examples"])
    routing = {"unknown_route", "method_not_allowed"}

    assert set(problems.CODES) - shown - routing == set()


def test_the_whole_holds_what_each_function_says() -> None:
    """The document of all functions has the same operations, below the function's name."""
    assert {
        (f"/{name}{path.rstrip('/')}", method, operation["operationId"])
        for name in names()
        for path, entry in one(name)["paths"].items()
        for method, operation in entry.items()
    } == {
        (path, method, operation["operationId"])
        for path, entry in whole()["paths"].items()
        for method, operation in entry.items()
    }
    assert json.loads((ROOT / "docs/openapi.json").read_text())["openapi"] == "3.1.0"


def test_the_typescript_client_is_of_this_document() -> None:
    """The client's types were generated from the current document (``make openapi`` or ``make client``)."""
    types = (ROOT / "clients/typescript/src/schema.d.ts").read_text()
    digest = hashlib.sha256((ROOT / "docs/openapi.json").read_bytes()).hexdigest()

    assert f"sha256 {digest}." in types.splitlines()[0]
