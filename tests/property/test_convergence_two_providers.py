"""Convergence with a Google and a Microsoft account of one resource: store and both calendars agree."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from common.domain.calendar.connection import CalendarUse, ProviderKind
from common.domain.connect.settings import ImportMode, PrivateMode
from common.flows.connect.settings import change_settings
from common.flows.sync.initial_sync import start_sync
from local.microsoft.errors import GraphError
from tests.agreement import differences
from tests.property.random_switches import MICROSOFT_SWITCHES, turn
from tests.property.random_users import DAYS, LENGTHS, PICK, QUARTERS, moment
from tests.property.test_convergence import Convergence
from tests.world import ACCOUNT, OUTLOOK

FIRST_OR_SECOND = st.integers(0, 1)
COUNTS = st.integers(2, 6)
REFUSALS = [(429, "ApplicationThrottled"), (503, "ErrorServerBusy"), (504, "UnknownError")]
WRITES = ("events.create", "events.update", "events.delete")


def outlook_event(day: int, quarter: int, minutes: int, **more: Any) -> dict[str, Any]:
    """An event of Outlook that begins at this day and quarter of an hour."""
    start = moment(day, quarter)
    return {
        "subject": f"outlook {day}/{quarter}",
        "start": stamp(start),
        "end": stamp(start + timedelta(minutes=minutes)),
        **more,
    }


def outlook_series(day: int, quarter: int, count: int) -> dict[str, Any]:
    """A series of Outlook with an event every third day."""
    span = {"type": "numbered", "startDate": f"{moment(day, quarter):%Y-%m-%d}", "numberOfOccurrences": count}
    recurrence = {"pattern": {"type": "daily", "interval": 3}, "range": span}
    return outlook_event(day, quarter, 45, recurrence=recurrence)


def stamp(at: Any) -> dict[str, str]:
    """The time as Microsoft writes it."""
    return {"dateTime": at.strftime("%Y-%m-%dT%H:%M:%S"), "timeZone": "UTC"}


class TwoProviders(Convergence):
    """Everything that happens at Google also happens at Microsoft, with the same bookings."""

    @initialize(
        switches=MICROSOFT_SWITCHES,
        events=st.lists(st.tuples(FIRST_OR_SECOND, DAYS, QUARTERS, LENGTHS), min_size=2, max_size=6),
        series=st.lists(st.tuples(FIRST_OR_SECOND, DAYS, QUARTERS, COUNTS), min_size=2, max_size=3),
    )
    def connect_outlook(
        self,
        switches: dict[str, Any],
        events: list[tuple[int, int, int, int]],
        series: list[tuple[int, int, int, int]],
    ) -> None:
        """A Microsoft account of the same resource, also with two calendars."""
        world = self.world
        world.catalogue()
        turn(world.microsoft, switches)
        self.outlooks = [world.outlook(), world.microsoft.admin.add_calendar(OUTLOOK, "Team")]
        for which, day, quarter, minutes in events:
            world.microsoft.owner.put_event(self.outlooks[which], outlook_event(day, quarter, minutes))
        for which, day, quarter, count in series:
            world.microsoft.owner.put_event(self.outlooks[which], outlook_series(day, quarter, count))
        self.other = world.connect(OUTLOOK, provider=ProviderKind.MICROSOFT).id
        calendars = world.ports.connections.get("t1", self.other).calendars
        change_settings(
            world.ports,
            tenant="t1",
            connection=self.other,
            settings={"imports": {"mode": ImportMode.FULL, "private": PrivateMode.FULL}},
            calendars=dict.fromkeys(calendars, CalendarUse.IMPORT),
        )
        start_sync(world.ports, tenant="t1", connection=self.other)

    @rule(which=FIRST_OR_SECOND, day=DAYS, quarter=QUARTERS, minutes=LENGTHS, free=st.booleans())
    def somebody_enters_it_in_outlook(
        self, which: int, day: int, quarter: int, minutes: int, free: bool
    ) -> None:
        extra = {"showAs": "free"} if free else {}
        self.outlook_owner.put_event(self.outlooks[which], outlook_event(day, quarter, minutes, **extra))

    @rule(which=FIRST_OR_SECOND, day=DAYS, length=st.integers(1, 3))
    def somebody_takes_days_off_in_outlook(self, which: int, day: int, length: int) -> None:
        body = outlook_event(day, 0, 24 * 60 * length, isAllDay=True)
        self.outlook_owner.put_event(self.outlooks[which], body)

    @rule(which=FIRST_OR_SECOND, day=DAYS, quarter=QUARTERS, count=COUNTS)
    def somebody_enters_a_series_in_outlook(self, which: int, day: int, quarter: int, count: int) -> None:
        self.outlook_owner.put_event(self.outlooks[which], outlook_series(day, quarter, count))

    @rule(which=FIRST_OR_SECOND, pick=PICK, minutes=st.sampled_from([-1440, -30, 15, 45, 2880]))
    def somebody_moves_it_in_outlook(self, which: int, pick: int, minutes: int) -> None:
        self.change_any_outlook_event(
            which, pick, lambda at, name: self.outlook_owner.shift_event(at, name, minutes=minutes)
        )

    @rule(which=FIRST_OR_SECOND, pick=PICK)
    def somebody_deletes_it_in_outlook(self, which: int, pick: int) -> None:
        self.change_any_outlook_event(which, pick, self.outlook_owner.delete_event)

    @rule(which=FIRST_OR_SECOND, pick=PICK)
    def somebody_renames_it_in_outlook(self, which: int, pick: int) -> None:
        change = {"subject": f"new {pick}"}
        self.change_any_outlook_event(
            which, pick, lambda at, name: self.outlook_owner.edit_event(at, name, change)
        )

    @rule(which=FIRST_OR_SECOND, pick=PICK)
    def somebody_moves_it_between_outlooks(self, which: int, pick: int) -> None:
        other = self.outlooks[1 - which]
        self.change_any_outlook_event(
            which, pick, lambda at, name: self.outlook_owner.move_to_calendar(at, name, other)
        )

    @rule(which=FIRST_OR_SECOND, pick=PICK, number=st.integers(0, 4), delete=st.booleans())
    def somebody_changes_one_day_in_outlook(self, which: int, pick: int, number: int, delete: bool) -> None:
        def change(at: str, name: str) -> None:
            days = self.outlook_owner.days(
                at, name, start=moment(-5, 0).isoformat(), end=moment(90, 0).isoformat()
            )
            if len(days) > number and delete:
                self.outlook_owner.delete_event(at, days[number]["id"])
            elif len(days) > number:
                self.outlook_owner.shift_event(at, days[number]["id"], minutes=75)

        self.change_any_outlook_event(which, pick, change, series=True)

    @rule()
    def notifications_are_lost(self) -> None:
        self.world.microsoft.push.drop()

    @rule(event=st.sampled_from(["missed", "subscriptionRemoved", "reauthorizationRequired"]))
    def microsoft_sends_a_lifecycle_notification(self, event: str) -> None:
        self.world.microsoft.admin.lifecycle(event)

    @rule()
    def sync_states_are_lost(self) -> None:
        self.world.microsoft.admin.expire_sync_tokens()

    @rule(
        method=st.sampled_from(["events.*", "calendarView.delta", "events.create", "subscriptions.*"]),
        status=st.sampled_from(REFUSALS),
        times=st.integers(1, 3),
    )
    def microsoft_refuses(self, method: str, status: tuple[int, str], times: int) -> None:
        code, reason = status
        self.world.microsoft.add_fault("status", method=method, status=code, reason=reason, times=times)

    @rule(method=st.sampled_from([*WRITES, "calendarView.delta", "subscriptions.create"]))
    def an_answer_of_microsoft_is_lost(self, method: str) -> None:
        self.world.microsoft.add_fault("drop_after", method=method)

    @rule(kind=st.sampled_from(["empty", "short"]))
    def a_page_of_microsoft_is_odd(self, kind: str) -> None:
        self.world.microsoft.add_fault("page", method="calendarView.delta", page=kind)

    def teardown(self) -> None:
        """A day later, after the daily full listing, both sides agree; another hour writes nothing."""
        if not (hasattr(self, "connection") and hasattr(self, "other")):
            return
        self.plan.disarm()
        self.world.google.inspect.clear_faults()
        self.world.microsoft.inspect.clear_faults()
        self.settle()
        for _ in range(26):
            self.world.maintain()
            self.world.advance(minutes=60)
        for connection, account in ((self.connection, ACCOUNT), (self.other, OUTLOOK)):
            found = self.world.ports.connections.get("t1", connection)
            assert differences(self.world, found, account) == []
        before, calls = self.data_written(), self.provider_writes()
        self.settle(hours=1)
        assert (self.data_written(), self.provider_writes()) == (before, calls)

    @property
    def outlook_owner(self) -> Any:
        """What the owner does in the Outlook calendars."""
        return self.world.microsoft.owner

    def change_any_outlook_event(self, which: int, pick: int, change: Any, *, series: bool = False) -> None:
        """Change one of the events of the calendar, unless Microsoft refuses it."""
        calendar = self.outlooks[which]
        items = self.world.microsoft.inspect.events(calendar)
        whole = [item for item in items if not item.get("seriesMasterId")]
        names = sorted(item["id"] for item in whole if item.get("recurrence") or not series)
        if names:
            try:
                change(calendar, names[pick % len(names)])
            except (GraphError, KeyError):
                return

    def provider_writes(self) -> int:
        """The number of writes at both providers."""
        calls = self.world.microsoft.admin.calls()
        return super().provider_writes() + sum(1 for call in calls if call["method"] in WRITES)


TwoProviders.TestCase.settings = type(TwoProviders.TestCase.settings)(
    Convergence.TestCase.settings,
    # More examples before a release:
    # CONVERGENCE_EXAMPLES=1000 pytest tests/property/test_convergence_two_providers.py
    max_examples=int(os.environ.get("CONVERGENCE_EXAMPLES", "20")),
)
TestTwoProviders = pytest.mark.timeout(0)(TwoProviders.TestCase)
