"""Links and commands of the documentation exist."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from local.__main__ import command_line

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "local").rglob("*.md")])
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
TARGET = re.compile(r"`make ([a-z-]+)`|^make ([a-z-]+)", re.MULTILINE)
LOCAL = re.compile(r"python -m local ((?:up|demo|token)\b[^`)\n]*)")


def texts() -> dict[str, str]:
    return {str(path.relative_to(ROOT)): path.read_text() for path in PAGES}


@pytest.mark.parametrize("page", [pytest.param(path, id=str(path.relative_to(ROOT))) for path in PAGES])
def test_links_lead_somewhere(page: Path) -> None:
    """Every relative link names a file or a folder of the project."""
    links = [link for link in LINK.findall(page.read_text()) if "://" not in link]

    assert [] == [link for link in links if not (page.parent / link).exists()]


def test_every_make_target_exists() -> None:
    """Every ``make`` target that a page mentions is in the Makefile."""
    offered = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), flags=re.MULTILINE))
    asked = {name for text in texts().values() for pair in TARGET.findall(text) for name in pair if name}

    assert {"demo", "dev", "test"} <= asked
    assert set() == asked - offered


def test_every_local_command_is_understood() -> None:
    """Every ``python -m local`` command of a page can be parsed."""
    commands = {line.strip() for text in texts().values() for line in LOCAL.findall(text)}
    understood = {command_line().parse_args(shlex.split(command)).command for command in commands}

    assert {"up", "demo", "token"} == understood
