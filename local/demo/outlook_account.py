"""An account at the simulated Microsoft, through its consent page and its own API, over HTTP."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from local.demo.provider_account import Entry, ProviderAccount
from local.demo.simulator_client import SimulatorClient

_ACCEPTED = range(200, 300)
_CHANGES = {"created", "updated", "deleted"}
_MARKER = " Name SlotbridgeBooking"


class OutlookAccount(ProviderAccount):
    """An account at the simulated Microsoft."""

    kind = "microsoft"
    name = "Outlook"
    _subject = "subject"
    _accept = "accept"
    # https://learn.microsoft.com/entra/identity-platform/refresh-tokens: only the account's owner can do it.
    revocable = False

    def __init__(
        self, simulator: SimulatorClient, *, account: str, zone: str, personal: bool = False
    ) -> None:
        """``zone`` is a Windows time zone name; ``personal`` makes it a personal account."""
        super().__init__(simulator, account=account, zone=zone)
        self._personal = personal

    def create(self, calendars: Mapping[str, Sequence[Entry]]) -> None:
        """Create the account with these calendars; the first one is its default calendar."""
        self._simulator.call("add_account", email=self.account, time_zone=self._zone, personal=self._personal)
        for name, entries in calendars.items():
            self._ids[name] = (
                self._simulator.call("add_calendar", owner=self.account, name=name)
                if self._ids
                else self._simulator.call("default_calendar", account=self.account)
            )
            bodies = [self._body(entry) for entry in entries]
            self._simulator.call("bulk_load", calendar=self._ids[name], events=bodies)

    def events(self, calendar: str) -> int:
        """The number of events in a calendar without those of bookings; a series counts once."""
        found = self._simulator.read("events", calendar=self._ids[calendar])
        return sum(1 for event in found if not self._booking(event) and not event["seriesMasterId"])

    def pushes(self, calendar: str) -> int:
        """The number of notifications of a calendar that were delivered and accepted so far."""
        mine = {each["id"] for each in self._subscriptions() if each["calendar"] == self._ids[calendar]}
        attempts = [item for item in self._simulator.read("push_attempts") if item["subscription"] in mine]
        return sum(1 for item in attempts if item["kind"] in _CHANGES and item["status"] in _ACCEPTED)

    def expire_sync_tokens(self) -> None:
        """Let every delta link be refused as too old."""
        for name in self._ids.values():
            self._simulator.call("expire_sync_tokens", calendar=name)

    def count_answers(self, status: int) -> int:
        """The number of API calls that were answered with this status so far."""
        mine = (call for call in self._simulator.read("calls") if call["account"] == self.account)
        return sum(1 for call in mine if call["status"] == status)

    def throttle(self) -> None:
        """Refuse the next two writes for usage limits, the first with Retry-After and the second without."""
        limit = {"action": "status", "method": "events.create", "account": self.account, "status": 429}
        self._simulator.call("add_fault", **limit, retry_after="3")
        self._simulator.call("add_fault", **limit)

    def refuse_writes(self) -> None:
        """Answer every new event with a server error from now on."""
        self._simulator.call("add_fault", action="status", method="events.create", times=0, status=503)

    def channels(self) -> int:
        """The number of push channels that are live."""
        return sum(1 for each in self._subscriptions() if each["live"])

    def grants(self) -> int:
        """The number of valid refresh tokens."""
        mine = (grant for grant in self._simulator.read("grants") if grant["account"] == self.account)
        return sum(grant["refresh_tokens"] for grant in mine)

    def _subscriptions(self) -> list[dict[str, Any]]:
        return [each for each in self._simulator.read("subscriptions") if each["account"] == self.account]

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
        """The id of the booking that Slotbridge wrote into an event, empty for other events."""
        for name, value in event["_properties"].items():
            if name.endswith(_MARKER):
                return str(value).rpartition(".")[0]
        return ""

    @staticmethod
    def _instant(text: str) -> datetime:
        """A time in UTC in Graph's format, with or without an offset."""
        moment = datetime.fromisoformat(text)
        return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
