"""Random actions of people: owners in their calendars, customers with their bookings."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from common.domain.booking.access import HoldKey, Staff
from common.domain.booking.booking import Customer
from common.domain.calendar.connection import CalendarUse
from common.domain.connect.settings import ImportMode, PrivateMode
from common.errors import SyncError
from common.flows.booking.book import book
from common.flows.booking.change import cancel_booking, reschedule
from common.flows.booking.holds import HeldSlot, hold_slot
from common.flows.connect.settings import change_settings
from common.flows.sync.initial_sync import start_sync
from local.firestore_memory.documents import MemoryDocuments
from local.google.errors import ApiError
from tests.crash_points import CountingDocuments, Crash, CrashPlan, crashing_ports
from tests.flows.setups.group_setup import MINUTE, yoga
from tests.property.random_switches import GOOGLE_SWITCHES, turn
from tests.world import ACCOUNT, World

SECOND = "team@group.calendar.example.com"
DAYS = st.integers(min_value=1, max_value=40)
QUARTERS = st.integers(min_value=0, max_value=4 * 24 - 1)
LENGTHS = st.sampled_from([0, 15, 45, 60, 24 * 60, 3 * 24 * 60])
RULES = st.sampled_from(
    [
        "RRULE:FREQ=DAILY;COUNT=5",
        "RRULE:FREQ=WEEKLY;BYDAY=MO,WE",
        "RRULE:FREQ=WEEKLY;COUNT=6",
        "RRULE:FREQ=MONTHLY;BYDAY=-1SU",
    ]
)
CALENDARS = st.sampled_from([ACCOUNT, SECOND])
PICK = st.integers(min_value=0, max_value=10_000)


def moment(day: int, quarter: int) -> datetime:
    """A quarter of an hour after the start of the test period."""
    return datetime(2027, 3, 15, tzinfo=UTC) + timedelta(days=day, minutes=15 * quarter)


def timed_event(day: int, quarter: int, minutes: int, **more: Any) -> dict[str, Any]:
    """An event of Google that begins at this day and quarter of an hour."""
    start = moment(day, quarter)
    zone = {"timeZone": "Europe/Zurich"}
    return {
        "summary": f"event {day}/{quarter}",
        "start": {"dateTime": start.isoformat(), **zone},
        "end": {"dateTime": (start + timedelta(minutes=minutes)).isoformat(), **zone},
        **more,
    }


class RandomUsers(RuleBasedStateMachine):
    """Random actions of owners and customers with one Google account."""

    def __init__(self) -> None:
        super().__init__()
        self.plan = CrashPlan()
        self.documents = CountingDocuments(MemoryDocuments())
        self.world = World(documents=self.documents, wrap=lambda ports: crashing_ports(ports, self.plan))
        self.bookings: list[str] = []
        self.classes: list[datetime] = []
        self.holds: list[HeldSlot] = []

    @initialize(
        switches=GOOGLE_SWITCHES,
        events=st.lists(st.tuples(CALENDARS, DAYS, QUARTERS, LENGTHS), max_size=6),
    )
    def connect(self, switches: dict[str, Any], events: list[tuple[str, int, int, int]]) -> None:
        """A connected account with two calendars, everything imported and exported."""
        world = self.world
        turn(world.google, switches)
        world.account()
        world.google.admin.add_calendar(ACCOUNT, "Team", calendar_id=SECOND)
        world.catalogue()
        world.ports.catalogue.save_service("t1", yoga(step=15 * MINUTE))
        for calendar, day, quarter, minutes in events:
            world.google.owner.put_event(calendar, timed_event(day, quarter, minutes))
        self.connection = world.connect().id
        calendars = world.ports.connections.get("t1", self.connection).calendars
        change_settings(
            world.ports,
            tenant="t1",
            connection=self.connection,
            settings={"imports": {"mode": ImportMode.FULL, "private": PrivateMode.FULL}},
            calendars=dict.fromkeys(calendars, CalendarUse.IMPORT),
        )
        start_sync(world.ports, tenant="t1", connection=self.connection)

    # -- people ---------------------------------------------------------------------------------

    @rule(calendar=CALENDARS, day=DAYS, quarter=QUARTERS, minutes=LENGTHS, free=st.booleans())
    def somebody_enters_an_event(
        self, calendar: str, day: int, quarter: int, minutes: int, free: bool
    ) -> None:
        extra = {"transparency": "transparent"} if free else {}
        self.world.google.owner.put_event(calendar, timed_event(day, quarter, minutes, **extra))

    @rule(calendar=CALENDARS, day=DAYS, length=st.integers(1, 4))
    def somebody_takes_days_off(self, calendar: str, day: int, length: int) -> None:
        first = moment(day, 0).date()
        self.world.google.owner.put_event(
            calendar,
            {
                "summary": "off",
                "start": {"date": first.isoformat()},
                "end": {"date": (first + timedelta(days=length)).isoformat()},
            },
        )

    @rule(calendar=CALENDARS, day=DAYS, quarter=QUARTERS, recurrence=RULES)
    def somebody_enters_a_series(self, calendar: str, day: int, quarter: int, recurrence: str) -> None:
        self.world.google.owner.put_event(calendar, timed_event(day, quarter, 45, recurrence=[recurrence]))

    @rule(calendar=CALENDARS, pick=PICK, minutes=st.sampled_from([-1440, -30, 15, 45, 2880]))
    def somebody_moves_an_event(self, calendar: str, pick: int, minutes: int) -> None:
        self.change_any_event(
            calendar, pick, lambda name: self.owner.shift_event(calendar, name, minutes=minutes)
        )

    @rule(calendar=CALENDARS, pick=PICK)
    def somebody_deletes_an_event(self, calendar: str, pick: int) -> None:
        self.change_any_event(calendar, pick, lambda name: self.owner.delete_event(calendar, name))

    @rule(calendar=CALENDARS, pick=PICK)
    def somebody_renames_an_event(self, calendar: str, pick: int) -> None:
        self.change_any_event(
            calendar, pick, lambda name: self.owner.edit_event(calendar, name, {"summary": f"new {pick}"})
        )

    @rule(calendar=CALENDARS, pick=PICK, number=st.integers(0, 4), delete=st.booleans())
    def somebody_changes_one_occurrence(self, calendar: str, pick: int, number: int, delete: bool) -> None:
        def change(name: str) -> None:
            instance = self.occurrence(calendar, name, number)
            if instance and delete:
                self.owner.delete_event(calendar, instance)
            elif instance:
                self.owner.shift_event(calendar, instance, minutes=75)

        self.change_any_event(calendar, pick, change)

    @rule(calendar=CALENDARS, pick=PICK, number=st.integers(1, 3), minutes=st.sampled_from([None, 0, 60]))
    def somebody_changes_this_and_following(
        self, calendar: str, pick: int, number: int, minutes: int | None
    ) -> None:
        """The later occurrences go, get another title, or move."""

        def change(name: str) -> None:
            instance = self.occurrence(calendar, name, number)
            if instance and minutes is None:
                self.owner.delete_following(calendar, instance)
            elif instance:
                self.owner.split_series(calendar, instance, self.later(calendar, instance, minutes or 0))

        self.change_any_event(calendar, pick, change)

    @rule(calendar=CALENDARS, pick=PICK)
    def somebody_makes_a_series_single(self, calendar: str, pick: int) -> None:
        self.change_any_event(
            calendar, pick, lambda name: self.owner.edit_event(calendar, name, {"recurrence": None})
        )

    @rule(calendar=CALENDARS, pick=PICK)
    def somebody_moves_an_event_to_the_other_calendar(self, calendar: str, pick: int) -> None:
        other = SECOND if calendar == ACCOUNT else ACCOUNT
        self.change_any_event(calendar, pick, lambda name: self.owner.move_to_calendar(calendar, name, other))

    # -- customers ------------------------------------------------------------------------------

    @rule(day=DAYS, half=st.integers(16, 40))
    def a_customer_books(self, day: int, half: int) -> None:
        start = moment(day, half)
        done = self.attempt(
            lambda: book(
                self.world.ports,
                tenant="t1",
                service="cut",
                resource="anna",
                start=start,
                customer=Customer(name="Max", email="max@example.com"),
            )
        )
        if done:
            self.bookings.append(done.booking.id)

    @precondition(lambda self: self.bookings)
    @rule(pick=PICK, day=DAYS, half=st.integers(16, 40))
    def a_customer_reschedules(self, pick: int, day: int, half: int) -> None:
        name = self.bookings[pick % len(self.bookings)]
        self.attempt(
            lambda: reschedule(
                self.world.ports, tenant="t1", booking=name, start=moment(day, half), by=Staff()
            )
        )

    @precondition(lambda self: self.bookings)
    @rule(pick=PICK)
    def a_customer_cancels(self, pick: int) -> None:
        name = self.bookings[pick % len(self.bookings)]
        self.attempt(lambda: cancel_booking(self.world.ports, tenant="t1", booking=name, by=Staff()))

    @rule(day=DAYS, half=st.integers(16, 24), seats=st.integers(1, 2))
    def a_guest_joins_a_class(self, day: int, half: int, seats: int) -> None:
        done = self.attempt(
            lambda: book(
                self.world.ports,
                tenant="t1",
                service="yoga",
                resource="anna",
                start=moment(day, half),
                customer=Customer(name="Gil"),
                seats=seats,
            )
        )
        if done:
            self.bookings.append(done.booking.id)
            self.classes.append(done.booking.interval.start)

    @precondition(lambda self: self.classes)
    @rule(pick=PICK)
    def another_guest_joins(self, pick: int) -> None:
        done = self.attempt(
            lambda: book(
                self.world.ports,
                tenant="t1",
                service="yoga",
                resource="anna",
                start=self.classes[pick % len(self.classes)],
                customer=Customer(name="Gea"),
            )
        )
        if done:
            self.bookings.append(done.booking.id)

    @rule(service=st.sampled_from(["cut", "yoga"]), day=DAYS, half=st.integers(16, 40))
    def somebody_holds_a_time(self, service: str, day: int, half: int) -> None:
        done = self.attempt(
            lambda: hold_slot(
                self.world.ports, tenant="t1", service=service, resource="anna", start=moment(day, half)
            )
        )
        if done:
            self.holds.append(done)

    @precondition(lambda self: self.holds)
    @rule(pick=PICK)
    def a_hold_is_booked(self, pick: int) -> None:
        held = self.holds.pop(pick % len(self.holds))
        start, key = held.hold.interval.start, HoldKey(held.hold.id, held.token)
        done = self.attempt(
            lambda: book(
                self.world.ports,
                tenant="t1",
                service=held.hold.service,
                resource="anna",
                start=start,
                customer=Customer(name="Hal"),
                hold=key,
            )
        )
        if done:
            self.bookings.append(done.booking.id)

    # -- means ----------------------------------------------------------------------------------

    @property
    def owner(self) -> Any:
        """What the owner does in the Google calendars."""
        return self.world.google.owner

    def change_any_event(self, calendar: str, pick: int, change: Any) -> None:
        """Change one of the events of the calendar, unless Google refuses it."""
        items = self.world.google.inspect.events(calendar, cancelled=False)
        names = sorted(item["id"] for item in items if "recurringEventId" not in item)
        if names:
            try:
                change(names[pick % len(names)])
            except (ApiError, KeyError):
                return

    def occurrence(self, calendar: str, name: str, number: int) -> str | None:
        """The id of an occurrence, if the event is a series."""
        event = self.owner.event(calendar, name)
        if "recurrence" not in event:
            return None
        start = datetime.fromisoformat(event["start"]["dateTime"]).astimezone(UTC)
        return f"{name}_{start + timedelta(days=7 * number):%Y%m%dT%H%M%SZ}"

    def later(self, calendar: str, instance: str, minutes: int) -> dict[str, Any]:
        """The changes that move an occurrence by some minutes, or rename it."""
        if not minutes:
            return {"summary": "from now on"}
        event = self.owner.event(calendar, instance)
        step = timedelta(minutes=minutes)
        return {
            name: {"dateTime": (datetime.fromisoformat(event[name]["dateTime"]) + step).isoformat()}
            for name in ("start", "end")
        }

    def attempt(self, call: Any) -> Any:
        """The result of a call, or None if it is refused or the instance crashes."""
        try:
            return call()
        except (SyncError, Crash):
            return None
