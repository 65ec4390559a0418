"""The simulated Microsoft's side of the story, through its consent page and its back door, over HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from local.demo.back_door import BackDoor
from local.demo.calendars import Entry
from local.demo.side import Side

_ACCEPTED = range(200, 300)
_CHANGES = {"created", "updated", "deleted"}
_MARKER = " Name SlotbridgeBooking"


class Outlook(Side):
    """One simulated Microsoft account."""

    kind = "microsoft"
    name = "Outlook"
    _subject = "subject"
    _accept = "accept"
    # https://learn.microsoft.com/entra/identity-platform/refresh-tokens: only the account's owner can do it.
    revocable = False

    def __init__(self, door: BackDoor, *, account: str, zone: str, personal: bool = False) -> None:
        """Talk to the simulator through its back door; ``zone`` is one of Windows' names."""
        super().__init__(door, account=account, zone=zone)
        self._personal = personal

    def open(self, calendars: Mapping[str, Sequence[Entry]]) -> None:
        """Create the account with these calendars; the first one is its default calendar."""
        self._door.do("add_account", email=self.account, time_zone=self._zone, personal=self._personal)
        for name, entries in calendars.items():
            self._ids[name] = (
                self._door.do("add_calendar", owner=self.account, name=name)
                if self._ids
                else self._door.do("default_calendar", account=self.account)
            )
            bodies = [self._body(entry) for entry in entries]
            self._door.do("bulk_load", calendar=self._ids[name], events=bodies)

    def events(self, calendar: str) -> int:
        """How many events a calendar holds, series counted once, mirrored bookings not counted."""
        found = self._door.see("events", calendar=self._ids[calendar])
        return sum(1 for event in found if not self._booking(event) and not event["seriesMasterId"])

    def pushes(self, calendar: str) -> int:
        """How many notifications of a calendar were delivered and accepted so far."""
        mine = {each["id"] for each in self._subscriptions() if each["calendar"] == self._ids[calendar]}
        attempts = [item for item in self._door.see("push_attempts") if item["subscription"] in mine]
        return sum(1 for item in attempts if item["kind"] in _CHANGES and item["status"] in _ACCEPTED)

    def forget_cursors(self) -> None:
        """Let every delta link be forgotten."""
        for name in self._ids.values():
            self._door.do("expire_sync_tokens", calendar=name)

    def refusals(self, status: int) -> int:
        """How many calls were answered with this status so far."""
        mine = (call for call in self._door.see("calls") if call["account"] == self.account)
        return sum(1 for call in mine if call["status"] == status)

    def throttle(self) -> None:
        """Refuse the next two writes for usage limits, first with and then without Retry-After."""
        limit = {"action": "status", "method": "events.create", "account": self.account, "status": 429}
        self._door.do("add_fault", **limit, retry_after="3")
        self._door.do("add_fault", **limit)

    def refuse_writes(self) -> None:
        """Answer every new event with a server error."""
        self._door.do("add_fault", action="status", method="events.create", times=0, status=503)

    def channels(self) -> int:
        """How many push channels live."""
        return sum(1 for each in self._subscriptions() if each["live"])

    def grants(self) -> int:
        """How many refresh tokens live."""
        mine = (grant for grant in self._door.see("grants") if grant["account"] == self.account)
        return sum(grant["refresh_tokens"] for grant in mine)

    def _subscriptions(self) -> list[dict[str, Any]]:
        return [each for each in self._door.see("subscriptions") if each["account"] == self.account]

    def _body(self, entry: Entry) -> dict[str, Any]:
        body: dict[str, Any] = {
            "subject": entry.title,
            "start": self._wall(entry.start),
            "end": self._wall(entry.end),
            "showAs": "free" if entry.free else "busy",
        }
        if entry.weeks > 1:
            day = f"{entry.start:%A}".lower()
            body["recurrence"] = {
                "pattern": {"type": "weekly", "interval": 1, "daysOfWeek": [day]},
                "range": {
                    "type": "numbered",
                    "startDate": f"{entry.start:%Y-%m-%d}",
                    "numberOfOccurrences": entry.weeks,
                },
            }
        return body

    def _wall(self, moment: datetime) -> dict[str, str]:
        return {"dateTime": f"{moment:%Y-%m-%dT%H:%M:%S}", "timeZone": self._zone}

    @staticmethod
    def _booking(event: Mapping[str, Any]) -> str:
        """The booking that an event mirrors, from the marker that Slotbridge writes."""
        for name, value in event["_properties"].items():
            if name.endswith(_MARKER):
                return str(value).rpartition(".")[0]
        return ""

    @staticmethod
    def _instant(text: str) -> datetime:
        """An instant as Graph writes it in UTC, with or without saying so."""
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
