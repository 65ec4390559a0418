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
MOST_IN_A_FOLDER = 25
# Nouns of the field that end in "ing".
NOUNS = {"blocking", "booking", "listing", "mapping", "opening", "paging", "string", "wiring"}


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


def test_entry_points_decide_nothing() -> None:
    """A main.py is a table of routes: it decodes, calls one flow and encodes, and handles no error."""
    mains = [path for path in modules("functions") if path.name == "main.py"]
    deciding = {
        str(path.relative_to(ROOT))
        for path in mains
        if any(isinstance(node, ast.Try) for node in ast.walk(ast.parse(path.read_text())))
    }

    assert len(mains) > 10
    assert deciding == set()


def test_a_class_name_exists_once() -> None:
    """Whoever reads a class's name in common/ knows which one it is."""
    places: dict[str, list[str]] = {}
    for path in modules("common"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                places.setdefault(node.name, []).append(str(path.relative_to(ROOT)))

    assert {name: found for name, found in places.items() if len(found) > 1} == {}


def test_no_file_is_named_by_a_gerund() -> None:
    """A file is named after what it holds; only nouns of the field that happen to end so are allowed."""
    found = {
        str(path.relative_to(ROOT))
        for path in modules(*CODE, "openapi", "scripts", "tests")
        if any(word.endswith("ing") and word not in NOUNS for word in path.stem.split("_"))
    }

    assert found == set()


def test_no_folder_is_crowded() -> None:
    """A folder is read at a glance."""
    crowded = {
        str(folder.relative_to(ROOT)): count
        for folder in {path.parent for path in modules(*CODE, "openapi", "scripts", "tests")}
        if (count := len(list(folder.glob("*.py")))) > MOST_IN_A_FOLDER
    }

    assert crowded == {}


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
