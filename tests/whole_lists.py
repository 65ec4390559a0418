"""Reads a store's whole list, for tests that check all of its items."""

from __future__ import annotations

from typing import Any

from common.domain.shared.paging import PageRequest


def every(ask: Any, *scope: str) -> tuple[Any, ...]:
    """All items of a list of the store; they have to fit on one page."""
    page = ask(*scope, PageRequest(1_000))
    assert page.next is None
    return tuple(page.items)
