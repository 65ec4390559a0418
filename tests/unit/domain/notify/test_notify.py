"""Which changes of a booking are notified, by whom, and with which mail."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from common.domain.booking.booking import Booking, BookingStatus, Customer, Proposal
from common.domain.calendar.interval import Interval
from common.domain.notify import (
    LastNotified,
    MailKind,
    Sender,
    booking_mail_kind,
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
