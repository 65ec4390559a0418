"""What records with a version have in common: ETag, If-Match, If-None-Match, and what they refuse."""

from __future__ import annotations

from collections.abc import Mapping

from openapi.operation import Shape, Shown

MATCH = ("If-Match", "If-None-Match")
NONE_MATCH = ("If-None-Match",)
CONDITIONS = ("invalid_version", "stale_version", "already_exists", "precondition_required")
_CACHED = ("ETag", "Cache-Control")


def seen(shape: Shape) -> Mapping[int, Shape]:
    """The answers to reading a record."""
    return {200: Shown(shape, headers=_CACHED), 304: Shown(says="Unchanged.", headers=_CACHED)}


def kept(shape: Shape) -> Mapping[int, Shape]:
    """The answers to storing a record."""
    tagged = ("ETag",)
    return {
        200: Shown(shape, "Replaced.", headers=tagged),
        201: Shown(shape, "New.", headers=tagged),
    }
