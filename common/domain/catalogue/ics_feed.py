"""The iCalendar feed of a resource: its secret address, and which bookings it holds."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from common.domain.booking.booking import Booking, BookingStatus
from common.domain.calendar.interval import Interval

PAST = timedelta(days=30)
AHEAD = timedelta(days=400)
# Long enough for calendar programs that fetch a feed rarely to see a cancellation.
CANCELLED_SHOWN = timedelta(days=30)
_SECRET = re.compile(r"[A-Za-z0-9_-]{43}")


class Shows(StrEnum):
    """How much whoever holds the address sees."""

    BUSY = "busy"
    TITLES = "titles"


@dataclass(frozen=True, slots=True)
class IcsFeed:
    """The published feed of a resource, at most one at a time; the secret of its address is kept nowhere."""

    tenant: str
    resource: str
    shows: Shows
    secret_hash: str = field(repr=False)
    created_at: datetime
    created_by: str
    version: str | None = None


def hash_secret(secret: str) -> str | None:
    """The hash under which a secret is stored; None for a text that cannot be a secret."""
    return hashlib.sha256(secret.encode()).hexdigest() if _SECRET.fullmatch(secret) else None


def bookings_window(now: datetime) -> Interval:
    """The range of bookings that a feed holds."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return Interval(day - PAST, day + AHEAD)


def belongs_in_feed(booking: Booking, now: datetime) -> bool:
    """Whether a booking belongs in the feed: cancelled ones for a while, so that clients remove them."""
    return booking.status is BookingStatus.CONFIRMED or booking.updated_at > now - CANCELLED_SHOWN
