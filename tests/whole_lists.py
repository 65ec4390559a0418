"""Whole lists, for tests that look at everything at once."""

from __future__ import annotations

from typing import Any

from common.domain.shared.paging import PageRequest


def every(ask: Any, *scope: str) -> tuple[Any, ...]:
    """All that a list of the store holds; it has to fit on one page."""
    page = ask(*scope, PageRequest(1_000))
    assert page.next is None
    return tuple(page.items)
