"""What the code itself says of its functions: the settings, lanes and events that stand in it."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from scripts.archive_dependencies import dependencies
from tests.terraform.deployment import ROOT, functions

READERS = {"text", "number", "keys", "page"}
LEVELS = {"info", "warning", "error"}


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_bytes())


def modules() -> list[Path]:
    """Every module that is deployed."""
    return sorted([*(ROOT / "common").rglob("*.py"), *(ROOT / "functions").rglob("*.py")])


def folders() -> set[str]:
    """Every function that there is."""
    return {path.parent.name for path in (ROOT / "functions").glob("*/main.py")}


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    """Each call of a module, by the last word of what is called."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", None) or getattr(node.func, "id", "")
            yield name, node


def constant(node: ast.expr) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def settings() -> dict[str, bool]:
    """Every setting that the code reads, and whether it can do without (a default, or looked for first)."""
    found: dict[str, bool] = {}
    for path in modules():
        for name, call in calls(path):
            read = constant(call.args[0]) if call.args else ""
            from_environment = name == "get" and "environ" in ast.dump(call.func)
            if read.isupper() and (name in READERS or from_environment):
                optional = len(call.args) > 1 or from_environment
                found[read] = found.get(read, False) or optional
    return found


def reads(name: str) -> set[str]:
    """The modules of common/ that a function is made of, without those that it only has for others."""
    main = ROOT / "functions" / name / "main.py"
    also = tuple(functions()[name].get("lean", ()))
    found = dependencies(main, late=not also, also=also)
    return {path.relative_to(ROOT).as_posix() for path in found.files}


def lanes(name: str) -> set[str]:
    """The queues that the flows of a function name."""
    flows = [ROOT / path for path in reads(name) if path.startswith("common/flows")]
    return {
        node.attr.lower()
        for path in flows
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "Lane"
    }


def enqueues(name: str) -> bool:
    """Whether the flows of a function make tasks."""
    flows = [ROOT / path for path in reads(name) if path.startswith("common/flows")]
    return any(called == "enqueue" for path in flows for called, _ in calls(path))


def fields(event: str) -> set[str]:
    """The fields that every line of an event has."""
    found = [
        {keyword.arg or "" for keyword in call.keywords}
        for path in modules()
        for name, call in calls(path)
        if name in LEVELS and call.args and constant(call.args[0]) == event and "log" in ast.dump(call.func)
    ]
    return set.intersection(*found) if found else set()


def events() -> set[str]:
    """Every event that is logged."""
    return {
        constant(call.args[0])
        for path in modules()
        for name, call in calls(path)
        if name in LEVELS and call.args and "log" in ast.dump(call.func)
    } - {""}
