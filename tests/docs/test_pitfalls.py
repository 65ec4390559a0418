"""Every numbered pitfall of the documentation is shown by tests that are marked with its number."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
COUNT = 25


def sections() -> dict[int, str]:
    """The text of each numbered section."""
    parts = re.split(r"^## (\d+)\. ", (ROOT / "docs/pitfalls.md").read_text(), flags=re.MULTILINE)
    return {int(number): text for number, text in zip(parts[1::2], parts[2::2], strict=True)}


@cache
def marked() -> dict[str, set[int]]:
    """The numbers with which each test is marked, by ``path::name``."""
    found: dict[str, set[int]] = defaultdict(set)
    for path in (ROOT / "tests").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                name = f"{path.relative_to(ROOT)}::{node.name}"
                found[name] |= {number for item in node.decorator_list for number in numbers(item)}
    return found


def numbers(decorator: ast.expr) -> list[int]:
    if not (isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "pytest.mark.pitfall"):
        return []
    given = [argument.value for argument in decorator.args if isinstance(argument, ast.Constant)]
    return [value for value in given if isinstance(value, int)]


def test_every_pitfall_has_its_section() -> None:
    """All numbers are there once, in order."""
    assert list(range(1, COUNT + 1)) == list(sections())


@pytest.mark.parametrize("number", range(1, COUNT + 1))
def test_the_named_tests_exist_and_carry_the_number(number: int) -> None:
    """Every test that the list names exists and is marked with the pitfall's number."""
    named = re.findall(r"^- `(tests/\S+)`$", sections()[number], flags=re.MULTILINE)
    tests = marked()

    assert named
    assert [] == [name for name in named if number not in tests.get(name, set())]


def test_no_number_is_missing_in_the_list() -> None:
    """Every number that marks a test has a section in the list."""
    assert set() == set().union(*marked().values()) - set(sections())
