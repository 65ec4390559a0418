"""Microsoft's simulator behind the contract suite's back door."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

from common.domain.calendar.connection import AccessRole, CalendarRef
from common.domain.calendar.interval import Interval
from common.domain.calendar.sync_state import Channel
from common.providers.microsoft.calendar import MicrosoftCalendar
from common.providers.microsoft.client import GraphClient
from local.microsoft import MicrosoftSimulator, WebhookReply
from tests.contract.provider.google_world import Clock, Recorder
from tests.contract.provider.world import NOW, ZONE, Stored, Trouble
from tests.transports import wsgi_session

ADA, BOB, CLIENT, SECRET = "ada@contoso.test", "bob@outlook.test", "client", "secret"
REDIRECT = "https://app.example.org/oauth"
SCOPES = ["Calendars.Read", "Calendars.ReadWrite"]
WINDOWS_ZONE = "W. Europe Standard Time"
ACTIONS = {
    Trouble.FAILING: "status",
    Trouble.DROPPED: "drop_before",
    Trouble.CUT: "truncate",
    Trouble.MARKUP: "html",
}


def when(at: datetime) -> dict[str, str]:
    return {"dateTime": at.astimezone(UTC).replace(tzinfo=None).isoformat(), "timeZone": "UTC"}


def local(at: datetime) -> dict[str, str]:
    return {"dateTime": at.replace(tzinfo=None).isoformat(), "timeZone": WINDOWS_ZONE}


def echo(address: str, _headers: Any, _body: bytes) -> WebhookReply:
    """A webhook that proves its address and accepts everything."""
    asked = parse_qs(urlsplit(address).query).get("validationToken")
    return WebhookReply(200, asked[0], "text/plain") if asked else WebhookReply(202, "", "")


class MicrosoftWorld:
    """One mailbox with its default calendar, for a work or a personal account."""

    def __init__(self, account: str = ADA) -> None:
        self.clock, self.account = Clock(), account
        self.simulator = MicrosoftSimulator(now=self.clock, send_push=echo)
        admin = self.simulator.admin
        admin.add_client(CLIENT, secret=SECRET, redirect_uris=[REDIRECT])
        admin.add_account(ADA, time_zone=WINDOWS_ZONE)
        admin.add_account(BOB, time_zone=WINDOWS_ZONE, personal=True)
        self.token: str = admin.grant(account, CLIENT, SCOPES)["access_token"]
        self.calendar = CalendarRef(admin.default_calendar(account), ZONE, AccessRole.OWNER)
        self.blind = None
        self.recorder = Recorder(self.simulator)
        self.client = GraphClient(session_factory=lambda: wsgi_session(self.recorder))
        self.provider = MicrosoftCalendar(self.client)

    @property
    def id(self) -> str:
        return self.calendar.provider_id

    def put(self, body: dict[str, Any], **options: Any) -> str:
        return str(self.simulator.owner.put_event(self.id, body, **options)["id"])

    def enter(self, start: datetime, end: datetime, *, title: str = "", private: bool = False) -> str:
        hidden = {"sensitivity": "private"} if private else {}
        return self.put({"subject": title, "start": when(start), "end": when(end), **hidden})

    def enter_days(self, first: date, end: date) -> str:
        days = {
            name: {"dateTime": f"{day}T00:00:00", "timeZone": WINDOWS_ZONE}
            for name, day in (("start", first), ("end", end))
        }
        return self.put({"isAllDay": True, **days})

    def enter_weekly(self, start: datetime, length: timedelta, *, count: int) -> str:
        begin = start.astimezone(ZoneInfo(ZONE))
        pattern = {
            "type": "weekly",
            "interval": 1,
            "daysOfWeek": [begin.strftime("%A").lower()],
            "firstDayOfWeek": "monday",
        }
        span = {
            "type": "numbered",
            "startDate": begin.date().isoformat(),
            "numberOfOccurrences": count,
            "recurrenceTimeZone": WINDOWS_ZONE,
        }
        return self.put(
            {
                "start": local(begin),
                "end": local(begin + length),
                "recurrence": {"pattern": pattern, "range": span},
            }
        )

    def enter_elsewhere(self, start: datetime, end: datetime) -> None:
        raise AssertionError("nobody shares times only here")

    def cancel_occurrence(self, series: str, original: datetime) -> None:
        self.simulator.owner.delete_event(self.id, self.day(series, original))

    def move_occurrence(self, series: str, original: datetime, by: timedelta) -> None:
        minutes = int(by.total_seconds() // 60)
        self.simulator.owner.shift_event(self.id, self.day(series, original), minutes=minutes)

    def day(self, series: str, original: datetime) -> str:
        start, end = original - timedelta(hours=1), original + timedelta(hours=1)
        (day,) = self.simulator.owner.days(
            self.id, series, start=start.astimezone(UTC).isoformat(), end=end.astimezone(UTC).isoformat()
        )
        return str(day["id"])

    def move(self, event_id: str, by: timedelta) -> None:
        self.simulator.owner.shift_event(self.id, event_id, minutes=int(by.total_seconds() // 60))

    def delete(self, event_id: str) -> None:
        self.simulator.owner.delete_event(self.id, event_id)

    def fill(self, count: int) -> frozenset[str]:
        starts = [NOW + index * timedelta(hours=1) for index in range(count)]
        bodies = [{"start": when(start), "end": when(start + timedelta(hours=1))} for start in starts]
        self.simulator.admin.bulk_load(self.id, bodies)
        return frozenset(self.ids())

    def expire_cursors(self) -> None:
        self.simulator.admin.expire_sync_tokens(self.id)

    def lose_calendar(self) -> None:
        self.simulator.admin.remove_calendar(self.id)

    def trouble(self, kind: Trouble) -> None:
        # What is in a batch fails by itself.
        self.simulator.add_fault(ACTIONS[kind], method="[!bo]*")

    def lose_answer(self) -> None:
        self.simulator.add_fault("drop_after", method="events.create")

    def taken(self, window: Interval) -> tuple[Interval, ...]:
        spans = self.simulator.inspect.busy(
            self.id, time_min=window.start.isoformat(), time_max=window.end.isoformat()
        )
        return tuple(Interval(moment(start), moment(end)) for start, end in spans)

    def ids(self) -> list[str]:
        return [event["id"] for event in self.simulator.inspect.events(self.id)]

    def stored(self, event_id: str) -> Stored | None:
        event = self.simulator.owner.event(self.id, event_id)
        return Stored(
            title=event["subject"] or "",
            description=event["body"]["content"],
            start=moment(event["start"]["dateTime"]),
            end=moment(event["end"]["dateTime"]),
            attendees=tuple(
                (guest["emailAddress"]["address"], guest["status"]["response"])
                for guest in event["attendees"]
            ),
            reminder=event["reminderMinutesBeforeStart"] if event["isReminderOn"] else None,
        )

    def requests(self) -> str:
        return "\n".join(self.recorder.asked)

    def mails(self) -> int:
        return len(self.simulator.admin.mails())

    def copy(self, event_id: str) -> str:
        (event,) = [one for one in self.simulator.inspect.events(self.id) if one["id"] == event_id]
        held = [{"id": name, "value": value} for name, value in event["_properties"].items()]
        kept = {name: event[name] for name in ("subject", "start", "end")}
        return self.put({**kept, "singleValueExtendedProperties": held})

    def named(self, channel: Channel) -> str:
        return channel.resource_id

    def live_channels(self) -> frozenset[str]:
        return frozenset(one["id"] for one in self.simulator.inspect.subscriptions() if one["live"])

    def close(self) -> None:
        self.client.close()
        self.simulator.close()


def moment(text: str) -> datetime:
    read = datetime.fromisoformat(text)
    return read.replace(tzinfo=UTC) if read.tzinfo is None else read.astimezone(UTC)
