"""The simulated Google's side of the story, through its consent page and its back door, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from local.demo.back_door import BackDoor
from local.demo.calendars import Entry, Span
from local.demo.checks import Unmet

_ACCEPTED = range(200, 300)
_MARKER = "slotbridge"


class Google:
    """One simulated Google account."""

    kind = "google"
    name = "Google"
    revocable = True

    def __init__(self, door: BackDoor, *, account: str, zone: str) -> None:
        """Talk to the simulator through its back door."""
        self.account = account
        self._door = door
        self._zone = zone
        self._ids: dict[str, str] = {}

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

    def consent(self, address: str) -> str:
        """Open the consent page, choose the account, tick everything, submit; where the browser goes then."""
        return self._door.consent(address, account=self.account, decision="allow")

    def enter(self, calendar: str, entry: Entry) -> None:
        """The owner enters an event."""
        self._door.do("put_event", calendar=self._ids[calendar], event=self._body(entry))

    def remove(self, calendar: str, title: str) -> None:
        """The owner deletes the one event of this title."""
        name = self._ids[calendar]
        (event,) = (
            found for found in self._door.see("events", calendar=name) if found.get("summary") == title
        )
        self._door.do("delete_event", calendar=name, event_id=event["id"])

    def move_appointment(self, booking: str, *, minutes: int) -> None:
        """The owner drags the event of a booking to another time."""
        for name, event in self._mirrored():
            if _booking(event) == booking:
                self._door.do("shift_event", calendar=name, event_id=event["id"], minutes=minutes)
                return
        raise Unmet("the booking to be moved is not in Google's calendar")

    def busy(self, calendar: str, start: datetime, end: datetime) -> tuple[Span, ...]:
        """The provider's own answer to what is busy, merged."""
        bounds = {"time_min": start.isoformat(), "time_max": end.isoformat()}
        found = self._door.see("busy", calendar=self._ids[calendar], **bounds)
        return tuple((_instant(first), _instant(last)) for first, last in found)

    def appointments(self) -> Mapping[str, Span]:
        """The events that mirror bookings, in all calendars: booking to time."""
        return {
            _booking(event): (_instant(event["start"]["dateTime"]), _instant(event["end"]["dateTime"]))
            for _, event in self._mirrored()
        }

    def events(self, calendar: str) -> int:
        """How many events a calendar holds, series counted once, mirrored bookings not counted."""
        found = self._door.see("events", calendar=self._ids[calendar])
        live = [event for event in found if event["status"] != "cancelled"]
        return sum(1 for event in live if not _booking(event) and "recurringEventId" not in event)

    def mails(self) -> int:
        """How many messages the provider sent to guests."""
        return len(self._door.see("mails"))

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

    def lose_pushes(self) -> None:
        """Deliver no notification any more."""
        self._door.do("hold_pushes")

    def refuse_writes(self) -> None:
        """Answer every new event with a server error."""
        self._door.do("add_fault", action="status", method="events.insert", times=0, status=503)

    def channels(self) -> int:
        """How many push channels live."""
        return sum(1 for channel in self._door.see("channels") if channel["live"])

    def grants(self) -> int:
        """How many refresh tokens live."""
        return sum(grant["refresh_tokens"] for grant in self._door.see("grants"))

    def _mirrored(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for name in self._ids.values():
            for event in self._door.see("events", calendar=name):
                if event["status"] != "cancelled" and _booking(event):
                    yield name, event

    def _body(self, entry: Entry) -> dict[str, Any]:
        body: dict[str, Any] = {
            "summary": entry.title,
            "start": {"dateTime": entry.start.isoformat(), "timeZone": self._zone},
            "end": {"dateTime": entry.end.isoformat(), "timeZone": self._zone},
        }
        if entry.weeks > 1:
            body["recurrence"] = [f"RRULE:FREQ=WEEKLY;COUNT={entry.weeks}"]
        return body | ({"transparency": "transparent"} if entry.free else {})


def _booking(event: Mapping[str, Any]) -> str:
    """The booking that an event mirrors, from the marker that Slotbridge writes."""
    marker = event.get("extendedProperties", {}).get("private", {}).get(_MARKER, "")
    return str(marker).rpartition(".")[0]


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
