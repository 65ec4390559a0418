"""How bursts of push messages collapse into few tasks, by the names of the tasks alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

# The last change of a burst is looked at no later than a bucket and the skew after it: within five seconds.
BUCKET = timedelta(seconds=3)
# The trailing task waits a little longer than the bucket: clocks of two instances differ.
SKEW = timedelta(seconds=1)
# Microsoft may ask for a reauthorization every few minutes, and wants no two renewals within ten:
# https://learn.microsoft.com/graph/change-notifications-lifecycle-events
ONCE_IN = timedelta(minutes=10)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class PushNames:
    """The two task names of one calendar in one bucket, and when the trailing one runs.

    The first message of a bucket takes the leading name and is worked off at once. All others share the
    trailing task, which runs after the bucket has ended and so sees what they announced. A used name stays
    blocked for up to a day, which is why it always holds its bucket.
    """

    lead: str
    trail: str
    trail_at: datetime


def push_names(*, tenant: str, connection: str, calendar: str, now: datetime) -> PushNames:
    """The names for a message that arrives ``now``."""
    number = (now - _EPOCH) // BUCKET
    stem = f"push/{tenant}/{connection}/{calendar}/{number}"
    return PushNames(f"{stem}/lead", f"{stem}/trail", _EPOCH + (number + 1) * BUCKET + SKEW)


def once_name(*, tenant: str, connection: str, calendar: str, cause: str, now: datetime) -> str:
    """The name for what is worth doing once in ten minutes."""
    return f"push/{tenant}/{connection}/{calendar}/{cause}/{(now - _EPOCH) // ONCE_IN}"
