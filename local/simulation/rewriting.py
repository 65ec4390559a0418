"""Changes and removes values inside an answer, by paths such as items/*/start."""

from collections.abc import Mapping, Sequence
from typing import Any


def rewrite(answer: Any, *, change: Mapping[str, Any], remove: Sequence[str], separator: str) -> None:
    """Set and drop values in place; `*` stands for every entry, and what is not there is not dropped."""
    for path, value in change.items():
        _visit(answer, path.split(separator), value, remove=False)
    for path in remove:
        _visit(answer, path.split(separator), None, remove=True)


def _visit(node: Any, path: list[str], value: Any, *, remove: bool) -> None:
    name, rest = path[0], path[1:]
    for key in _keys(node, name):
        present = isinstance(node, list) or key in node
        if rest:
            if present:
                _visit(node[key], rest, value, remove=remove)
        elif not remove:
            node[key] = value
        elif present:
            del node[key]


def _keys(node: Any, name: str) -> list[Any]:
    if isinstance(node, list):
        if name == "*":
            return list(range(len(node)))
        return [int(name)] if name.isdigit() and int(name) < len(node) else []
    if isinstance(node, dict):
        return list(node) if name == "*" else [name]
    return []
