"""Paging of lists: which part is asked for, and one page as it is returned."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which part of a list is asked for.

    Attributes:
        limit: How many items at most.
        after: The place behind which it begins, as the page before named it.
        resources: Whose items alone; None means everybody's.
    """

    limit: int
    after: str | None = None
    resources: Collection[str] | None = None


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some items in a stable order, and the place behind them; None after the last page."""

    items: tuple[T, ...]
    next: str | None = None
