"""What a function really touches: follows the names from its main.py through common/, one by one."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from common.api.handler import ANONYMOUS
from common.api.rate_limiter import WRITES
from tests.terraform.code import tree
from tests.terraform.deployment import ROOT

# Where the purpose stands among the arguments.
PURPOSE_AT = {"sign": 0, "verify": 1}


@dataclass(frozen=True, slots=True)
class Name:
    """A name of a module's top level; an empty one is everything that runs at import."""

    path: Path
    word: str


@cache
def nodes(name: str) -> tuple[ast.AST, ...]:
    """Every node of the code that a function can come to, the wiring left out."""
    main = ROOT / "functions" / name / "main.py"
    waiting, seen = [Name(main, "")], set[Name]()
    found: list[ast.AST] = []
    while waiting:
        here = waiting.pop()
        if here in seen or here.path.name == "wiring.py":
            continue
        seen.add(here)
        if here.word:
            waiting.append(Name(here.path, ""))
        for part in _bodies(here):
            found += ast.walk(part)
            waiting += _followed(here.path, part)
    return tuple(found)


def touches(name: str) -> set[str]:
    """The ports that a function uses: attributes of anything but itself."""
    return {
        node.attr
        for node in nodes(name)
        if isinstance(node, ast.Attribute)
        and not (isinstance(node.value, ast.Name) and node.value.id == "self")
    }


def mails(name: str) -> bool:
    """Whether a function hands mails over."""
    return any(
        isinstance(node, ast.Attribute)
        and node.attr == "send"
        and isinstance(node.value, ast.Attribute)
        and node.value.attr == "mailer"
        for node in nodes(name)
    )


def counts_strangers(name: str) -> bool:
    """Whether callers without an account change something: they are counted under keyed hashes."""
    routes = importlib.import_module(f"functions.{name}.main").APP.routes
    return any(route.access in ANONYMOUS and route.method in WRITES for route in routes)


def purposes(name: str) -> set[str]:
    """What a function signs and verifies."""
    return {
        _constant(node.args[PURPOSE_AT[node.func.attr]])
        for node in nodes(name)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in PURPOSE_AT
        and "keys" in ast.dump(node.func.value)
    }


def _constant(node: ast.expr) -> str:
    """The text itself, or that of one of the two modules' constant PURPOSE."""
    if isinstance(node, ast.Constant):
        return str(node.value)
    module = "booking/access" if isinstance(node, ast.Attribute) else "sync/push"
    found = _top(ROOT / f"common/domain/{module}.py")["PURPOSE"]
    assert isinstance(found, ast.Assign)
    assert isinstance(found.value, ast.Constant)
    return str(found.value.value)


@cache
def _top(path: Path) -> Mapping[str, ast.stmt]:
    """What a module defines at its top level, by name."""
    found: dict[str, ast.stmt] = {}
    for node in tree(path).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found[node.name] = node
        elif isinstance(node, ast.Assign):
            found.update({leaf.id: node for target in node.targets for leaf in _names(target)})
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found[node.target.id] = node
    return found


@cache
def _imported(path: Path) -> Mapping[str, Name]:
    """Where the names that a module imports from common/ come from; late imports count."""
    found: dict[str, Name] = {}
    for node in ast.walk(tree(path)):
        if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("common"):
            continue
        for alias in node.names:
            place = _file(f"{node.module}.{alias.name}")
            known = alias.asname or alias.name
            found[known] = Name(place, "") if place else Name(_file(node.module or "") or path, alias.name)
    return found


def _file(module: str) -> Path | None:
    place = ROOT.joinpath(*module.split("."))
    return next((path for path in (place.with_suffix(".py"), place / "__init__.py") if path.is_file()), None)


def _bodies(here: Name) -> Iterator[ast.AST]:
    if here.word:
        if here.word in _top(here.path):
            yield _top(here.path)[here.word]
        elif here.word in _imported(here.path):
            yield ast.Name(here.word)
    elif here.path.name == "main.py":
        yield tree(here.path)


def _followed(path: Path, part: ast.AST) -> Iterator[Name]:
    """The names of this and other modules that a piece of code speaks of."""
    imported, own = _imported(path), _top(path)
    for node in ast.walk(part):
        if isinstance(node, ast.Name):
            if node.id in imported:
                yield imported[node.id]
            elif node.id in own:
                yield Name(path, node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = imported.get(node.value.id)
            if module and not module.word:
                yield Name(module.path, node.attr)


def _names(target: ast.AST) -> Iterator[ast.Name]:
    yield from (leaf for leaf in ast.walk(target) if isinstance(leaf, ast.Name))
