"""The page that leads a stranger through the code names files that exist."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/architecture.md"
NAMED = re.compile(r"`((?:common|functions|openapi|local|tests|terraform|docs)/[\w./-]*)`")
CAPABILITIES = {
    "catalogue",
    "slots",
    "booking",
    "connect",
    "sync",
    "export",
    "notify",
    "webhooks",
    "privacy",
    "issuers",
    "ops",
}


def test_every_named_file_exists() -> None:
    """Each file and folder of the walks and of "where do I change" is there."""
    named = set(NAMED.findall(PAGE.read_text()))

    assert len(named) > 80
    assert [] == sorted(name for name in named if not (ROOT / name).exists())


def test_every_capability_has_its_room_in_the_flows() -> None:
    """The table's capabilities are the folders and modules of the flows, and no others."""
    rooms = {
        path.stem
        for path in (ROOT / "common/flows").iterdir()
        if path.stem not in {"__init__", "__pycache__", "shared"}
    }

    assert rooms == CAPABILITIES
    assert all(f"| `{name}` |" in PAGE.read_text() for name in CAPABILITIES)


def test_at_least_twenty_usual_changes_are_answered() -> None:
    """Whoever wants to change something usual finds the place without reading code."""
    section = PAGE.read_text().split("## Where do I change")[1]

    assert len(re.findall(r"^\| (?!what|---)", section, flags=re.MULTILINE)) >= 20
