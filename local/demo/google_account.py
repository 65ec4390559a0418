"""An account at the simulated Google, through its consent page and its own API, over HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from local.demo.provider_account import Entry, ProviderAccount

_ACCEPTED = range(200, 300)
_MARKER = "slotbridge"


class GoogleAccount(ProviderAccount):
    """One simulated Google account."""

    kind = "google"
    name = "Google"
    _subject = "summary"
    _accept = "allow"
    revocable = True

    def create(self, calendars: Mapping[str, Sequence[Entry]]) -> None:
        """Create the account with these calendars; the first one is its default calendar."""
        self._simulator.call("add_account", email=self.account, time_zone=self._zone)
        for name, entries in calendars.items():
            self._ids[name] = (
                self._simulator.call("add_calendar", owner=self.account, summary=name)
                if self._ids
                else self.account
            )
            self._simulator.call(
                "bulk_load", calendar=self._ids[name], events=[self._body(entry) for entry in entries]
            )

    def events(self, calendar: str) -> int:
        """The number of events in a calendar without those of bookings; a series counts once."""
        found = self._simulator.read("events", calendar=self._ids[calendar])
        live = [event for event in found if event["status"] != "cancelled"]
        return sum(1 for event in live if not self._booking(event) and "recurringEventId" not in event)

    def pushes(self, calendar: str) -> int:
        """The number of notifications of a calendar that were delivered and accepted so far."""
        watched = f"calendar:{self._ids[calendar]}"
        mine = {
            channel["id"] for channel in self._simulator.read("channels") if channel["resource"] == watched
        }
        attempts = self._simulator.read("push_attempts")
        return sum(1 for item in attempts if item["channel"] in mine and item["status"] in _ACCEPTED)

    def expire_sync_tokens(self) -> None:
        """Let every sync token be refused as too old."""
        self._simulator.call("expire_sync_tokens")

    def count_answers(self, status: int) -> int:
        """The number of API calls that were answered with this status so far."""
        return sum(1 for call in self._simulator.read("calls") if call["status"] == status)

    def throttle(self) -> None:
        """Refuse the next two writes for usage limits, the first with Retry-After and the second without."""
        limit = {"action": "status", "method": "events.insert", "reason": "rateLimitExceeded"}
        self._simulator.call("add_fault", **limit, status=429, retry_after="3")
        self._simulator.call("add_fault", **limit, status=403)

    def refuse_writes(self) -> None:
        """Answer every new event with a server error from now on."""
        self._simulator.call("add_fault", action="status", method="events.insert", times=0, status=503)

    def channels(self) -> int:
        """The number of push channels that are live."""
        return sum(1 for channel in self._simulator.read("channels") if channel["live"])

    def grants(self) -> int:
        """The number of valid refresh tokens."""
        return sum(grant["refresh_tokens"] for grant in self._simulator.read("grants"))

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
        """The id of the booking that Slotbridge wrote into an event, empty for other events."""
        marker = event.get("extendedProperties", {}).get("private", {}).get(_MARKER, "")
        return str(marker).rpartition(".")[0]

    @staticmethod
    def _instant(text: str) -> datetime:
        return datetime.fromisoformat(text).astimezone(UTC)
