"""A booking whose exported event its owner makes a series of, at either provider, and what is left of it."""

from __future__ import annotations

from datetime import datetime

import pytest

from common.domain.booking.access import Staff
from common.flows.booking.change import cancel_booking, reschedule
from tests.flows.setups import graph_setup
from tests.flows.setups.graph_setup import Outlook
from tests.flows.setups.notify_setup import BOOKED
from tests.flows.setups.sync_setup import Synced, at, exported, stamps
from tests.world import ACCOUNT

CARLA = "carla@example.com"


class GoogleOwner:
    """The owner of a Google calendar with one exported booking, Monday at nine (UTC)."""

    def __init__(self, **options):
        self.world = exported(Synced(**options))
        self.event = self.world.link().event_id

    def repeat(self, *, days=3, start=None):
        """Make the event a daily series, perhaps at another time, in one edit."""
        moved = stamps(start, 30) if start else {}
        rule = {"recurrence": [f"RRULE:FREQ=DAILY;COUNT={days}"]}
        self.world.google.owner.edit_event(ACCOUNT, self.event, rule | moved)

    def repeat_no_more(self):
        self.world.google.owner.edit_event(ACCOUNT, self.event, {"recurrence": None})

    def date(self, day=0, *, hour=9):
        """The id of one date of the series."""
        return f"{self.event}_{at(hour, day=day):%Y%m%dT%H%M%SZ}"

    def delete_date(self, day=0, *, hour=9):
        self.world.google.owner.delete_event(ACCOUNT, self.date(day, hour=hour))

    def move_date(self, minutes, day=0, *, hour=9):
        self.world.google.owner.shift_event(ACCOUNT, self.date(day, hour=hour), minutes=minutes)

    def move_all(self, minutes):
        self.world.google.owner.shift_event(ACCOUNT, self.event, minutes=minutes)

    def delete_all(self):
        self.world.google.owner.delete_event(ACCOUNT, self.event)

    def split(self, day, start):
        """Move this date and all that follow."""
        self.world.google.owner.split_series(ACCOUNT, self.date(day), stamps(start, 30))

    def starts(self):
        """When the owner's calendar has something, in order."""
        return _starts(self.world.google.inspect, ACCOUNT)

    def calls(self, *methods):
        """The calls of these kinds that the provider got."""
        return [call for call in self.world.google.admin.calls() if call["method"] in methods]


class OutlookOwner:
    """The owner of an Outlook calendar with one exported booking, Monday at nine (UTC)."""

    def __init__(self, **options):
        self.world = Outlook(**options)
        self.world.book(at(9))
        self.world.drain()
        self.event = self.world.link().event_id

    def repeat(self, *, days=3, start=None):
        """Make the event a daily series, perhaps at another time, in one edit."""
        first = start or at(9)
        moved = graph_setup.stamps(first, 30) if start else {}
        span = {"type": "numbered", "startDate": f"{first:%Y-%m-%d}", "numberOfOccurrences": days}
        rule = {"recurrence": {"pattern": {"type": "daily", "interval": 1}, "range": span}}
        self._edit(self.event, rule | moved)

    def repeat_no_more(self):
        self._edit(self.event, {"recurrence": None})

    def date(self, day=0, *, hour=9):
        """The id of one date of the series."""
        days = self._days()
        return next(
            one["id"] for one in days if one["originalStart"].startswith(f"{at(hour, day=day):%Y-%m-%d}")
        )

    def delete_date(self, day=0, *, hour=9):
        self.world.microsoft.owner.delete_event(self.world.calendar, self.date(day, hour=hour))

    def move_date(self, minutes, day=0, *, hour=9):
        self.world.microsoft.owner.shift_event(
            self.world.calendar, self.date(day, hour=hour), minutes=minutes
        )

    def move_all(self, minutes):
        self.world.microsoft.owner.shift_event(self.world.calendar, self.event, minutes=minutes)

    def delete_all(self):
        self.world.microsoft.owner.delete_event(self.world.calendar, self.event)

    def split(self, day, start):
        """Move this date and all that follow."""
        self.world.microsoft.owner.split_series(
            self.world.calendar, self.date(day), graph_setup.stamps(start, 30)
        )

    def starts(self):
        """When the owner's calendar has something, in order."""
        return _starts(self.world.microsoft.inspect, self.world.calendar)

    def calls(self, *methods):
        """The calls of these kinds that the provider got."""
        return [call for call in self.world.microsoft.admin.calls() if call["method"] in methods]

    def _days(self):
        return self.world.microsoft.owner.days(
            self.world.calendar, self.event, start=at(0, day=-7).isoformat(), end=at(0, day=60).isoformat()
        )

    def _edit(self, event, changes):
        self.world.microsoft.owner.edit_event(self.world.calendar, event, changes)


def _starts(inspection, calendar):
    found = inspection.busy(calendar, time_min=at(0, day=-7).isoformat(), time_max=at(0, day=60).isoformat())
    return [datetime.fromisoformat(start) for start, _ in found]


BOTH = pytest.mark.parametrize("owner_of", [GoogleOwner, OutlookOwner], ids=["google", "outlook"])


def settle(world, *, hours=1):
    """Let everything that is queued be done: a missing event is looked for after a while."""
    world.drain()
    world.advance(hours=hours)


def customer_moves(world, start):
    """The customer takes another time."""
    reschedule(world.ports, tenant="t1", booking="b1", start=start, by=Staff())


def customer_cancels(world):
    """The customer cancels."""
    cancel_booking(world.ports, tenant="t1", booking="b1", by=Staff())


def mails(world):
    """The subjects of what the customer got from us after the confirmation."""
    confirmation, *others = world.postbox.to(CARLA)
    assert BOOKED == confirmation.subject
    return [mail.subject for mail in others]
