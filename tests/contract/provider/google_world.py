"""Google's simulator behind the contract suite's back door."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any

from common.domain.calendar.connection import AccessRole, CalendarRef
from common.domain.calendar.interval import Interval
from common.domain.calendar.sync_state import Channel
from common.providers.answers import moment_of
from common.providers.google.calendar import GoogleCalendar
from common.providers.google.client import GoogleClient
from local.google import GoogleSimulator
from tests.contract.provider.world import NOW, ZONE, Stored, Trouble
from tests.transports import WsgiHttp

OWNER, OTHER, CLIENT, SECRET = "ada@example.com", "bob@example.com", "client", "secret"
REDIRECT = "https://app.example.org/oauth"
SCOPES = ["calendar.calendarlist.readonly", "calendar.events", "calendar.app.created", "calendar.freebusy"]
ACTIONS = {
    Trouble.FAILING: "status",
    Trouble.DROPPED: "drop_before",
    Trouble.CUT: "truncate",
    Trouble.MARKUP: "html",
}


@dataclass(slots=True)
class Clock:
    """The simulator's time, moved by tests."""

    at: datetime = NOW

    def __call__(self) -> datetime:
        return self.at


@dataclass(slots=True)
class Recorder:
    """A WSGI application that remembers what was asked of another one."""

    application: Callable[..., Iterable[bytes]]
    asked: list[str] = field(default_factory=list)
    preferred: list[str] = field(default_factory=list)

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        body = environ["wsgi.input"].read()
        environ["wsgi.input"].seek(0)
        self.preferred.append(environ.get("HTTP_PREFER", ""))
        self.asked.append(f"{environ['RAW_URI']} {body.decode()}")
        return self.application(environ, start_response)


def when(at: datetime) -> dict[str, str]:
    return {"dateTime": at.isoformat(), "timeZone": ZONE}


class GoogleWorld:
    """One account with a primary calendar, and a calendar of somebody else that shares times only."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.simulator = GoogleSimulator(now=self.clock, send_push=lambda *_: 200)
        admin = self.simulator.admin
        admin.add_client(CLIENT, secret=SECRET, redirect_uris=[REDIRECT])
        for account in (OWNER, OTHER):
            admin.add_account(account, time_zone=ZONE)
        admin.share(OTHER, OWNER, "freeBusyReader")
        self.token: str = admin.grant(OWNER, CLIENT, SCOPES)["access_token"]
        self.calendar = CalendarRef(OWNER, ZONE, AccessRole.OWNER)
        self.blind = CalendarRef(OTHER, ZONE, AccessRole.FREE_BUSY)
        self.recorder = Recorder(self.simulator)
        self.client = GoogleClient(http_factory=lambda timeout: WsgiHttp(self.recorder, timeout))
        self.provider = GoogleCalendar(self.client)

    def enter(self, start: datetime, end: datetime, *, title: str = "", private: bool = False) -> str:
        body = {"summary": title, "start": when(start), "end": when(end)}
        body |= {"visibility": "private"} if private else {}
        return str(self.simulator.owner.put_event(OWNER, body)["id"])

    def enter_days(self, first: date, end: date) -> str:
        body = {"start": {"date": first.isoformat()}, "end": {"date": end.isoformat()}}
        return str(self.simulator.owner.put_event(OWNER, body)["id"])

    def enter_weekly(self, start: datetime, length: timedelta, *, count: int) -> str:
        body = {
            "start": when(start),
            "end": when(start + length),
            "recurrence": [f"RRULE:FREQ=WEEKLY;COUNT={count}"],
        }
        return str(self.simulator.owner.put_event(OWNER, body)["id"])

    def enter_elsewhere(self, start: datetime, end: datetime) -> None:
        self.simulator.owner.put_event(OTHER, {"start": when(start), "end": when(end)})

    def cancel_occurrence(self, series: str, original: datetime) -> None:
        self.simulator.owner.delete_event(OWNER, instance(series, original))

    def move_occurrence(self, series: str, original: datetime, by: timedelta) -> None:
        minutes = int(by.total_seconds() // 60)
        self.simulator.owner.shift_event(OWNER, instance(series, original), minutes=minutes)

    def move(self, event_id: str, by: timedelta) -> None:
        self.simulator.owner.shift_event(OWNER, event_id, minutes=int(by.total_seconds() // 60))

    def delete(self, event_id: str) -> None:
        self.simulator.owner.delete_event(OWNER, event_id)

    def fill(self, count: int) -> frozenset[str]:
        starts = [NOW + index * timedelta(hours=1) for index in range(count)]
        bodies = [
            {"id": f"fill{index:06d}", "start": when(start), "end": when(start + timedelta(hours=1))}
            for index, start in enumerate(starts)
        ]
        self.simulator.admin.bulk_load(OWNER, bodies)
        return frozenset(body["id"] for body in bodies)

    def expire_cursors(self) -> None:
        self.simulator.admin.expire_sync_tokens(OWNER)

    def lose_calendar(self) -> None:
        self.simulator.admin.remove_calendar(OWNER)

    def trouble(self, kind: Trouble) -> None:
        self.simulator.add_fault(ACTIONS[kind])

    def lose_answer(self) -> None:
        self.simulator.add_fault("drop_after", method="events.insert")

    def taken(self, window: Interval) -> tuple[Interval, ...]:
        spans = self.simulator.inspect.busy(
            OWNER, time_min=window.start.isoformat(), time_max=window.end.isoformat()
        )
        return tuple(
            Interval(datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in spans
        )

    def ids(self) -> list[str]:
        return [event["id"] for event in self.simulator.inspect.events(OWNER, cancelled=False)]

    def stored(self, event_id: str) -> Stored | None:
        event = self.simulator.owner.event(OWNER, event_id)
        if event["status"] == "cancelled":
            return None
        overrides = event.get("reminders", {}).get("overrides", [])
        start, end = (moment_of(event[name]["dateTime"]) for name in ("start", "end"))
        assert start is not None
        assert end is not None
        return Stored(
            title=event.get("summary", ""),
            description=event.get("description", ""),
            start=start.astimezone(UTC),
            end=end.astimezone(UTC),
            attendees=tuple(
                (guest["email"], guest["responseStatus"]) for guest in event.get("attendees", [])
            ),
            reminder=overrides[0]["minutes"] if overrides else None,
        )

    def requests(self) -> str:
        return "\n".join(self.recorder.asked)

    def mails(self) -> int:
        return len(self.simulator.admin.mails())

    def copy(self, event_id: str) -> str:
        event = self.simulator.owner.event(OWNER, event_id)
        kept = {name: event[name] for name in ("summary", "start", "end", "extendedProperties")}
        return str(self.simulator.owner.put_event(OWNER, kept)["id"])

    def named(self, channel: Channel) -> str:
        return channel.id

    def live_channels(self) -> frozenset[str]:
        return frozenset(channel["id"] for channel in self.simulator.inspect.channels() if channel["live"])

    def close(self) -> None:
        self.client.close()
        self.simulator.close()


def instance(series: str, original: datetime) -> str:
    return f"{series}_{original.astimezone(UTC):%Y%m%dT%H%M%SZ}"
