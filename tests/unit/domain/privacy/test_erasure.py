"""What belongs to whom, and what an erasure leaves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from common.domain.booking.booking import Booking, BookingStatus, Customer
from common.domain.calendar.interval import Interval
from common.domain.privacy.erasure import (
    ERASED,
    Record,
    Scope,
    anonymised,
    erasable,
    exported,
    holds,
    same_address,
    scope_of,
)
from common.errors import InvalidRequest

NOON = datetime(2027, 3, 15, 12, tzinfo=UTC)


def record(path, **data):
    return Record(f"tenants/t/{path}" if path else "tenants/t", data)


@pytest.mark.parametrize(
    ("found", "mine"),
    [
        (record(""), False),
        (record("resources/anna"), True),
        (record("resources/anna/cells/1"), True),
        (record("resources/anna2"), False),
        (record("resources/bob/absences/anna"), False),
        (record("connections/c1"), True),
        (record("connections/c1/calendars/k/weeks/w"), True),
        (record("connections/c2", resource="bob"), False),
        (record("bookings/b", resource="anna"), True),
        (record("bookings/b", resource="bob"), False),
        (record("invitations/i", resource="anna"), True),
        (record("notices/n", connection="c1"), True),
        (record("notices/n", connection="c2"), False),
        (record("services/cut", resources=["anna"]), False),
    ],
    ids=str,
)
def test_what_belongs_to_a_resource(found, mine):
    """What lies below it, what lies below its connections, and what names one of them."""
    assert holds(found, resource="anna", connections={"c1"}) == mine
    assert holds(found, resource=None, connections=())


def test_receipts_and_the_order_itself_stay():
    """Everything else goes, the rest of the audit trail too."""
    assert not erasable(record("erasures/x"))
    assert not erasable(record("audit/a", action="erasure_started"))
    assert erasable(record("audit/a", action="support_read"))
    assert erasable(record(""))


def test_an_export_holds_no_secret():
    """Neither ciphertexts, nor secrets, nor their hashes."""
    assert exported(record("connections/c/grants/current", sealed="x")) is None
    assert exported(record("invitations/i", sealed="x", secret_hash="y", address="z")) == {"address": "z"}


@pytest.mark.parametrize(
    ("resource", "customer", "scope"),
    [(None, None, Scope.TENANT), ("anna", None, Scope.RESOURCE), (None, "a@b.c", Scope.CUSTOMER)],
)
def test_the_scope_follows_from_what_is_named(resource, customer, scope):
    """Naming two things is refused."""
    assert scope_of(resource, customer) is scope
    with pytest.raises(InvalidRequest):
        scope_of("anna", "a@b.c")


@pytest.mark.parametrize(
    ("left", "right", "same"),
    [
        ("A@b.C", " a@B.c ", True),
        (None, "", False),
        ("a@b.c", "aa@b.c", False),
        ("STRAẞE@x.y", "strasse@x.y", True),
    ],
)
def test_one_mailbox_has_several_spellings(left, right, same):
    """Case and blanks around do not count; no address is nobody's."""
    assert same_address(left, right) == same


def test_an_anonymous_booking_keeps_its_time_and_loses_its_texts():
    """A later revision, so that exports write it."""
    span = Interval(NOON, NOON + timedelta(hours=1))
    customer = Customer("Ann", "ann@example.org", "+41", "Europe/Zurich")
    before = Booking(
        "b",
        "t",
        "r",
        "s",
        span,
        span,
        BookingStatus.CONFIRMED,
        customer,
        NOON,
        NOON,
        note="n",
        title="t",
        description="d",
    )
    after = anonymised(before, NOON + timedelta(days=1))

    assert (after.interval, after.claimed, after.status, after.revision) == (span, span, before.status, 2)
    assert after.customer == Customer(ERASED, zone="Europe/Zurich")
    assert (after.note, after.title, after.description) == (None, None, None)
