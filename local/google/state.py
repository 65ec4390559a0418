"""The whole state of the simulated Google behind one lock; every change of it is recorded here."""

import zlib
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from local.google.errors import Json, not_found
from local.google.model import Account, Calendar, Call, Channel, Client, ListEntry, StoredEvent
from local.google.settings import Settings
from local.google.times import format_timestamp, parse_timestamp
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
        self.writes_done: dict[str, int] = {}
        self.read_only_until: dict[str, datetime] = {}
        self.calendar_writes: dict[str, list[datetime]] = {}
        self.on_change: Callable[[str, str], None] = lambda _resource, _event_type: None
        self.on_deletion: Callable[[str], None] = lambda _resource: None
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
        """Record that an event changed: new change number, etag, and pushes, whoever did it (G151).

        With `main_data` also a new `updated` time; a change of reminders alone has none (G24). The series
        of an instance and all its exceptions count as changed with it, under one etag (G8).
        """
        number, moment = self.next_change(), self.tick()
        calendar.change = number
        for each in _family(calendar, event):
            each.change, each.stamp = number, _microseconds(moment)
            if main_data:
                each.body["updated"] = calendar.updated = moment
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
        """Return a calendar by its id or as `primary`; 404 if it is unknown or deleted (G14, G33)."""
        found = self.calendars.get(self.resolve_calendar_id(calendar_id, account))
        if found is None or found.deleted:
            raise not_found()
        self._forget_tombstones(found)
        return found

    def _forget_tombstones(self, calendar: Calendar) -> None:
        """Let deleted events vanish after their time (G31); their ids stay taken (G26)."""
        life = self.settings.tombstone_life
        if life is None:
            return
        for event in list(calendar.events.values()):
            series = calendar.events.get(event.series)
            needed = series is not None and not series.cancelled
            if event.cancelled and not needed and self.now() - _moment(event.stamp) > life:
                calendar.gone_ids.add(event.id)
                del calendar.events[event.id]

    def copy_calendar(self, calendar_id: str) -> Calendar:
        """Copy a calendar as it is now, for the fault `stale`."""
        return deepcopy(self.calendars[calendar_id])

    def resolve_calendar_id(self, calendar_id: str, account: str) -> str:
        """Return the calendar id that the alias `primary` stands for, or the given id."""
        if calendar_id == "primary":
            return account
        return calendar_id if calendar_id in self.calendars else calendar_id.lower()

    def etag(self, calendar: Calendar, event: StoredEvent, account: str) -> str:
        """Return an event's etag: twice the time of its last change in microseconds (G23).

        Each account sees a different one; the owner's is the plain number.
        """
        salt = 0 if account == calendar.owner else 1 + zlib.crc32(f"{account} {calendar.id}".encode()) % 1999
        return f'"{2 * event.stamp + salt}"'

    def log_mail(self, to: str, kind: str, calendar: Calendar, event: Json, *, by: str) -> None:
        """Log a mail that Google would have sent."""
        at = format_timestamp(self.now())
        self.mails.append(Mail(to=to, kind=kind, calendar=calendar.id, event=event["id"], by=by, at=at))


def _family(calendar: Calendar, event: StoredEvent) -> list[StoredEvent]:
    """The event, and if it belongs to a series, the series and all its exceptions."""
    new = event.change == 0 and not event.series
    if event.raw or new or not (event.series or event.is_master):
        return [event]
    master = event.series or event.id
    others = (each for each in calendar.events.values() if each is not event and not each.raw)
    return [event, *(each for each in others if master in {each.id, each.series})]


def _microseconds(moment: str) -> int:
    return int(parse_timestamp(moment).timestamp() * 1000) * 1000


def _moment(microseconds: int) -> datetime:
    return datetime.fromtimestamp(microseconds / 1_000_000, tz=UTC)
