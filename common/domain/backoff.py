"""How long to wait before the next try."""

from __future__ import annotations

FIRST_SECONDS = 1.0
LONGEST_SECONDS = 600.0


def delay(attempt: int, *, dice: float, asked: float | None = None) -> float:
    """Seconds until try ``attempt + 1``: exponential with full jitter, never less than what was asked.

    Args:
        attempt: How many tries have failed before this one, from 0.
        dice: A random number in [0, 1).
        asked: The other side's Retry-After in seconds, if it sent one.

    See https://developers.google.com/workspace/calendar/api/guides/quota (truncated exponential backoff)
    and https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/ (full jitter).
    """
    ceiling = min(LONGEST_SECONDS, FIRST_SECONDS * float(1 << min(attempt, 20)))
    jittered = ceiling * dice
    # Everybody was told the same Retry-After: the jitter comes on top, or all come back at once.
    return jittered if asked is None else asked + min(jittered, max(1.0, asked * 0.25))
