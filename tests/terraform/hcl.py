"""Reads blocks of HCL as they are written in terraform/ses: one word or value a line."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any


def resources(path: Path) -> dict[str, dict[str, Any]]:
    """Every resource of a file by "type.name"; a nested block is a value under its own name."""
    found: dict[str, dict[str, Any]] = {}
    for head, name, body in re.findall(
        r'^resource "(\w+)" "(\w+)" {\n(.*?)^}', path.read_text(), re.MULTILINE | re.DOTALL
    ):
        lines = [line.strip() for line in body.splitlines()]
        found[f"{head}.{name}"] = _block(iter(lines))
    return found


def resolved(value: Any, variables: dict[str, str], known: dict[str, dict[str, Any]]) -> Any:
    """A value with variables and other resources' arguments put in."""
    if isinstance(value, dict):
        return {name: resolved(item, variables, known) for name, item in value.items()}
    if not isinstance(value, str):
        return value
    text = re.sub(r"\$\{var\.(\w+)\}", lambda found: variables[found[1]], value)
    if text.startswith("var."):
        return variables[text.removeprefix("var.")]
    owner, _, argument = text.rpartition(".")
    return resolved(known[owner][argument], variables, known) if owner in known else text


def _block(lines: Any) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for line in lines:
        if line == "}":
            break
        if opened := re.fullmatch(r"(\w+) \{", line):
            values[opened[1]] = _block(lines)
        elif (said := re.fullmatch(r"(\w+)\s+= (.*)", line)) and not said[2].endswith(("(", "{", "[")):
            values[said[1]] = _value(said[2])
    return values


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
