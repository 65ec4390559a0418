"""Booking where requests come twice, answers get lost and the queue takes nothing."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from common.domain.booking.booking import Customer
from common.domain.booking.booking_change import BookingChange
from common.domain.shared.outbox import OutboxKind
from common.errors import KeyReused, StoreUnavailable
from common.flows.booking.book import Booked, book
from common.ports import Ports
from common.ports.machine import TaskQueue
from common.store.booking.bookings import Bookings
from tests.flows.setups.booking_setup import CUSTOMER, at, booked, entries, shop


@pytest.mark.pitfall(23)
def test_a_repeat_under_the_same_key_is_answered_alike() -> None:
    """Pitfall 23: one booking and one management link, however often the request is sent."""
    world, connection = shop()
    first = booked(world, "10:00", idempotency_key="key-000001")
    again = booked(world, "10:00", idempotency_key="key-000001")

    assert (first.repeated, again.repeated) == (False, True)
    assert (again.booking, again.manage_token) == (first.booking, first.manage_token)
    assert len(entries(world, connection)) == 1


@pytest.mark.parametrize(
    "other",
    [
        {"clock": "11:00"},
        {"clock": "10:00", "note": "else"},
        {"clock": "10:00", "customer": Customer("Yan")},
        {"clock": "10:00", "resource": None},
    ],
)
def test_a_key_with_another_request_is_refused(other: dict[str, Any]) -> None:
    """A key stands for one request only."""
    world, _ = shop()
    booked(world, "10:00", idempotency_key="key-000001")

    with pytest.raises(KeyReused):
        booked(world, idempotency_key="key-000001", **other)


def test_keys_of_different_callers_do_not_meet() -> None:
    """A member of staff who uses the same key as a customer makes a booking of the own."""
    world, _ = shop()
    first = booked(world, "10:00", idempotency_key="key-000001")
    other = booked(world, "11:00", idempotency_key="key-000001", subject="staff-1")

    assert (first.booking.source, other.booking.source, other.repeated) == ("customer", "staff", False)


def test_an_expired_key_cannot_be_used_again() -> None:
    """Two days later the key is spent: no second booking, no foreign answer."""
    world, _ = shop()
    booked(world, "10:00", idempotency_key="key-000001")
    world.clock.advance_to(world.clock.now() + timedelta(days=3))

    with pytest.raises(KeyReused):
        booked(world, "11:00", idempotency_key="key-000001")


def test_the_same_request_twice_at_the_same_moment_is_one_booking() -> None:
    """F22: a double click books once, and both get the same answer."""
    world, _ = shop()
    found: list[Booked] = []
    threads = [
        threading.Thread(target=lambda: found.append(booked(world, "10:00", idempotency_key="key-000001")))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len({item.booking.id for item in found}) == 1
    assert len(found) == 8


class LosesAnswers:
    """A store that says "I do not know" about a commit, which happened or did not."""

    def __init__(self, bookings: Bookings, *, happened: bool) -> None:
        self._bookings, self._happened = bookings, happened

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bookings, name)

    def commit(self, change: BookingChange) -> Any:
        if self._happened:
            self._bookings.commit(change)
        raise StoreUnavailable("no answer", code="commit_unknown")


def test_a_commit_whose_answer_was_lost_is_found_by_reading() -> None:
    """F16: it happened, so the customer gets the booking, and it is exported."""
    world, connection = shop()
    ports = replace(world.ports, bookings=LosesAnswers(world.ports.bookings, happened=True))
    made = book(ports, tenant="t1", service="cut", resource="anna", start=at("10:00"), customer=CUSTOMER)

    assert world.ports.bookings.get("t1", made.booking.id) == made.booking
    assert len(entries(world, connection)) == 1


def test_a_commit_that_did_not_happen_is_an_error() -> None:
    """F16: there is no outbox entry, and the same request can be sent again."""
    world, _ = shop()
    ports = replace(world.ports, bookings=LosesAnswers(world.ports.bookings, happened=False))

    def attempt(at_this_moment: Ports) -> Booked:
        return book(
            at_this_moment,
            tenant="t1",
            service="cut",
            resource="anna",
            start=at("10:00"),
            customer=CUSTOMER,
            idempotency_key="key-000001",
        )

    with pytest.raises(StoreUnavailable):
        attempt(ports)

    assert attempt(world.ports).repeated is False


class Refuses:
    """A task queue that accepts nothing."""

    def enqueue(self, task: object) -> bool:
        raise StoreUnavailable("no", code="queue_unavailable")


def test_a_queue_that_refuses_does_not_lose_the_export() -> None:
    """F19: the booking stands, and the outbox relay finds its entry within a minute."""
    world, _ = shop()
    queue: TaskQueue = Refuses()
    ports: Ports = replace(world.ports, queue=queue)
    made = book(ports, tenant="t1", service="cut", resource="anna", start=at("10:00"), customer=CUSTOMER)
    due = world.ports.ledger.outbox_due(world.clock.now() + timedelta(minutes=1), 10)

    assert [entry.booking for entry in due if entry.kind is OutboxKind.EXPORT] == [made.booking.id]
