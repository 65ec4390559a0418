"""The breaker: holds deletions when too much of a calendar vanishes at once."""

from __future__ import annotations

from datetime import datetime

from common.domain.calendar.sync_state import Held

ALWAYS_FINE = 10
SHARE = 0.2


def deletions_to_hold(*, missing: int, known: int, now: datetime) -> Held | None:
    """What to hold when ``missing`` of ``known`` future items are not there any more; None to go on.

    A few missing items never hold: a person who clears a day must not need anybody's help.
    """
    if missing <= max(ALWAYS_FINE, known * SHARE):
        return None
    return Held(missing=missing, known=known, since=now)
