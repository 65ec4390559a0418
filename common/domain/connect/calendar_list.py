"""Merges a listing of an account's calendars into the calendars that a connection knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from common.domain.calendar.connection import CalendarEntry, CalendarUse

# One listing without a calendar proves nothing: listings have been incomplete for hours.
GONE_AFTER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class CalendarListing:
    """The calendars after a listing; ``returned`` were missing before, ``gone`` are missing for good."""

    calendars: Mapping[str, CalendarEntry]
    returned: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()


def first_listing(listed: Iterable[CalendarEntry]) -> dict[str, CalendarEntry]:
    """The calendars of a new connection: the account's own one is imported, the others are not used."""
    uses = {True: CalendarUse.IMPORT, False: CalendarUse.NONE}
    return {entry.key: replace(entry, use=uses[entry.primary], missing_since=None) for entry in listed}


def merge_listing(
    known: Mapping[str, CalendarEntry],
    listed: Iterable[CalendarEntry],
    *,
    now: datetime,
    add_new: bool = True,
) -> CalendarListing:
    """The calendars after a later listing: new ones are not used, missing ones stay.

    Without ``add_new`` new ones are left out for now: one of them may be the one that is just being made.
    """
    present = {entry.key: entry for entry in listed}
    calendars: dict[str, CalendarEntry] = {}
    for key, entry in known.items():
        if key in present:
            calendars[key] = replace(present[key], use=entry.use, missing_since=None)
        else:
            calendars[key] = replace(entry, missing_since=entry.missing_since or now)
    for key, entry in present.items() if add_new else ():
        calendars.setdefault(key, replace(entry, use=CalendarUse.NONE, missing_since=None))
    return CalendarListing(
        calendars=calendars,
        returned=tuple(sorted(key for key in present if key in known and known[key].missing_since)),
        gone=tuple(sorted(key for key, entry in calendars.items() if proven_gone(entry, now=now))),
    )


def proven_gone(entry: CalendarEntry, *, now: datetime) -> bool:
    """Whether two listings at least a day apart did not have it."""
    return entry.missing_since is not None and now - entry.missing_since >= GONE_AFTER
