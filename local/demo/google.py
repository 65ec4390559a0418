"""The simulated Google's side of the story, through its consent page and its back door, over HTTP."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from html.parser import HTMLParser
from types import TracebackType
from typing import Any, Self
from urllib.parse import urljoin

import requests

from local.demo.calendars import Entry, Span
from local.demo.checks import Unmet, check

_SECONDS = 30
_ACCEPTED = range(200, 300)
_MARKER = "slotbridge"


class Google:
    """One simulated Google account."""

    kind = "google"
    name = "Google"

    def __init__(self, base: str, *, account: str, zone: str) -> None:
        """Talk to the simulator at ``base``."""
        self.account = account
        self._base = base
        self._zone = zone
        self._ids: dict[str, str] = {}
        self._session = requests.Session()
        self._session.trust_env = False

    def close(self) -> None:
        """Close the connections."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def open(self, calendars: Mapping[str, Sequence[Entry]]) -> None:
        """Create the account with these calendars; the first one is its default calendar."""
        self._do("add_account", email=self.account, name="Anna", time_zone=self._zone)
        for name, entries in calendars.items():
            self._ids[name] = (
                self._do("add_calendar", owner=self.account, summary=name) if self._ids else self.account
            )
            self._do("bulk_load", calendar=self._ids[name], events=[self._body(entry) for entry in entries])

    def consent(self, address: str) -> str:
        """Open the consent page, choose the account, tick everything, submit; where the browser goes then."""
        page = self._session.get(address, timeout=_SECONDS)
        check("the consent page opens", holds=page.ok, because=page.status_code)
        form = _Form(page.text)
        fields = [*form.hidden, *(("scope", box) for box in form.boxes)]
        check("the page offers the account", holds=self.account in form.accounts, because=form.accounts)
        fields += [("account", self.account), ("decision", "allow")]
        answer = self._session.post(
            urljoin(address, form.action), data=fields, timeout=_SECONDS, allow_redirects=False
        )
        check("the consent page sends the browser back", holds=answer.is_redirect, because=answer.status_code)
        return str(answer.headers["Location"])

    def enter(self, calendar: str, entry: Entry) -> None:
        """The owner enters an event."""
        self._do("put_event", calendar=self._ids[calendar], event=self._body(entry))

    def remove(self, calendar: str, title: str) -> None:
        """The owner deletes the one event of this title."""
        name = self._ids[calendar]
        (event,) = (found for found in self._see("events", calendar=name) if found.get("summary") == title)
        self._do("delete_event", calendar=name, event_id=event["id"])

    def move_appointment(self, booking: str, *, minutes: int) -> None:
        """The owner drags the event of a booking to another time."""
        for name, event in self._mirrored():
            if _booking(event) == booking:
                self._do("shift_event", calendar=name, event_id=event["id"], minutes=minutes)
                return
        raise Unmet("the booking to be moved is not in Google's calendar")

    def busy(self, calendar: str, start: datetime, end: datetime) -> tuple[Span, ...]:
        """The provider's own answer to what is busy, merged."""
        bounds = {"time_min": start.isoformat(), "time_max": end.isoformat()}
        found = self._see("busy", calendar=self._ids[calendar], **bounds)
        return tuple((_instant(first), _instant(last)) for first, last in found)

    def appointments(self) -> Mapping[str, Span]:
        """The events that mirror bookings, in all calendars: booking to time."""
        return {
            _booking(event): (_instant(event["start"]["dateTime"]), _instant(event["end"]["dateTime"]))
            for _, event in self._mirrored()
        }

    def events(self, calendar: str) -> int:
        """How many events a calendar holds, series counted once, mirrored bookings not counted."""
        found = self._see("events", calendar=self._ids[calendar])
        live = [event for event in found if event["status"] != "cancelled"]
        return sum(1 for event in live if not _booking(event) and "recurringEventId" not in event)

    def mails(self) -> int:
        """How many messages the provider sent to guests."""
        return len(self._see("mails"))

    def pushes(self, calendar: str) -> int:
        """How many notifications of a calendar were delivered and accepted so far."""
        watched = f"calendar:{self._ids[calendar]}"
        mine = {channel["id"] for channel in self._see("channels") if channel["resource"] == watched}
        attempts = self._see("push_attempts")
        return sum(1 for item in attempts if item["channel"] in mine and item["status"] in _ACCEPTED)

    def forget_cursors(self) -> None:
        """Let every sync token be too old."""
        self._do("expire_sync_tokens")

    def refusals(self, status: int) -> int:
        """How many calls were answered with this status so far."""
        return sum(1 for call in self._see("calls") if call["status"] == status)

    def throttle(self) -> None:
        """Refuse the next two writes for usage limits, first with and then without Retry-After."""
        limit = {"action": "status", "method": "events.insert", "reason": "rateLimitExceeded"}
        self._do("add_fault", **limit, status=429, retry_after="3")
        self._do("add_fault", **limit, status=403)

    def lose_pushes(self) -> None:
        """Deliver no notification any more."""
        self._do("hold_pushes")

    def refuse_writes(self) -> None:
        """Answer every new event with a server error."""
        self._do("add_fault", action="status", method="events.insert", times=0, status=503)

    def channels(self) -> int:
        """How many push channels live."""
        return sum(1 for channel in self._see("channels") if channel["live"])

    def grants(self) -> int:
        """How many refresh tokens live."""
        return sum(grant["refresh_tokens"] for grant in self._see("grants"))

    def _mirrored(self) -> Iterator[tuple[str, dict[str, Any]]]:
        for name in self._ids.values():
            for event in self._see("events", calendar=name):
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

    def _do(self, operation: str, **arguments: Any) -> Any:
        return self._answer(
            self._session.post(f"{self._base}/_sim/{operation}", json=arguments, timeout=_SECONDS)
        )

    def _see(self, reading: str, **query: str) -> Any:
        return self._answer(self._session.get(f"{self._base}/_sim/{reading}", params=query, timeout=_SECONDS))

    @staticmethod
    def _answer(reply: requests.Response) -> Any:
        check("the simulated Google's back door answers", holds=reply.ok, because=reply.text[:200])
        return reply.json()["result"]


def _booking(event: Mapping[str, Any]) -> str:
    """The booking that an event mirrors, from the marker that Slotbridge writes."""
    marker = event.get("extendedProperties", {}).get("private", {}).get(_MARKER, "")
    return str(marker).rpartition(".")[0]


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)


class _Form(HTMLParser):
    """The consent page as a browser sees it: hidden fields, check boxes, and the accounts to choose from."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.action = ""
        self.hidden: list[tuple[str, str]] = []
        self.boxes: list[str] = []
        self.accounts: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Take one element."""
        found = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.action = found.get("action", "")
        if tag == "input":
            self._take(found.get("type", ""), found.get("name", ""), found.get("value", ""))

    def _take(self, kind: str, name: str, value: str) -> None:
        if kind == "hidden":
            self.hidden.append((name, value))
        elif kind == "checkbox":
            self.boxes.append(value)
        elif kind == "radio":
            self.accounts.append(value)
