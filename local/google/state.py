"""The whole state of the simulated Google behind one lock; every change of it is recorded here."""

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
    """One API call or edit by hand; however often it changes a resource, it notifies once."""

    number: int = 0
    notified: set[str] = field(default_factory=set)


class State(SimulatorState):
    """Every account, calendar, client and channel, the clock, and the counter of changes."""

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
        """Return the server time for a change: it always increases, by at least a millisecond."""
        moment = self.now().astimezone(UTC)
        moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
        self._last = max(moment, self._last + timedelta(milliseconds=1))
        return format_timestamp(self._last)

    def begin_operation(self) -> None:
        """Begin a new API call or edit, so that the next change of a resource notifies again."""
        self._operation = Operation(self._operation.number + 1)

    def record_change(self, calendar: Calendar, event: StoredEvent, *, main_data: bool = True) -> None:
        """Record that an event changed: new change number and etag, push notifications.

        With `main_data` also a new `updated` time.
        """
        event.change = calendar.change = self.next_change()
        if main_data:
            event.body["updated"] = calendar.updated = self.tick()
        self._notify(f"calendar:{calendar.id}", str(event.body.get("eventType", "default")))

    def record_list_change(self, account: Account, entry: ListEntry) -> None:
        """Record that an entry of an account's calendar list changed."""
        entry.change = self.next_change()
        self._notify(f"list:{account.email}", "")

    def _notify(self, resource: str, event_type: str) -> None:
        if not self.muted and resource not in self._operation.notified:
            self._operation.notified.add(resource)
            self.on_change(resource, event_type)

    def account(self, email: str) -> Account:
        """Return an account by its address (KeyError if there is none)."""
        return self.accounts[email.lower()]

    def calendar(self, calendar_id: str, account: str = "") -> Calendar:
        """Return a calendar by its id or by the alias `primary`; 404 if it is unknown or deleted."""
        found = self.calendars.get(self.resolve_calendar_id(calendar_id, account))
        if found is None or found.deleted:
            raise not_found()
        return found

    def copy_calendar(self, calendar_id: str) -> Calendar:
        """Copy a calendar as it is now, for the fault `stale`."""
        return deepcopy(self.calendars[calendar_id])

    def resolve_calendar_id(self, calendar_id: str, account: str) -> str:
        """Return the calendar id that the alias `primary` stands for, or the given id."""
        if calendar_id == "primary":
            return account
        return calendar_id if calendar_id in self.calendars else calendar_id.lower()

    def etag(self, calendar: Calendar, event: StoredEvent, account: str) -> str:
        """Return an event's etag; as with Google, each account sees a different one."""
        salt = zlib.crc32(f"{account} {calendar.id}".encode()) % 100_000
        return f'"{event.change:09d}{salt:05d}"'

    def log_mail(self, to: str, kind: str, calendar: Calendar, event: Json, *, by: str) -> None:
        """Log a mail that Google would have sent."""
        at = format_timestamp(self.now())
        self.mails.append(Mail(to=to, kind=kind, calendar=calendar.id, event=event["id"], by=by, at=at))
