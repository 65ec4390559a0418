"""Lists an account's calendars, all pages of them."""

from __future__ import annotations

from collections.abc import Callable

from common.domain.account import CalendarEntry
from common.domain.feed import CalendarPage
from common.errors import UnexpectedReply

MOST_PAGES = 40


def all_calendars(fetch: Callable[[str | None], CalendarPage]) -> tuple[CalendarEntry, ...]:
    """Every calendar of an account.

    Args:
        fetch: Asks the provider for one page.

    Raises:
        UnexpectedReply: The pages have no end.
    """
    entries: list[CalendarEntry] = []
    page: str | None = None
    for _ in range(MOST_PAGES):
        answer = fetch(page)
        entries += answer.entries
        page = answer.page
        if page is None:
            return tuple(entries)
    raise UnexpectedReply("a listing of calendars has no end", code="endless_pages")
