"""Which changes of a booking are notified, by whom, and with which mail."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.domain.booking.booking import Booking, BookingStatus, Customer, Proposal, Source
from common.domain.calendar.connection import Connection, Phase, ProviderKind, Status, SyncRun
from common.domain.calendar.interval import Interval
from common.domain.catalogue.records import Service
from common.domain.connect.settings import ExportSettings, Settings
from common.domain.notify import (
    LastNotified,
    MailKind,
    Sender,
    booking_mail_kind,
    customer_sender,
    mail_id,
    notification_kind,
    notified_state,
    single_line,
    too_late_to_send,
)
from common.domain.shared.outbox import OutboxKind

NINE = datetime(2027, 3, 22, 9, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SPAN = Interval(NINE, NINE + HOUR)
CUT = Service("cut", "Cut", HOUR, 0 * HOUR, 0 * HOUR, HOUR, 0 * HOUR, 24 * HOUR, ("anna",))
BOOKING = Booking(
    "b",
    "t",
    "anna",
    "cut",
    SPAN,
    SPAN,
    BookingStatus.CONFIRMED,
    Customer("Zoe", "zoe@example.net"),
    NINE,
    NINE,
)
CANCELLED = replace(BOOKING, status=BookingStatus.CANCELLED)
MOVED = replace(BOOKING, interval=Interval(NINE + HOUR, NINE + 2 * HOUR))


def connection(*, provider: ProviderKind = ProviderKind.GOOGLE, **values: Any) -> Connection:
    """A synchronised connection with these fields and export settings."""
    exports = ExportSettings(
        **{name: values.pop(name) for name in ("on", "attendee", "notify") if name in values}
    )
    run = SyncRun("run", Phase.DONE, 1, (), NINE)
    fields = {"status": Status.ACTIVE, "run": run, "settings": Settings(exports=exports), **values}
    return Connection("c", "t", "anna", provider, "anna@example.com", created_at=NINE, **fields)


def last_notified(state: str, by: Sender = Sender.SLOTBRIDGE) -> LastNotified:
    """The record that this state was notified by this sender."""
    return LastNotified("t", "booking-b", state, by, NINE, NINE)


@pytest.mark.parametrize(
    ("before", "after", "kind"),
    [
        (None, BOOKING, OutboxKind.BOOKED),
        (BOOKING, MOVED, OutboxKind.MOVED),
        (BOOKING, CANCELLED, OutboxKind.CANCELLED),
        (BOOKING, replace(BOOKING, title="other", revision=2), None),
        (BOOKING, replace(BOOKING, proposal=Proposal("c", NINE, NINE, MOVED.interval)), None),
        (BOOKING, replace(BOOKING, conflict="k"), None),
        (CANCELLED, replace(CANCELLED, interval=MOVED.interval), None),
    ],
)
def test_new_booking_new_time_and_cancellation_are_notified(
    before: Booking | None, after: Booking, kind: OutboxKind | None
) -> None:
    """Titles, proposals and conflicts concern the owner only."""
    assert notification_kind(before, after) is kind


@pytest.mark.parametrize(
    ("connections", "source", "expected"),
    [
        ((), Source.CUSTOMER, Sender.SLOTBRIDGE),
        ((connection(),), Source.CUSTOMER, Sender.SLOTBRIDGE),
        ((connection(attendee=True),), Source.CUSTOMER, Sender.SLOTBRIDGE),
        ((connection(attendee=True, notify=True),), Source.CUSTOMER, Sender.PROVIDER),
        ((connection(), connection(attendee=True, notify=True)), Source.STAFF, Sender.PROVIDER),
        ((connection(attendee=True),), Source.EXTERNAL, Sender.PROVIDER),
        ((connection(attendee=True, provider=ProviderKind.MICROSOFT),), Source.EXTERNAL, Sender.SLOTBRIDGE),
        ((connection(),), Source.EXTERNAL, Sender.SLOTBRIDGE),
        ((connection(attendee=True, notify=True, on=False),), Source.CUSTOMER, Sender.SLOTBRIDGE),
        ((connection(attendee=True, notify=True, run=None),), Source.CUSTOMER, Sender.SLOTBRIDGE),
        (
            (connection(attendee=True, notify=True, status=Status.REAUTH_REQUIRED),),
            Source.CUSTOMER,
            Sender.SLOTBRIDGE,
        ),
    ],
)
@pytest.mark.pitfall(21)
def test_each_change_has_one_sender(connections: Any, source: Source, expected: Sender) -> None:
    """Pitfall 21: the provider where it mails its guests, else Slotbridge; never both."""
    booking = replace(BOOKING, source=source)

    assert customer_sender(booking, CUT, connections, wanted=True) is expected
    if expected is Sender.SLOTBRIDGE:
        assert customer_sender(booking, CUT, connections, wanted=False) is Sender.NOBODY


def test_slotbridge_notifies_the_participants_of_a_group() -> None:
    """A group has no guests at the provider; a customer without an address is not notified."""
    inviting = [connection(attendee=True, notify=True)]
    nobody = replace(BOOKING, customer=Customer("Zoe"))

    assert customer_sender(BOOKING, replace(CUT, capacity=5), inviting, wanted=True) is Sender.SLOTBRIDGE
    assert customer_sender(nobody, CUT, inviting, wanted=True) is Sender.NOBODY


@pytest.mark.parametrize(
    ("booking", "before", "kind", "mail_kind"),
    [
        (BOOKING, None, OutboxKind.BOOKED, MailKind.BOOKED),
        (MOVED, last_notified(notified_state(BOOKING)), OutboxKind.MOVED, MailKind.MOVED),
        (MOVED, None, OutboxKind.BOOKED, MailKind.BOOKED),
        (MOVED, None, OutboxKind.MOVED, MailKind.MOVED),
        (CANCELLED, None, OutboxKind.BOOKED, MailKind.CANCELLED),
        (CANCELLED, last_notified(notified_state(BOOKING)), OutboxKind.CANCELLED, MailKind.CANCELLED),
        (
            BOOKING,
            last_notified(notified_state(BOOKING), Sender.PROVIDER),
            OutboxKind.BOOKED,
            MailKind.BOOKED,
        ),
        (BOOKING, last_notified(notified_state(MOVED), Sender.NOBODY), OutboxKind.BOOKED, MailKind.BOOKED),
    ],
)
def test_the_mail_follows_from_the_last_notified_and_the_current_state(
    booking: Booking, before: LastNotified | None, kind: OutboxKind, mail_kind: MailKind
) -> None:
    """Also for delayed and repeated outbox entries."""
    assert booking_mail_kind(booking, before, kind) is mail_kind


def test_the_notified_state_is_the_time_or_the_cancellation() -> None:
    """Titles and revisions do not change it."""
    assert notified_state(BOOKING) == notified_state(replace(BOOKING, revision=9, title="x"))
    assert notified_state(BOOKING) != notified_state(MOVED)
    assert notified_state(CANCELLED) == notified_state(replace(MOVED, status=BookingStatus.CANCELLED))


def test_a_mail_keeps_its_id_in_every_attempt() -> None:
    """Every other cause has another id, also if its parts joined are the same text."""
    assert mail_id("a", "bc") == mail_id("a", "bc") != mail_id("ab", "c")


def test_a_text_becomes_one_short_line() -> None:
    """Control characters, separators and excess length are removed."""
    assert single_line("a\r\nb\u2028c\td\x00e") == "a b c d e"
    assert len(single_line("x" * 999)) == 200


def test_a_mail_is_given_up_after_three_days() -> None:
    """Counted from its cause."""
    since = int(NINE.timestamp())

    assert [too_late_to_send(since, now=NINE + hours * HOUR) for hours in (0, 72, 73)] == [False, False, True]
