"""Copies JSON values, several times faster than copy.deepcopy does."""

from typing import Any


def copied(value: Any) -> Any:
    """A value that shares no dict and no list with the original."""
    if isinstance(value, dict):
        return {
            name: copied(item) if isinstance(item, (dict, list)) else item for name, item in value.items()
        }
    if isinstance(value, list):
        return [copied(item) if isinstance(item, (dict, list)) else item for item in value]
    return value
