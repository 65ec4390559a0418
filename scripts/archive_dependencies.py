"""Finds the modules of ``common/`` and the third-party modules that a function imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
OURS = "common"


@dataclass(frozen=True, slots=True)
class Dependencies:
    """The files of ``common/`` and the third-party modules that an entry point imports."""

    files: tuple[Path, ...]
    foreign: frozenset[str]


@dataclass(frozen=True, slots=True)
class Import:
    """One imported module; a ``late`` import is inside a function and runs when that is called."""

    module: str
    late: bool


def dependencies(main: Path, *, late: bool, also: tuple[str, ...] = ()) -> Dependencies:
    """Everything that ``main`` imports, directly or through ``common/``.

    Args:
        main: The entry point.
        late: Whether imports inside functions count, as they do for all but the webhooks.
        also: Late imports that count in any case.
    """
    waiting = [item.module for item in imports(main) if late or not item.late]
    waiting += also
    files: set[Path] = set()
    foreign: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name.split(".")[0] != OURS:
            foreign.add(name)
            continue
        fresh = [path for path in _paths(name) if path not in files]
        files.update(fresh)
        waiting += [item.module for path in fresh for item in imports(path) if late or not item.late]
    return Dependencies(tuple(sorted(files)), frozenset(foreign))


@cache
def imports(path: Path) -> tuple[Import, ...]:
    """The imports of a module, without those for the type checker alone."""
    return tuple(_imports(ast.parse(path.read_bytes()), late=False))


def _imports(node: ast.AST, *, late: bool) -> Iterator[Import]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from (Import(alias.name, late) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            yield from (Import(name, late) for name in _names(child))
        elif not (isinstance(child, ast.If) and _types_only(child.test)):
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _imports(child, late=late or inside)


def _names(node: ast.ImportFrom) -> Iterator[str]:
    module = node.module or ""
    yield module
    if module.split(".")[0] == OURS:
        # A name that is imported from a package may be a module of it.
        yield from (f"{module}.{alias.name}" for alias in node.names)
    else:
        # google.cloud and google.auth are of different distributions, so the first word is not enough.
        yield from (f"{module}.{alias.name}" for alias in node.names if module.startswith("google"))


def _types_only(test: ast.expr) -> bool:
    return isinstance(test, ast.Name) and test.id == "TYPE_CHECKING"


def _paths(name: str) -> Iterator[Path]:
    """The file of a module and those of the packages that contain it; none if the name is no module."""
    parts = name.split(".")
    for depth in range(1, len(parts) + 1):
        place = ROOT.joinpath(*parts[:depth])
        candidates = (place / "__init__.py", place.with_suffix(".py"))
        yield from (path for path in candidates if path.is_file())
