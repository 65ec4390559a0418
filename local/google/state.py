"""Holds the whole simulated state behind one lock, and is the one place where changes are recorded."""

import zlib
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from local.google.errors import Json, not_found
from local.google.model import Account, Calendar, Call, Channel, Client, ListEntry, StoredEvent
from local.google.settings import Settings
from local.google.times import format_timestamp
from local.simulation.state import Mail, SimulatorState


@dataclass(slots=True)
class Operation:
    """One request or back-door action; its changes to one resource notify once."""

    number: int = 0
    notified: set[str] = field(default_factory=set)


class State(SimulatorState):
    """Every account, calendar and channel, the clock, and the change counter."""

    def __init__(self, now: Callable[[], datetime], settings: Settings) -> None:
        super().__init__()
        self.now = now
        self.settings = settings
        self.accounts: dict[str, Account] = {}
        self.calendars: dict[str, Calendar] = {}
        self.clients: dict[str, Client] = {}
        self.channels: dict[tuple[str, str], Channel] = {}
        self.calls: list[Call] = []
        self.guests_added: dict[str, int] = {}
        self.on_change: Callable[[str, str], None] = lambda _resource, _event_type: None
        self.muted = False
        self._operation = Operation()
        self._last = datetime(1970, 1, 1, tzinfo=UTC)

    def tick(self) -> str:
        """The server time of a change: strictly increasing, in milliseconds."""
        moment = self.now().astimezone(UTC)
        moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
        self._last = max(moment, self._last + timedelta(milliseconds=1))
        return format_timestamp(self._last)

    def begin_operation(self) -> None:
        """Start a new operation: the next change of a resource notifies again."""
        self._operation = Operation(self._operation.number + 1)

    def record_change(self, calendar: Calendar, event: StoredEvent, *, main_data: bool = True) -> None:
        """Record that an event changed, for sync tokens, etags and channels."""
        event.change = calendar.change = self.next_change()
        if main_data:
            event.body["updated"] = calendar.updated = self.tick()
        self._notify(f"calendar:{calendar.id}", str(event.body.get("eventType", "default")))

    def record_list_change(self, account: Account, entry: ListEntry) -> None:
        """Record that an account's calendar list changed."""
        entry.change = self.next_change()
        self._notify(f"list:{account.email}", "")

    def _notify(self, resource: str, event_type: str) -> None:
        if not self.muted and resource not in self._operation.notified:
            self._operation.notified.add(resource)
            self.on_change(resource, event_type)

    def account(self, email: str) -> Account:
        """An account that exists."""
        return self.accounts[email.lower()]

    def calendar(self, calendar_id: str, account: str = "") -> Calendar:
        """The live calendar of an id or of the alias `primary`, else 404."""
        found = self.calendars.get(self.resolve_calendar_id(calendar_id, account))
        if found is None or found.deleted:
            raise not_found()
        return found

    def copy_calendar(self, calendar_id: str) -> Calendar:
        """A copy of a calendar as it is now, for stale reads."""
        return deepcopy(self.calendars[calendar_id])

    def resolve_calendar_id(self, calendar_id: str, account: str) -> str:
        """The real id behind the alias `primary`."""
        if calendar_id == "primary":
            return account
        return calendar_id if calendar_id in self.calendars else calendar_id.lower()

    def etag(self, calendar: Calendar, event: StoredEvent, account: str) -> str:
        """An event's etag, which differs between the accounts that see it."""
        salt = zlib.crc32(f"{account} {calendar.id}".encode()) % 100_000
        return f'"{event.change:09d}{salt:05d}"'

    def log_mail(self, to: str, kind: str, calendar: Calendar, event: Json, *, by: str) -> None:
        """Log a message to somebody."""
        at = format_timestamp(self.now())
        self.mails.append(Mail(to=to, kind=kind, calendar=calendar.id, event=event["id"], by=by, at=at))
