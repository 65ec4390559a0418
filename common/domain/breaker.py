"""Decides when so much of a calendar vanished at once that a fault is likelier than an intention."""

from __future__ import annotations

from datetime import datetime

from common.domain.feed import Held

ALWAYS_FINE = 10
SHARE = 0.2


def held(*, missing: int, known: int, now: datetime) -> Held | None:
    """What to hold when ``missing`` of ``known`` future items are not there any more; None: go on.

    Small numbers never trip: a person who clears a day must not need anybody's help.
    """
    if missing <= max(ALWAYS_FINE, known * SHARE):
        return None
    return Held(missing=missing, known=known, since=now)
