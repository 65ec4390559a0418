"""The whole state of the simulated Microsoft behind one lock; every change of it is recorded here."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from local.microsoft import ids
from local.microsoft.errors import GraphError, item_not_found
from local.microsoft.model import (
    PERSONAL_TENANT,
    Account,
    App,
    Calendar,
    Call,
    Item,
    MailboxCalendar,
    Subscription,
    Tenant,
    Tombstone,
)
from local.microsoft.settings import Settings
from local.microsoft.times import format_timestamp
from local.simulation.state import Mail, SimulatorState

# Facts M100: mailboxes that Graph does not serve.
MAILBOX_ERRORS = {
    "MailboxNotEnabledForRESTAPI": "REST API is not yet supported for this mailbox.",
    "MailboxNotSupportedForRESTAPI": "REST API is not yet supported for this mailbox.",
    "MailboxNotHosted": "The mailbox is either inactive, soft-deleted, or is hosted on-premise.",
}


@dataclass(slots=True)
class DelayedChange:
    """A change that some answers do not show yet.

    Listings and delta show it from `visible_at` on and after `reads` readings (settings `lag` and
    `lag_reads`), single events and instances from `readable_at` on (setting `get_lag`).
    """

    calendar: str
    key: str
    before: Item | None
    change: int
    visible_at: datetime
    reads: int
    readable_at: datetime

    def hidden(self, moment: datetime, *, single: bool) -> bool:
        """Whether listings and delta, or reads of single events, do not show the change yet."""
        return self.readable_at > moment if single else self.visible_at > moment or self.reads > 0


@dataclass(frozen=True, slots=True)
class VisibleCalendar:
    """A calendar's content as listings and delta show it, without delayed changes."""

    items: dict[str, Item]
    removed: list[Tombstone]
    change: int


class State(SimulatorState):
    """Every account, tenant, calendar, app and subscription, the clock, and the counter of changes."""

    def __init__(self, now: Callable[[], datetime], settings: Settings) -> None:
        super().__init__()
        self._clock = now
        self.settings = settings
        self.accounts: dict[str, Account] = {}
        self.tenants: dict[str, Tenant] = {PERSONAL_TENANT: Tenant(PERSONAL_TENANT, "live.com")}
        self.calendars: dict[str, Calendar] = {}
        self.apps: dict[str, App] = {}
        self.subscriptions: dict[str, Subscription] = {}
        self.event_ids: dict[str, tuple[str, str]] = {}
        self.calendar_of_event: dict[str, str] = {}
        self.deleted_events: dict[str, Item] = {}
        self.calls: list[Call] = []
        self.bumps: list[tuple[datetime, str]] = []
        self.on_change: Callable[[Calendar, Item, str], None] = lambda _calendar, _item, _kind: None
        self.muted = False
        self._delayed: list[DelayedChange] = []
        self._counted: dict[str, int] = {}

    def now(self) -> datetime:
        """The present time in UTC."""
        return self._clock().astimezone(UTC)

    def account(self, email: str) -> Account:
        """Return an account by the address that it was created with (KeyError if there is none)."""
        return self.accounts[email.lower()]

    def person(self, address: str) -> Account | None:
        """Return who signs in with this address now, or None."""
        return next((each for each in self.accounts.values() if each.address == address.lower()), None)

    def tenant_of_domain(self, domain: str) -> Tenant:
        """Return the organization of a mail domain, which is created when it is first named."""
        made = Tenant(ids.guid("tenant", domain.lower()), domain.lower())
        return self.tenants.setdefault(made.id, made)

    def require_mailbox(self, account: Account) -> None:
        """Answer 404 if Graph does not serve this mailbox."""
        if account.mailbox_error:
            code = account.mailbox_error
            raise GraphError(404, code, MAILBOX_ERRORS.get(code, "The mailbox is not available."))

    def default_calendar(self, account: str) -> Calendar:
        """Return the default calendar of a mailbox."""
        return next(each for each in self.calendars.values() if each.owner == account and each.default)

    def named_calendar(self, name: str) -> Calendar:
        """Return the calendar with this id, or the default calendar of the mailbox with this address."""
        if name.lower() in self.accounts:
            return self.default_calendar(name.lower())
        return (
            next((each for each in self.calendars.values() if each.shown_id == name), None)
            or self.calendars[name]
        )

    def calendars_of(self, account: str) -> list[MailboxCalendar]:
        """Return the calendars of a mailbox: its own ones, then those shared with it."""
        own = [
            MailboxCalendar(each, each.shown_id, each.can_edit, own=True)
            for each in self.calendars.values()
            if each.owner == account and not each.deleted
        ]
        shared = [
            MailboxCalendar(self.calendars[share.calendar], link, share.can_edit, own=False)
            for link, share in self.accounts[account].shared.items()
            if not self.calendars[share.calendar].deleted
        ]
        return own + shared

    def mailbox_calendar(self, account: str, calendar_id: str) -> MailboxCalendar:
        """Return a calendar of a mailbox by its id (empty: the default calendar); 404 if there is none."""
        wanted = calendar_id or self.default_calendar(account).shown_id
        for each in self.calendars_of(account):
            if wanted in {each.id, ids.plain_calendar_id(each.id)}:
                return each
        raise item_not_found()

    def store(self, item: Item, *, kind: str = "updated", silent: bool = False, moved: bool = False) -> Item:
        """Store a version of an item as a change; a `silent` one is not reported by delta.

        Whether delta reports one that was `moved` here is a setting.
        """
        calendar = self.calendars[item.calendar]
        moment, change = format_timestamp(self.now()), self.next_change()
        made = replace(
            item,
            change=change,
            delta_change=0 if moved else item.delta_change if silent else change,
            move_change=change if moved else item.move_change,
            created=item.created or moment,
            modified=moment,
        )
        self._lag(calendar, item.key, calendar.items.get(item.key), change)
        calendar.items[item.key] = made
        self.calendar_of_event[item.key] = calendar.id
        self.deleted_events.pop(item.key, None)
        self._notify(calendar, made, kind)
        return made

    def remove(self, item: Item, *, notify: bool = True, tombstone: bool = True, moved: bool = False) -> None:
        """Remove an item from its calendar, leaving a tombstone for delta unless told not to.

        `moved` says that it goes to another calendar.
        """
        calendar = self.calendars[item.calendar]
        change = self.next_change()
        self._lag(calendar, item.key, calendar.items.get(item.key), change)
        del calendar.items[item.key]
        self.calendar_of_event.pop(item.key, None)
        self.deleted_events[item.key] = item
        if tombstone:
            key = item.series or item.key
            calendar.removed.append(Tombstone(key, item.original, item.moves, change, item, final=not moved))
        if notify:
            self._notify(calendar, item, "deleted")

    def _notify(self, calendar: Calendar, item: Item, kind: str) -> None:
        if not self.muted:
            self.on_change(calendar, item, kind)

    def _lag(self, calendar: Calendar, key: str, before: Item | None, change: int) -> None:
        settings = self.settings
        if settings.lag or settings.lag_reads or settings.get_lag:
            moment = self.now()
            self._delayed.append(
                DelayedChange(
                    calendar.id,
                    key,
                    before,
                    change,
                    visible_at=moment + settings.lag,
                    reads=settings.lag_reads,
                    readable_at=moment + settings.get_lag,
                )
            )

    def visible(self, calendar: Calendar, *, single: bool = False) -> VisibleCalendar:
        """Return what listings and delta show of a calendar: delayed changes are undone, the newest first.

        `single` is for reads of single events and of instances: they have a delay of their own, and that
        of the listings only with the setting `lag_get`.
        """
        moment = self.now()
        self._delayed = [
            each
            for each in self._delayed
            if each.hidden(moment, single=False) or each.hidden(moment, single=True)
        ]
        listed = not single or self.settings.lag_get
        late = [
            each
            for each in self._delayed
            if each.calendar == calendar.id
            and (
                (single and each.hidden(moment, single=True))
                or (listed and each.hidden(moment, single=False))
            )
        ]
        if not late:
            return VisibleCalendar(calendar.items, calendar.removed, self._change)
        items = dict(calendar.items)
        for each in reversed(late):
            if each.before is None:
                items.pop(each.key, None)
            else:
                items[each.key] = each.before
            each.reads -= listed
        known = late[0].change - 1
        return VisibleCalendar(items, [each for each in calendar.removed if each.change <= known], known)

    def apply_due_bumps(self) -> None:
        """Give new change keys to the events for which the setting `bump_after` asks it by now."""
        due = [key for moment, key in self.bumps if moment <= self.now()]
        self.bumps = [(moment, key) for moment, key in self.bumps if moment > self.now()]
        for key in due:
            if key in self.calendar_of_event:
                self.store(self.calendars[self.calendar_of_event[key]].items[key])

    def every(self, name: str, number: int) -> bool:
        """Count one more thing of this name; whether it is the last of so many (0: never)."""
        if not number:
            return False
        self._counted[name] = (self._counted.get(name, 0) + 1) % number
        return self._counted[name] == 0

    def id_of(self, item: Item, *, immutable: bool, day: str = "") -> str:
        """Return the id of an item or of its occurrence on a day, and remember it for look-ups."""
        key, day = item.series or item.key, day or item.original
        made = ids.item_id(key, calendar=item.calendar, moves=item.moves, day=day, immutable=immutable)
        self.event_ids[made] = (key, day)
        return made

    def log_mail(self, to: str, kind: str, item: Item, *, by: str) -> None:
        """Log a mail that Exchange would have sent."""
        event = self.id_of(item, immutable=True)
        self.mails.append(
            Mail(
                to=to, kind=kind, calendar=item.calendar, event=event, by=by, at=format_timestamp(self.now())
            )
        )
