"""A Google account in which facts are tried: two calendars of the probe, and the requests on them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

import requests

from scripts.probe.account import ProbeAccount, needed, title
from scripts.probe.calendar_names import is_ours
from scripts.probe.fact import NotTried
from scripts.probe.web import Answer, Json, one_of

STATUSES: Final = ("confirmed", "tentative", "cancelled")
ZONE: Final = "Europe/Berlin"
# A calendar that was just made may refuse writes for some seconds (row G95).
SETTLED: Final = 20.0
# What a listing shows late is looked for this often.
LOOKS: Final = 5
# No listing of the probe has more pages.
MOST_PAGES: Final = 50


@dataclass(frozen=True, slots=True)
class GoogleAddresses:
    """Where Google is; a double is somewhere else."""

    calendar: str = "https://www.googleapis.com/calendar/v3"
    consent: str = "https://accounts.google.com/o/oauth2/v2/auth"
    token: str = "https://oauth2.googleapis.com/token"  # noqa: S105
    revoke: str = "https://oauth2.googleapis.com/revoke"


@dataclass(slots=True)
class GoogleAccount(ProbeAccount):
    """A Google account; `first_write` is what the very first write to the new calendar was answered."""

    addresses: GoogleAddresses = field(default_factory=GoogleAddresses)
    first_write: str = ""

    def begin(self) -> None:
        """Make the two calendars, and wait until they take events."""
        ProbeAccount.begin(self)
        answer = self.insert(self.event("first"))
        self.first_write = answer.said
        for _ in range(LOOKS):
            if answer.good:
                break
            self.web.wait(SETTLED)
            answer = self.insert(self.event("first"))

    def make_calendar(self, name: str) -> Answer:
        """Ask the provider for a new calendar."""
        return self.call("POST", "calendars", {"summary": name, "timeZone": ZONE})

    def delete_calendar(self, calendar: str) -> Answer:
        """Ask the provider to delete a calendar."""
        return self.call("DELETE", f"calendars/{quote(calendar, safe='')}")

    def clean(self) -> int:
        """Remove the calendars that earlier runs left, and return how many there were."""
        removed = 0
        page = ""
        for _ in range(MOST_PAGES):
            query: Json = {"pageToken": page} if page else {}
            answer = self.call("GET", "users/me/calendarList", **query)
            if not answer.good:
                raise SystemExit(f"the calendars could not be listed: {answer.said}")
            for each in answer.found.get("items", ()):
                if is_ours(each.get("summary")):
                    removed += self.remove_calendar(str(each["id"]))
            page = str(answer.found.get("nextPageToken", ""))
            if not page:
                break
        return removed

    # Requests

    def call(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        if_match: str = "",
        token: str = "",
        **query: Any,
    ) -> Answer:
        """Send one request to the Calendar API."""
        headers = {"Authorization": f"Bearer {token or self.granted['access_token']}"}
        headers |= {"If-Match": if_match} if if_match else {}
        shown = {
            name: str(value).lower() if isinstance(value, bool) else value for name, value in query.items()
        }
        address = f"{self.addresses.calendar.rstrip('/')}/{path}"
        answer = self.web.ask(method, address, body=body, headers=headers, query=shown)
        if answer.status == requests.codes.unauthorized and not token and self.renew is not None:
            self.granted |= self.renew()
            headers["Authorization"] = f"Bearer {self.granted['access_token']}"
            answer = self.web.ask(method, address, body=body, headers=headers, query=shown)
        return answer

    def events(self, event: str = "", *, calendar: str = "") -> str:
        """The path of the events of a calendar, or of one event."""
        place = f"calendars/{quote(calendar or self.calendar, safe='')}/events"
        return f"{place}/{quote(event, safe='')}" if event else place

    def insert(self, body: Json, **query: Any) -> Answer:
        """Insert an event; nobody is mailed."""
        return self.call("POST", self.events(), body, sendUpdates="none", **query)

    def made(self, about: str = "event", **fields: Any) -> Json:
        """Insert an event that a fact needs, and return it."""
        return needed(self.insert(self.event(about, **fields)))

    def get(self, event: str, *, calendar: str = "") -> Answer:
        """Read one event."""
        return self.call("GET", self.events(event, calendar=calendar))

    def patch(self, event: str, body: Json, *, if_match: str = "", **query: Any) -> Answer:
        """Change fields of an event; nobody is mailed."""
        return self.call("PATCH", self.events(event), body, if_match=if_match, sendUpdates="none", **query)

    def put(self, event: str, body: Json) -> Answer:
        """Replace an event; nobody is mailed."""
        return self.call("PUT", self.events(event), body, sendUpdates="none")

    def delete(self, event: str) -> Answer:
        """Delete an event; nobody is mailed."""
        return self.call("DELETE", self.events(event), sendUpdates="none")

    def listing(self, *, calendar: str = "", **query: Any) -> Answer:
        """One page of a calendar's events."""
        return self.call("GET", self.events(calendar=calendar), **query)

    def sync_token(self) -> str:
        """A sync token that knows everything up to now."""
        return str(self.last_page(maxResults=2500)["nextSyncToken"])

    def last_page(self, **query: Any) -> Json:
        """The last page of a listing; a listing without end is no ground for a fact."""
        page = needed(self.listing(**query))
        for _ in range(MOST_PAGES):
            if "nextPageToken" not in page:
                return page
            page = needed(self.listing(pageToken=page["nextPageToken"], **query))
        raise NotTried("a listing before it did not end")

    def changes(self, token: str, *, until: str = "") -> list[Json]:
        """What changed since a sync token; with `until`, asked again until that event is in it."""
        items: list[Json] = []
        for _ in range(LOOKS):
            items = needed(self.listing(syncToken=token, maxResults=2500)).get("items", [])
            if not until or any(each.get("id") == until for each in items):
                break
            self.web.wait(3.0)
        return items

    def instances(self, event: str, **query: Any) -> Answer:
        """The instances of a series."""
        return self.call("GET", f"{self.events(event)}/instances", **query)

    # Bodies

    def day(self, number: int = 0) -> datetime:
        """A day some weeks ahead, at noon in the calendar's zone."""
        base = self.began.astimezone(ZoneInfo(ZONE)).replace(hour=12, minute=0, second=0, microsecond=0)
        return base + timedelta(days=30 + number)

    def moment(self, number: int = 0, *, hours: int = 0, zone: str = ZONE) -> Json:
        """A start or end: a time on a day of `day`, some hours after noon."""
        at = self.day(number) + timedelta(hours=hours)
        return {"dateTime": at.isoformat(), "timeZone": zone}

    def date(self, number: int = 0) -> Json:
        """A start or end of an all-day event; the other member is null, as a change needs it."""
        return {"date": self.day(number).date().isoformat()}

    def event(self, about: str = "event", **fields: Any) -> Json:
        """The body of an event of an hour, with other fields as given."""
        return {
            "summary": title(about),
            "start": self.moment(),
            "end": self.moment(hours=1),
            "reminders": {"useDefault": True},
        } | fields

    def series(self, about: str = "series", *, count: int = 5, **fields: Any) -> Json:
        """Insert a daily series, and return it."""
        return self.made(about, recurrence=[f"RRULE:FREQ=DAILY;COUNT={count}"], **fields)

    def instance(self, event: str, number: int) -> Json:
        """One instance of a series, by its place."""
        items: list[Json] = needed(self.instances(event))["items"]
        return items[number]

    def act(self, task: str, about: str, event: str) -> None:
        """Let the operator do something by hand."""
        self.asked_to_act(task, about, event, settled=3.0)


def with_status(answer: Answer) -> str:
    """What an answer says, with the status of its event."""
    return f"{answer.said} {one_of(answer.found['status'], *STATUSES)}" if answer.good else answer.said


def utc(text: str) -> datetime:
    """A time of an answer, in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)
