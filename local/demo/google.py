"""The simulated Google's side of the story, through its consent page and its back door, over HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from local.demo.calendars import Entry
from local.demo.side import Side

_ACCEPTED = range(200, 300)
_MARKER = "slotbridge"


class Google(Side):
    """One simulated Google account."""

    kind = "google"
    name = "Google"
    _subject = "summary"
    _accept = "allow"
    revocable = True

    def open(self, calendars: Mapping[str, Sequence[Entry]]) -> None:
        """Create the account with these calendars; the first one is its default calendar."""
        self._door.do("add_account", email=self.account, time_zone=self._zone)
        for name, entries in calendars.items():
            self._ids[name] = (
                self._door.do("add_calendar", owner=self.account, summary=name) if self._ids else self.account
            )
            self._door.do(
                "bulk_load", calendar=self._ids[name], events=[self._body(entry) for entry in entries]
            )

    def events(self, calendar: str) -> int:
        """How many events a calendar holds, series counted once, mirrored bookings not counted."""
        found = self._door.see("events", calendar=self._ids[calendar])
        live = [event for event in found if event["status"] != "cancelled"]
        return sum(1 for event in live if not self._booking(event) and "recurringEventId" not in event)

    def pushes(self, calendar: str) -> int:
        """How many notifications of a calendar were delivered and accepted so far."""
        watched = f"calendar:{self._ids[calendar]}"
        mine = {channel["id"] for channel in self._door.see("channels") if channel["resource"] == watched}
        attempts = self._door.see("push_attempts")
        return sum(1 for item in attempts if item["channel"] in mine and item["status"] in _ACCEPTED)

    def forget_cursors(self) -> None:
        """Let every sync token be too old."""
        self._door.do("expire_sync_tokens")

    def refusals(self, status: int) -> int:
        """How many calls were answered with this status so far."""
        return sum(1 for call in self._door.see("calls") if call["status"] == status)

    def throttle(self) -> None:
        """Refuse the next two writes for usage limits, first with and then without Retry-After."""
        limit = {"action": "status", "method": "events.insert", "reason": "rateLimitExceeded"}
        self._door.do("add_fault", **limit, status=429, retry_after="3")
        self._door.do("add_fault", **limit, status=403)

    def refuse_writes(self) -> None:
        """Answer every new event with a server error."""
        self._door.do("add_fault", action="status", method="events.insert", times=0, status=503)

    def channels(self) -> int:
        """How many push channels live."""
        return sum(1 for channel in self._door.see("channels") if channel["live"])

    def grants(self) -> int:
        """How many refresh tokens live."""
        return sum(grant["refresh_tokens"] for grant in self._door.see("grants"))

    def _body(self, entry: Entry) -> dict[str, Any]:
        body: dict[str, Any] = {
            "summary": entry.title,
            "start": {"dateTime": entry.start.isoformat(), "timeZone": self._zone},
            "end": {"dateTime": entry.end.isoformat(), "timeZone": self._zone},
        }
        if entry.weeks > 1:
            body["recurrence"] = [f"RRULE:FREQ=WEEKLY;COUNT={entry.weeks}"]
        return body | ({"transparency": "transparent"} if entry.free else {})

    @staticmethod
    def _booking(event: Mapping[str, Any]) -> str:
        """The booking that an event mirrors, from the marker that Slotbridge writes."""
        marker = event.get("extendedProperties", {}).get("private", {}).get(_MARKER, "")
        return str(marker).rpartition(".")[0]

    @staticmethod
    def _instant(text: str) -> datetime:
        return datetime.fromisoformat(text).astimezone(UTC)
