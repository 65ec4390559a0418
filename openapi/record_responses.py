"""What all records and lists have in common: conditional requests (ETag, If-Match), paging, errors."""

from __future__ import annotations

from collections.abc import Mapping

from openapi.fields import Answer, Opaque
from openapi.operation import Response, Shape


class Page(Answer):
    """Some items of a list; ``next_page_token`` goes with the next request, null after the last page."""

    next_page_token: Opaque | None


MATCH = ("If-Match", "If-None-Match")
NONE_MATCH = ("If-None-Match",)
CONDITIONS = ("invalid_version", "stale_version", "already_exists", "precondition_required")
PAGE = ("invalid_page_token",)
_CACHED = ("ETag", "Cache-Control")


def read_responses(shape: Shape) -> Mapping[int, Shape]:
    """The responses to reading a record."""
    return {200: Response(shape, headers=_CACHED), 304: Response(description="Unchanged.", headers=_CACHED)}


def change_responses(shape: Shape) -> Mapping[int, Shape]:
    """The response to changing a part of a record, or its state."""
    return {200: Response(shape, "As it is now.", headers=("ETag",))}


def store_responses(shape: Shape) -> Mapping[int, Shape]:
    """The responses to storing a record."""
    tagged = ("ETag",)
    return {
        200: Response(shape, "Replaced.", headers=tagged),
        201: Response(shape, "New.", headers=tagged),
    }
