"""Who is told what by whom, and what counts as told."""

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
    exports = ExportSettings(
        **{name: values.pop(name) for name in ("on", "attendee", "notify") if name in values}
    )
    run = SyncRun("run", Phase.DONE, 1, (), NINE)
    fields = {"status": Status.ACTIVE, "run": run, "settings": Settings(exports=exports), **values}
    return Connection("c", "t", "anna", provider, "anna@example.com", created_at=NINE, **fields)


def told(state: str, by: Sender = Sender.SLOTBRIDGE) -> LastNotified:
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
def test_news_is_what_a_customer_cares_about(
    before: Booking | None, after: Booking, kind: OutboxKind | None
) -> None:
    """A booking, another time, the end; words, proposals and conflicts are the owner's."""
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
def test_one_sender_of_record(connections: Any, source: Source, expected: Sender) -> None:
    """Pitfall 21: the provider where it mails its guests, else Slotbridge; never both."""
    booking = replace(BOOKING, source=source)

    assert customer_sender(booking, CUT, connections, wanted=True) is expected
    if expected is Sender.SLOTBRIDGE:
        assert customer_sender(booking, CUT, connections, wanted=False) is Sender.NOBODY


def test_a_group_has_no_guests_at_a_provider() -> None:
    """So Slotbridge tells each of them; and who has no address is told by nobody."""
    inviting = [connection(attendee=True, notify=True)]
    nobody = replace(BOOKING, customer=Customer("Zoe"))

    assert customer_sender(BOOKING, replace(CUT, capacity=5), inviting, wanted=True) is Sender.SLOTBRIDGE
    assert customer_sender(nobody, CUT, inviting, wanted=True) is Sender.NOBODY


@pytest.mark.parametrize(
    ("booking", "before", "kind", "letter"),
    [
        (BOOKING, None, OutboxKind.BOOKED, MailKind.BOOKED),
        (MOVED, told(notified_state(BOOKING)), OutboxKind.MOVED, MailKind.MOVED),
        (MOVED, None, OutboxKind.BOOKED, MailKind.BOOKED),
        (MOVED, None, OutboxKind.MOVED, MailKind.MOVED),
        (CANCELLED, None, OutboxKind.BOOKED, MailKind.CANCELLED),
        (CANCELLED, told(notified_state(BOOKING)), OutboxKind.CANCELLED, MailKind.CANCELLED),
        (BOOKING, told(notified_state(BOOKING), Sender.PROVIDER), OutboxKind.BOOKED, MailKind.BOOKED),
        (BOOKING, told(notified_state(MOVED), Sender.NOBODY), OutboxKind.BOOKED, MailKind.BOOKED),
    ],
)
def test_a_letter_leads_from_what_is_known_to_what_is_true(
    booking: Booking, before: LastNotified | None, kind: OutboxKind, letter: MailKind
) -> None:
    """Late and repeated promises included."""
    assert booking_mail_kind(booking, before, kind) is letter


def test_a_state_is_its_time_until_it_is_over() -> None:
    """Other words and other revisions are the same state."""
    assert notified_state(BOOKING) == notified_state(replace(BOOKING, revision=9, title="x"))
    assert notified_state(BOOKING) != notified_state(MOVED)
    assert notified_state(CANCELLED) == notified_state(replace(MOVED, status=BookingStatus.CANCELLED))


def test_a_mail_has_one_id_however_often_it_is_tried() -> None:
    """And another one for every other cause, also where the parts run together alike."""
    assert mail_id("a", "bc") == mail_id("a", "bc") != mail_id("ab", "c")


def test_a_line_is_one_line() -> None:
    """Control characters, separators and lengths of any kind end in one short line."""
    assert single_line("a\r\nb\u2028c\td\x00e") == "a b c d e"
    assert len(single_line("x" * 999)) == 200


def test_there_is_a_time_to_give_up() -> None:
    """Three days after it began."""
    since = int(NINE.timestamp())

    assert [too_late_to_send(since, now=NINE + hours * HOUR) for hours in (0, 72, 73)] == [False, False, True]
