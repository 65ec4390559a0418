"""What records and lists have in common: ETag, If-Match, If-None-Match, pages, and what they refuse."""

from __future__ import annotations

from collections.abc import Mapping

from openapi.fields import Answer, Opaque
from openapi.operation import Shape, Shown


class PageOf(Answer):
    """Some items of a list; ``next_page_token`` goes with the next request, null after the last page."""

    next_page_token: Opaque | None


MATCH = ("If-Match", "If-None-Match")
NONE_MATCH = ("If-None-Match",)
CONDITIONS = ("invalid_version", "stale_version", "already_exists", "precondition_required")
PAGE = ("invalid_page_token",)
_CACHED = ("ETag", "Cache-Control")


def seen(shape: Shape) -> Mapping[int, Shape]:
    """The answers to reading a record."""
    return {200: Shown(shape, headers=_CACHED), 304: Shown(says="Unchanged.", headers=_CACHED)}


def changed(shape: Shape) -> Mapping[int, Shape]:
    """The answer to changing a part of a record, or its state."""
    return {200: Shown(shape, "As it is now.", headers=("ETag",))}


def kept(shape: Shape) -> Mapping[int, Shape]:
    """The answers to storing a record."""
    tagged = ("ETag",)
    return {
        200: Shown(shape, "Replaced.", headers=tagged),
        201: Shown(shape, "New.", headers=tagged),
    }
