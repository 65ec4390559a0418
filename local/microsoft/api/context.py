"""One Graph request after routing: its caller, its target, and the form of answer that it prefers."""

import re
from dataclasses import dataclass, field

from local.microsoft import ids
from local.microsoft.errors import Json, access_denied, conflict_of_change_keys, id_malformed, item_not_found
from local.microsoft.events.expansion import ListedEvent, listed_event, occurrence
from local.microsoft.model import Account, Caller, Item, MailboxCalendar
from local.microsoft.state import State
from local.microsoft.times import zone

SHARED_READ_SCOPES = frozenset({"Calendars.Read.Shared", "Calendars.ReadWrite.Shared"})


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the Prefer headers of one request ask for: time zone, kind of ids, page size, plain text.

    Links serve both kinds of ids, so each request names the one that it wants (fact M26).
    """

    zone: str = "UTC"
    immutable: bool = False
    page_size: int = 0
    plain_text: bool = False

    @classmethod
    def of(cls, headers: list[str]) -> "Preferences":
        """Read the Prefer headers; 400 for an unknown time zone."""
        text = ", ".join(headers)
        named = re.search(r'outlook\.timezone\s*=\s*"?([^",]*)"?', text, re.IGNORECASE)
        size = re.search(r"odata\.maxpagesize\s*=\s*\"?(\d+)", text, re.IGNORECASE)
        if named:
            zone(named.group(1))
        return cls(
            zone=named.group(1) if named else "UTC",
            immutable=bool(re.search(r'IdType\s*=\s*"?ImmutableId"?', text, re.IGNORECASE)),
            page_size=min(int(size.group(1)), 1000) if size else 0,
            plain_text=bool(re.search(r'outlook\.body-content-type\s*=\s*"?text', text, re.IGNORECASE)),
        )

    @property
    def applied(self) -> str:
        """The value of the Preference-Applied header."""
        found = [f'outlook.timezone="{self.zone}"'] if self.zone != "UTC" else []
        found += ['IdType="ImmutableId"'] if self.immutable else []
        found += [f"odata.maxpagesize={self.page_size}"] if self.page_size else []
        return ", ".join(found)


@dataclass(frozen=True, slots=True)
class PathTarget:
    """The ids in a path: a calendar, an event, and an extension or subscription (`other`).

    `scoped` says that the path names the calendar, rather than meaning the default one.
    """

    calendar: str = ""
    scoped: bool = False
    event: str = ""
    other: str = ""


@dataclass(slots=True)
class Context:
    """What a handler gets to answer one Graph request.

    `page_fault` is set by a scripted fault; `status` and `headers` are what the handler wants in the
    answer.
    """

    state: State
    caller: Caller
    path_target: PathTarget
    query: dict[str, str]
    body: Json
    preferences: Preferences
    base: str
    path: str
    if_match: str = ""
    page_fault: str = ""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def account(self) -> Account:
        """The account that the access token belongs to, with its mailbox."""
        return self.state.accounts[self.caller.account]

    def calendar(self, *, write: bool = False) -> MailboxCalendar:
        """Return the calendar that the path names; 404 if there is none, 403 without access."""
        found = self.state.mailbox_calendar(self.caller.account, self.path_target.calendar)
        if self.path_target.calendar and not ids.well_formed(self.path_target.calendar):
            raise id_malformed()
        self.require_access(found, write=write)
        return found

    def require_access(self, found: MailboxCalendar, *, write: bool) -> None:
        """Answer 403 if the token's scopes or a read-only calendar do not allow this use."""
        needed = {"Calendars.ReadWrite.Shared"} if write else SHARED_READ_SCOPES
        if not found.own and not needed & self.caller.scopes:
            raise access_denied()
        if write and not found.can_edit:
            raise access_denied()

    def event_key(self, event_id: str) -> tuple[str, str]:
        """Return the internal key and the day of the event with this id; ids are case-sensitive.

        400 for what has not the form of an id (fact M34), 404 for an id that never was (M63).
        """
        if not ids.well_formed(event_id):
            raise id_malformed()
        if event_id not in self.state.event_ids:
            raise item_not_found()
        return self.state.event_ids[event_id]

    def target(self, *, write: bool = False, stale: bool = False) -> ListedEvent:
        """Return the event that the path names: a single event, a series, or one occurrence.

        404 if there is none. `stale` reads the calendar as a delayed reader sees it (settings `get_lag`
        and `lag_get`).
        """
        key, day = self.event_key(self.path_target.event)
        for found in self._calendars_on_path():
            items = self.state.visible(found.calendar, single=True).items if stale else found.calendar.items
            item = items.get(key)
            if item is None:
                continue
            self.require_access(found, write=write)
            if self.path_target.event not in self._names(item, day):
                raise item_not_found()
            one = occurrence(items, item, day) if day else listed_event(item)
            if one is None:
                raise item_not_found()
            return one
        return self._deleted_event(key, day, write=write)

    def _calendars_on_path(self) -> list[MailboxCalendar]:
        """The calendars in which the path finds an event.

        A path without a calendar finds those of the own mailbox alone (fact M28).
        """
        own = [each for each in self.state.calendars_of(self.caller.account) if each.own]
        if not self.path_target.scoped:
            return own
        named = self.state.mailbox_calendar(self.caller.account, self.path_target.calendar)
        if named.own and self.state.settings.unscoped_event_paths:
            return [named, *(each for each in own if each.id != named.id)]
        return [named]

    def _deleted_event(self, key: str, day: str, *, write: bool) -> ListedEvent:
        """Return an event from the folder of deleted items (setting `deleted_items_answer`), else 404."""
        item = self.state.deleted_events.get(key)
        if item is None or write or day or not self.state.settings.deleted_items_answer:
            raise item_not_found()
        if self.path_target.scoped and not self.state.settings.unscoped_event_paths:
            raise item_not_found()
        if self.state.calendars[item.calendar].owner != self.caller.account:
            raise item_not_found()
        return listed_event(item)

    def _names(self, item: Item, day: str) -> set[str]:
        return {self.state.id_of(item, immutable=kind, day=day) for kind in (True, False)}

    def require_if_match(self, found: ListedEvent) -> None:
        """Answer 412 if the request's If-Match header names another version of the event."""
        current = f'W/"{ids.change_key(found.item.change)}"'
        if self.if_match not in {"", "*", current}:
            raise conflict_of_change_keys()
