"""Finds the functions and builds their OpenAPI documents."""

from __future__ import annotations

import importlib
from functools import cache
from pathlib import Path
from typing import Any

from common.api.routes import DOCUMENT_PATH
from openapi.described.task_functions import SUMMARIES, task_operation
from openapi.document import FunctionDescription, document
from openapi.operation import Operation, Response

ROOT = Path(__file__).resolve().parents[1]
WHOLE = ROOT / "docs/openapi.json"
TITLE = "Slotbridge"
EXAMPLE = {"openapi": "3.1.0", "info": {"title": "Slotbridge", "version": "1.0.0"}, "paths": {}}


def names() -> tuple[str, ...]:
    """The names of all functions."""
    return tuple(sorted(path.parent.name for path in (ROOT / "functions").glob("*/main.py")))


@cache
def function(name: str) -> FunctionDescription:
    """One function: its routes from its entry point, and their descriptions from ``openapi/described/``."""
    routes = importlib.import_module(f"functions.{name}.main").APP.routes
    if name in SUMMARIES:
        return FunctionDescription(name, SUMMARIES[name], routes, (task_operation(name), _own_document(name)))
    described = importlib.import_module(f"openapi.described.{name}")
    return FunctionDescription(name, described.SUMMARY, routes, (*described.OPERATIONS, _own_document(name)))


def _own_document(name: str) -> Operation:
    """The operation of ``/openapi.json``, by which a function serves its own description."""
    words = "".join(word.capitalize() for word in name.split("_"))
    cached = ("ETag", "Cache-Control")
    return Operation(
        f"GET {DOCUMENT_PATH}",
        f"describe{words}",
        "This function as OpenAPI 3.1",
        {
            200: Response(dict[str, Any], "The document.", headers=cached, example=EXAMPLE),
            304: Response(description="Unchanged.", headers=cached),
        },
        headers=("If-None-Match",),
    )


@cache
def one(name: str) -> dict[str, Any]:
    """The document of one function, as the function serves it."""
    return document([function(name)], title=f"{TITLE}: {name}", url=f"{{base}}/{name}", prefixed=False)


@cache
def whole() -> dict[str, Any]:
    """The document of all functions."""
    return document([function(name) for name in names()], title=TITLE, url="{base}", prefixed=True)


def files() -> dict[Path, dict[str, Any]]:
    """All documents that are checked in, by path."""
    own = {ROOT / "functions" / name / "openapi.json": one(name) for name in names()}
    return {**own, WHOLE: whole()}
