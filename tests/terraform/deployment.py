"""Reads what Terraform is told, without Terraform: the shared JSON files and the settings that are made."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
TERRAFORM = ROOT / "terraform"


@cache
def shared(name: str) -> dict[str, Any]:
    """One of the files that code and Terraform share."""
    return dict(json.loads((TERRAFORM / f"{name}.json").read_text()))


def functions() -> dict[str, dict[str, Any]]:
    """Every deployed function."""
    return dict(shared("functions")["functions"])


def given() -> set[str]:
    """The settings that settings.tf always gives a value."""
    body = re.search(
        r"^  _required = \{\n(.*?)^  \}", (TERRAFORM / "settings.tf").read_text(), re.MULTILINE | re.DOTALL
    )
    assert body is not None
    return set(re.findall(r"^    ([A-Z][A-Z0-9_]+)\s+=", body[1], re.MULTILINE))


def settings_of(name: str) -> set[str]:
    """The settings that a function is given, its secrets and the functions' addresses included."""
    groups = shared("settings")["groups"]
    mounted = {setting for group in functions()[name]["settings"] for setting in groups[group]}
    addresses = {f"FUNCTION_URL_{other.upper()}" for other in functions()}
    return (mounted & given()) | set(functions()[name]["secrets"]) | addresses
