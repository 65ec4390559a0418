"""The rules of the house, held by tools."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = ("common", "functions", "local", "bench")
LONGEST_MODULE, LONGEST_FUNCTION, LONGEST_MAIN, LONGEST_FLOW, LONGEST_TEST = 250, 40, 60, 60, 300


def modules(*folders: str) -> Iterator[Path]:
    for folder in folders:
        yield from sorted((ROOT / folder).rglob("*.py"))


def run(*command: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return "" if done.returncode == 0 else done.stdout + done.stderr


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function without its docstring, which may be as long as it needs."""
    total = (node.end_lineno or node.lineno) - node.lineno + 1
    first = node.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        total -= (first.end_lineno or first.lineno) - first.lineno + 1
    return total


def test_ruff_finds_nothing() -> None:
    """Every rule of ruff holds but those that pyproject.toml switches off with a reason."""
    assert run("ruff", "check", "--no-cache", ".") == ""


def test_ruff_would_format_nothing() -> None:
    """The formatter has been run."""
    assert run("ruff", "format", "--no-cache", "--check", ".") == ""


def test_mypy_is_satisfied() -> None:
    """The code is fully annotated under mypy --strict."""
    assert run("mypy") == ""


def test_the_import_arrow_holds() -> None:
    """No layer imports one above it, and the middle layers never import each other."""
    done = subprocess.run(
        [Path(sys.executable).parent / "lint-imports", "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout if done.returncode else "") == (0, "")


def longer(most: int, *folders: str) -> dict[str, int]:
    """The modules that have more lines than that."""
    counted = {path: len(path.read_text().splitlines()) for path in modules(*folders)}
    return {str(path.relative_to(ROOT)): count for path, count in counted.items() if count > most}


def test_modules_stay_small() -> None:
    """A module is read in one go."""
    assert longer(LONGEST_MODULE, *CODE) == {}


def test_tests_stay_small() -> None:
    """The tests of one topic are read in one go as well, and so is what they share."""
    assert longer(LONGEST_TEST, "tests") == {}


def test_entry_points_are_thin() -> None:
    """A main.py decodes, calls one flow and encodes, and nothing else."""
    mains = [path for path in modules("functions") if path.name == "main.py"]
    long = {
        str(path): count for path in mains if (count := len(path.read_text().splitlines())) > LONGEST_MAIN
    }
    clever = {
        str(path)
        for path in mains
        if any(isinstance(node, ast.Try) for node in ast.walk(ast.parse(path.read_text())))
    }

    assert len(mains) > 10
    assert (long, clever) == ({}, set())


def test_functions_stay_small() -> None:
    """A function fits on a screen; a flow's one public function may be a page."""
    long = {}
    for path in modules(*CODE):
        for node in functions(ast.parse(path.read_text())):
            allowed = (
                LONGEST_FLOW if path.parent.name == "flows" and path.stem == node.name else LONGEST_FUNCTION
            )
            if lines(node) > allowed:
                long[f"{path.relative_to(ROOT)}:{node.name}"] = lines(node)

    assert long == {}


def test_nothing_is_left_for_later() -> None:
    """No stub, no note to self."""
    marks = re.compile(r"(?m)\b(TODO|FIXME|XXX)\b|raise NotImplementedError$")
    found = [
        str(path.relative_to(ROOT))
        for path in modules(*CODE, "tests")
        if path != Path(__file__) and marks.search(path.read_text())
    ]

    assert found == []


def swallows(node: ast.ExceptHandler) -> bool:
    """Whether it catches everything and does not only tidy up before raising again."""
    everything = node.type is None or (
        isinstance(node.type, ast.Name) and node.type.id in {"Exception", "BaseException"}
    )
    last = node.body[-1]
    return everything and not (isinstance(last, ast.Raise) and last.exc is None)


def test_except_everything_appears_once() -> None:
    """Only the door of the functions catches everything."""
    found = [
        str(path.relative_to(ROOT))
        for path in modules("common", "functions")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler) and swallows(node)
    ]

    assert found == ["common/api/handler.py"]


@pytest.mark.parametrize(
    "path", [pytest.param(path, id=str(path.relative_to(ROOT))) for path in modules("tests")]
)
def test_tests_say_the_behaviour(path: Path) -> None:
    """Each test's docstring is the promise that it shows."""
    silent = [
        node.name
        for node in functions(ast.parse(path.read_text()))
        if node.name.startswith("test") and not ast.get_docstring(node)
    ]

    assert silent == []
