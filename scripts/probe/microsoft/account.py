"""A Microsoft account in which facts are tried: two calendars of the probe, and the requests on them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import requests

from scripts.probe.account import ProbeAccount, needed, title
from scripts.probe.calendar_names import is_ours
from scripts.probe.fact import NotTried
from scripts.probe.web import Answer, Json

IMMUTABLE: Final = 'IdType="ImmutableId"'
WINDOWS_ZONE: Final = "W. Europe Standard Time"
RESPONSES: Final = ("none", "organizer", "tentativelyAccepted", "accepted", "declined", "notResponded")
EVENT_TYPES: Final = ("singleInstance", "occurrence", "exception", "seriesMaster")
# A name that no other program uses; the GUID is the probe's own.
PROPERTY: Final = "String {5f8c8a3e-5d0e-4d3e-9a6f-6b1f0c7d2e41} Name probe"
# What a listing or a delta shows late is looked for this often, this many seconds apart.
LOOKS: Final = 6
BETWEEN_LOOKS: Final = 10.0
# No listing of the probe has more pages; that one has no end is one of the facts (row M5).
MOST_PAGES: Final = 60
ENDLESS: Final = "a listing before it did not end"


@dataclass(frozen=True, slots=True)
class MicrosoftAddresses:
    """Where Microsoft is; a double is somewhere else."""

    graph: str = "https://graph.microsoft.com/v1.0"
    login: str = "https://login.microsoftonline.com"

    def token(self, tenant: str) -> str:
        """The token endpoint of a tenant."""
        return f"{self.login}/{tenant}/oauth2/v2.0/token"

    def consent(self, tenant: str) -> str:
        """The consent page of a tenant."""
        return f"{self.login}/{tenant}/oauth2/v2.0/authorize"


@dataclass(slots=True)
class MicrosoftAccount(ProbeAccount):
    """A Microsoft account, signed in at a tenant."""

    addresses: MicrosoftAddresses = field(default_factory=MicrosoftAddresses)
    tenant: str = "common"

    def make_calendar(self, name: str) -> Answer:
        """Ask the provider for a new calendar."""
        return self.call("POST", "me/calendars", {"name": name})

    def delete_calendar(self, calendar: str) -> Answer:
        """Ask the provider to delete a calendar."""
        return self.call("DELETE", f"me/calendars/{calendar}")

    def clean(self) -> int:
        """Remove the calendars that earlier runs left, and return how many there were."""
        ours = [each for each in self.calendars() if is_ours(each.get("name"))]
        return sum(self.remove_calendar(str(each["id"])) for each in ours)

    def calendars(self, *, immutable: bool = True) -> list[Json]:
        """All calendars of the account."""
        return self.pages(self.call("GET", "me/calendars?$top=100", immutable=immutable), immutable=immutable)

    # Requests

    def call(
        self,
        method: str,
        path: str,
        body: Json | None = None,
        *,
        immutable: bool = True,
        prefer: Iterable[str] = (),
        headers: Mapping[str, str] | None = None,
        token: str = "",
        patient: bool = True,
    ) -> Answer:
        """Send one request to Graph; `path` may be a whole address, such as a next link."""
        wishes = [*prefer, *([IMMUTABLE] if immutable else [])]
        sent = {"Authorization": f"Bearer {token or self.granted['access_token']}"}
        sent |= {"Prefer": ", ".join(wishes)} if wishes else {}
        root = f"{self.addresses.graph.rstrip('/')}/"
        if "://" in path and not path.startswith(root):
            raise NotTried("a link led to another server")
        address = path if "://" in path else f"{root}{path}"
        sent |= dict(headers or {})
        answer = self.web.ask(method, address, body=body, headers=sent, patient=patient)
        if answer.status == requests.codes.unauthorized and not token and self.renew is not None:
            self.granted |= self.renew()
            sent["Authorization"] = f"Bearer {self.granted['access_token']}"
            answer = self.web.ask(method, address, body=body, headers=sent, patient=patient)
        return answer

    def events(self, event: str = "", *, calendar: str = "") -> str:
        """The path of the events of a calendar, or of one event in it."""
        place = f"me/calendars/{calendar or self.calendar}/events"
        return f"{place}/{event}" if event else place

    def post(self, body: Json, *, calendar: str = "") -> Answer:
        """Create an event."""
        return self.call("POST", self.events(calendar=calendar), body)

    def made(self, about: str = "event", **fields: Any) -> Json:
        """Create an event that a fact needs, and return it."""
        return needed(self.post(self.event(about, **fields)))

    def get(self, event: str, *, calendar: str = "", query: str = "", prefer: Iterable[str] = ()) -> Answer:
        """Read one event by the path of a calendar."""
        return self.call("GET", self.events(event, calendar=calendar) + query, prefer=prefer)

    def patch(self, event: str, body: Json, *, headers: Mapping[str, str] | None = None) -> Answer:
        """Change an event."""
        return self.call("PATCH", f"me/events/{event}", body, headers=headers)

    def delete(self, event: str) -> Answer:
        """Delete an event."""
        return self.call("DELETE", f"me/events/{event}")

    def pages(self, answer: Answer, *, immutable: bool = True) -> list[Json]:
        """The entries of a listing over all its pages."""
        found = needed(answer)
        items: list[Json] = list(found["value"])
        for _ in range(MOST_PAGES):
            if "@odata.nextLink" not in found:
                return items
            found = needed(self.call("GET", found["@odata.nextLink"], immutable=immutable))
            items += found["value"]
        raise NotTried(ENDLESS)

    # Delta

    def window(self, *, first: int = 0, last: int = 30) -> str:
        """The query of a time range, in days of `day`."""
        start, end = (self.day(number).strftime("%Y-%m-%dT%H:%M:%SZ") for number in (first - 1, last))
        return f"startDateTime={start}&endDateTime={end}"

    def delta(self, *, calendar: str = "", first: int = 0, last: int = 30) -> tuple[list[Json], str]:
        """A first round of a calendar's delta: its entries, and the link for the next round."""
        window = self.window(first=first, last=last)
        return self.round(f"me/calendars/{calendar or self.calendar}/calendarView/delta?{window}")

    def round(self, link: str) -> tuple[list[Json], str]:
        """One round of a delta over all its pages."""
        items: list[Json] = []
        for _ in range(MOST_PAGES):
            found = needed(self.call("GET", link))
            items += found["value"]
            if "@odata.deltaLink" in found:
                return items, str(found["@odata.deltaLink"])
            link = found["@odata.nextLink"]
        raise NotTried(ENDLESS)

    def changes(self, link: str, *, until: Callable[[list[Json]], bool] | None = None) -> list[Json]:
        """What rounds from a link on show, repeated until it is there or should have been."""
        items: list[Json] = []
        for _ in range(LOOKS):
            more, link = self.round(link)
            items += more
            if until is not None and until(items):
                break
            self.web.wait(BETWEEN_LOOKS)
        return items

    # Bodies

    def day(self, number: int = 0) -> datetime:
        """A day some weeks ahead, at noon UTC."""
        base = self.began.astimezone(UTC).replace(hour=12, minute=0, second=0, microsecond=0)
        return base + timedelta(days=30 + number)

    def moment(self, number: int = 0, *, hours: int = 0, zone: str = "UTC") -> Json:
        """A start or end: a time on a day of `day`, some hours after noon."""
        at = self.day(number) + timedelta(hours=hours)
        return {"dateTime": at.replace(tzinfo=None).isoformat(), "timeZone": zone}

    def event(self, about: str = "event", **fields: Any) -> Json:
        """The body of an event of an hour, with other fields as given."""
        return {"subject": title(about), "start": self.moment(), "end": self.moment(hours=1)} | fields

    def daily(self, *, count: int = 5, first: int = 0) -> Json:
        """A daily recurrence."""
        day = self.day(first).date().isoformat()
        return {
            "pattern": {"type": "daily", "interval": 1},
            "range": {"type": "numbered", "startDate": day, "numberOfOccurrences": count},
        }

    def series(self, about: str = "series", *, count: int = 5, **fields: Any) -> Json:
        """Create a daily series, and return it."""
        return self.made(about, recurrence=self.daily(count=count), **fields)

    def instances(self, event: str, *, query: str = "") -> list[Json]:
        """The dates of a series."""
        return self.pages(self.call("GET", f"me/events/{event}/instances?{self.window()}{query}"))

    def transaction(self) -> str:
        """A transaction id that nobody has used."""
        return str(uuid.uuid4())

    def act(self, task: str, about: str, event: str) -> None:
        """Let the operator do something by hand."""
        self.asked_to_act(task, about, event, settled=BETWEEN_LOOKS)


def parts(answer: Answer) -> dict[str, Json]:
    """The answers in a batch, by their ids."""
    return {str(each["id"]): each for each in needed(answer)["responses"]}


def part_said(part: Json) -> str:
    """Status and reason of one answer in a batch."""
    body = part.get("body")
    text = json.dumps(body)
    return Answer(int(part["status"]), body, text).said
