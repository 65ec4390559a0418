"""Events with odd dates, or dates far away, in a synchronised calendar of either provider."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from common.domain.calendar.event import Detail
from common.domain.calendar.interval import Interval
from common.domain.shared.tasks import Lane
from common.flows.connect.health import read_health
from common.flows.shared.calendar_access import ask, open_calendar
from common.flows.slots.list_slots import list_slots
from common.store import paths
from tests.flows.setups.graph_setup import Outlook
from tests.flows.setups.sync_setup import Synced, at
from tests.world import ACCOUNT

Side = date | datetime | str | None


class FlawedWorld:
    """What the tests see of a calendar: what can be booked, what is stored, and what health says."""

    def slots(self):
        """The bookable starts of that Monday, of which nobody has heard a moment ago."""
        self.advance(seconds=10)
        found = list_slots(
            self.ports, tenant="t1", service="cut", resource="anna", start=at(0), end=at(0, day=1)
        )
        assert not found.degraded
        return [slot.start.astimezone(UTC) for slot in found.slots]

    def taken(self, all_slots):
        """Which of these starts cannot be booked any more."""
        return sorted(set(all_slots) - set(self.slots()))

    def copied(self):
        """The stored times that block, cut to that Monday and the days around it."""
        week = Interval(at(0, day=-2), at(0, day=3))
        return [event.interval.clip(week) for event in self.imported() if event.blocks]

    def single_read(self, name):
        """One event, asked for by its id."""
        access = open_calendar(
            self.ports, tenant="t1", connection=self.connection_id, key=self.key, lane=Lane.SYNC
        )
        return ask(
            self.ports,
            access,
            lambda provider, token: provider.get_event(
                token, access.calendar, self.id_of(name), detail=Detail.TIMES
            ),
        )

    def quarantine_path(self):
        return paths.quarantine(self.tenant, self.connection_id, self.key)

    def synchronise(self):
        self.request_sync()
        self.drain()
        assert not self.errors

    def list_again(self):
        """A full listing, as after an expired cursor."""
        self.expire()
        self.synchronise()

    def health(self):
        found = read_health(self.ports, tenant=self.tenant, connection=self.connection_id)
        return next(item for item in found.calendars if item.key == self.key), found.healthy

    def reasons(self):
        """Why items are listed."""
        calendar, healthy = self.health()
        assert calendar.quarantined == len(calendar.unreadable)
        assert healthy == (calendar.quarantined == 0)
        return [item.reason.value for item in calendar.unreadable]


class FlawedAtGoogle(FlawedWorld, Synced):
    def show(self, name, start, end):
        """Have the calendar show an event with these dates."""
        sides = {"start": _google(start), "end": _google(end)}
        self.google.owner.put_raw(ACCOUNT, {"id": name, "status": "confirmed", **sides})

    def heal(self, name):
        """The owner puts its dates right: nine o'clock, an hour."""
        self.show(name, at(9), at(10))

    def remove(self, name):
        self.google.owner.put_raw(ACCOUNT, {"id": name, "status": "cancelled"})

    def hide(self, name):
        """The event is not there any more, and no delta said so."""
        self.google.owner.purge(ACCOUNT, name)

    def expire(self):
        self.google.admin.expire_sync_tokens(ACCOUNT)

    def id_of(self, name):
        return name


class FlawedAtOutlook(FlawedWorld, Outlook):
    names = None

    def show(self, name, start, end):
        """Have the calendar show an event with these dates."""
        self.names = self.names or {}
        if name not in self.names:
            self.names[name] = self.enter(at(9))
        days = any(isinstance(side, date) and not isinstance(side, datetime) for side in (start, end))
        raw = {"start": _graph(start), "end": _graph(end), "isAllDay": days}
        self.microsoft.owner.put_raw(self.calendar, self.names[name], raw)

    def heal(self, name):
        """The owner puts its dates right: nine o'clock, an hour."""
        self.microsoft.owner.put_raw(self.calendar, self.names[name], {})

    def remove(self, name):
        self.microsoft.owner.delete_event(self.calendar, self.names[name])

    def hide(self, name):
        """The event is not there any more, and no delta said so."""
        self.remove(name)
        self.expire()

    def expire(self):
        self.microsoft.admin.expire_sync_tokens(self.calendar)

    def id_of(self, name):
        return self.names[name]


def _google(side: Side):
    if isinstance(side, datetime):
        return {"dateTime": side.isoformat()}
    if isinstance(side, date):
        return {"date": side.isoformat()}
    return {"dateTime": side} if side else None


def _graph(side: Side):
    if isinstance(side, datetime):
        return {"dateTime": f"{side.astimezone(UTC):%Y-%m-%dT%H:%M:%S}", "timeZone": "UTC"}
    if isinstance(side, date):
        return {"dateTime": f"{side.isoformat()}T00:00:00.0000000", "timeZone": "UTC"}
    return {"dateTime": side.removesuffix("Z"), "timeZone": "UTC"} if side else None


def hours(first: float, last: float) -> Interval:
    """From one hour to another of that Monday, on Zurich's clocks."""
    return Interval(at(-1) + timedelta(hours=first), at(-1) + timedelta(hours=last))


def overlapping(starts, spans):
    """Those of the starts of half an hour that lie in one of these times, if only in part."""
    half = timedelta(minutes=30)
    return [start for start in starts if any(one.start - half < start < one.end for one in spans)]
