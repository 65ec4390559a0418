"""Finds the functions, and says of each what it is and what it answers."""

from __future__ import annotations

import importlib
from functools import cache
from pathlib import Path
from typing import Any

from openapi.description import described
from openapi.document import Described, document

ROOT = Path(__file__).resolve().parents[1]
WHOLE = ROOT / "docs/openapi.json"
TITLE = "Slotbridge"


def names() -> tuple[str, ...]:
    """Every function that is deployed."""
    return tuple(sorted(path.parent.name for path in (ROOT / "functions").glob("*/main.py")))


@cache
def function(name: str) -> Described:
    """One function: its routes as they are, its operations as they are described."""
    app = importlib.import_module(f"functions.{name}.main").APP
    said = importlib.import_module(f"openapi.described.{name}")
    return Described(name, said.SUMMARY, app.routes, (*said.OPERATIONS, described(name)))


@cache
def one(name: str) -> dict[str, Any]:
    """The document of one function, as it serves it."""
    return document([function(name)], title=f"{TITLE}: {name}", url=f"{{base}}/{name}", prefixed=False)


@cache
def whole() -> dict[str, Any]:
    """The document of all functions."""
    return document([function(name) for name in names()], title=TITLE, url="{base}", prefixed=True)


def files() -> dict[Path, dict[str, Any]]:
    """Every document that is checked in."""
    own = {ROOT / "functions" / name / "openapi.json": one(name) for name in names()}
    return {**own, WHOLE: whole()}
