"""Settings of the simulated Google: where it is strict, how long things live, which oddities it shows.

Rows such as G28 are those of docs/provider-facts.md.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Literal


@dataclass(slots=True)
class Settings:
    """Settings that `admin.set_setting` changes while the simulator runs (durations in seconds)."""

    allow_http_push: bool = False
    # Documented to be seven days (G105); shorter for tests of renewals.
    channel_cap: timedelta = timedelta(days=7)
    # None: only what expires them by name does (G1).
    sync_token_life: timedelta | None = None
    # How far back `updatedMin` may reach (G139).
    updated_min_history: timedelta = timedelta(days=28)
    # Whether deleted single events show their id and status only, as deleted series always do (G9).
    id_only_tombstones: bool = False
    # How long a deleted event can be read and is listed; None: for ever (G31).
    tombstone_life: timedelta | None = None
    # Whether an event that a person deleted cannot be changed through the API any more (G28).
    refuse_updates_of_ui_deleted: bool = True
    # Whether an import of an iCalUID that the calendar has is a duplicate instead of a change (G32).
    refuse_known_imports: bool = False
    # What events.instances answers for an event that is not recurring: nobody knows (G34).
    instances_of_single: Literal["refused", "empty", "itself"] = "refused"
    # What becomes of the exceptions of a series that is made a single event: nobody knows (G67).
    exceptions_of_single: Literal["stay", "cancelled"] = "stay"
    # Whether changes are listed in an order of their own, an exception before its series (G16).
    shuffled_listings: bool = False
    # Whether listings still name a series that ended before `timeMin` (G17).
    ended_series_listed: bool = False
    # Whether listed single events and instances lack `timeZone` (G54).
    zones_left_out: bool = False
    # Addresses of attendees that are refused, beside those that are never taken (G72).
    refused_addresses: frozenset[str] = frozenset()
    # Zone names that this Google does not know yet (G51).
    unknown_zones: frozenset[str] = frozenset()
    # Whether attendees count as not having answered, whatever answer is written for them (G80).
    responses_reset: bool = False
    # Whether guests are mailed in spite of `sendUpdates=none` (G146).
    mail_despite_none: bool = False
    # How many invitations an account may send before quotaExceeded; None: any number (G75).
    guest_budget: int | None = None
    # How many writes an account may do before it is read-only for `read_only_period`; None: any (G76).
    write_budget: int | None = None
    read_only_period: timedelta = timedelta(hours=6)
    # How many writes a minute one calendar takes; None: any number (G77).
    calendar_writes: int | None = None
    # How long a calendar made through the API is answered with an error, and with which: 404 or 403 (G95).
    fresh_calendar_delay: timedelta | None = None
    fresh_calendar_status: Literal[403, 404] = 404
    refresh_token_limit: int = 100
    # None: for ever; a project in testing has seven days (G125).
    refresh_token_life: timedelta | None = None
    freebusy_days: int = 92
    # A listing of events in larger pages is answered 500; whether smaller ones help is not known.
    largest_page: int | None = None
    # How many messages one change sends (G113).
    notifications_per_change: int = 1
    # Whether messages still come for a channel that was stopped (G109).
    pushes_after_stop: bool = False
    # Whether a deleted calendar sends `not_exists` to its channels (G112).
    deleted_calendars_pushed: bool = False


# What a random story may set these settings to: every value is one that the real Google is known for.
SWITCHES: dict[str, tuple[Any, ...]] = {
    "id_only_tombstones": (False, True),
    "tombstone_life": (None, 7200),
    "refuse_updates_of_ui_deleted": (True, False),
    "instances_of_single": ("refused", "empty", "itself"),
    "exceptions_of_single": ("stay", "cancelled"),
    "shuffled_listings": (False, True),
    "ended_series_listed": (False, True),
    "zones_left_out": (False, True),
    "unknown_zones": ((), ("Europe/Zurich",)),
    "responses_reset": (False, True),
    "calendar_writes": (None, 10),
    "notifications_per_change": (1, 3),
    "pushes_after_stop": (False, True),
    "deleted_calendars_pushed": (False, True),
}
