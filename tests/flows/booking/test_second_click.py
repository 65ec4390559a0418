"""A booking request without a key that comes twice is one booking, of a class and of any resource too."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from common.domain.booking.access import Staff
from common.domain.booking.booking import Customer
from common.domain.catalogue.records import Resource
from common.errors import SlotTaken
from common.flows.booking.book import Booked
from common.flows.booking.change import cancel_booking, reschedule
from common.store.firestore.documents import Query
from tests.flows.setups.booking_setup import CUSTOMER, MONDAY, at, booked, entries, shop
from tests.flows.setups.group_setup import guest, held, joined, key, left, studio
from tests.world import WEEKDAYS, World

SECOND = timedelta(seconds=1)


def salon() -> World:
    """Two people offer the same service."""
    world, _ = shop()
    service = world.ports.catalogue.service("t1", "cut")
    world.ports.catalogue.save_resource("t1", Resource("ben", "Ben", None, "Europe/Zurich", WEEKDAYS))
    world.ports.catalogue.save_service("t1", replace(service, resources=("anna", "ben")))
    return world


def at_once(book: Any, times: int = 8) -> list[Booked]:
    found: list[Booked] = []
    threads = [threading.Thread(target=lambda: found.append(book())) for _ in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == times
    return found


def test_any_resource_is_booked_once() -> None:
    """The second click does not take the other person's time as well, and opens the same booking."""
    world = salon()
    first, second = booked(world, resource=None), booked(world, resource=None)

    assert (first.repeated, second.repeated) == (False, True)
    assert (second.booking, second.manage_token) == (first.booking, first.manage_token)


def test_a_class_is_booked_once() -> None:
    """The second click takes no second seat."""
    world, connection = studio()
    first, second = joined(world), joined(world)

    assert (second.repeated, second.booking.id) == (True, first.booking.id)
    assert left(world)["10:00"] == 2
    assert len(entries(world, connection)) == 1


@pytest.mark.pitfall(23)
def test_clicks_at_the_same_moment_make_one_booking() -> None:
    """Pitfall 23: in a race too, of a class, of any resource, and of a single one."""
    class_world, _ = studio()
    any_world = salon()
    one_world, _ = shop()

    assert len({item.booking.id for item in at_once(lambda: joined(class_world))}) == 1
    assert left(class_world)["10:00"] == 2
    assert len({item.booking.id for item in at_once(lambda: booked(any_world, resource=None))}) == 1
    assert len({item.booking.id for item in at_once(lambda: booked(one_world))}) == 1


def test_a_hold_that_is_booked_twice_is_one_booking() -> None:
    """The hold is used up by the first click, which is no reason to refuse the second."""
    world, _ = studio()
    hold = key(held(world))
    found = at_once(lambda: joined(world, hold=hold))

    assert {item.booking.id for item in found} == {hold.id}
    assert left(world)["10:00"] == 2
    assert joined(world, hold=hold).repeated


@pytest.mark.parametrize(
    "other",
    [
        {"customer": replace(CUSTOMER, name="Yan Zimmer")},
        {"customer": replace(CUSTOMER, email="yan@example.net")},
        {"customer": replace(CUSTOMER, phone=None)},
        {"clock": "11:00"},
        {"subject": "staff-1"},
        {"address": "203.0.113.9"},
        {"idempotency_key": "key-000002"},
    ],
)
def test_another_wish_is_another_booking(other: dict[str, Any]) -> None:
    """Another person, start, member of staff, network or key; the answer opens nothing of somebody else."""
    world = salon()
    first = booked(world, resource=None, idempotency_key="key-000001" if "idempotency_key" in other else None)
    second = booked(world, **{"resource": None, **other})

    assert not second.repeated
    assert second.booking.id != first.booking.id


@pytest.mark.parametrize(
    "same",
    [
        {"customer": Customer("zoe  Zimmer ", "ZOE@example.net", CUSTOMER.phone, "Europe/Berlin")},
        {"note": "window seat"},
        {"seats": 1},
    ],
)
def test_the_same_person_at_the_same_time_is_the_same_wish(same: dict[str, Any]) -> None:
    """Whatever else the second request says."""
    world = salon()
    first = booked(world, resource="anna")

    assert booked(world, **{"resource": "anna", **same}).booking == first.booking


def test_who_names_another_resource_has_another_wish() -> None:
    """Two people of one family may come to two people of the salon."""
    world = salon()
    first, second = booked(world, resource="anna"), booked(world, resource="ben")

    assert (first.booking.resource, second.booking.resource) == ("anna", "ben")


def test_after_a_minute_it_is_a_new_wish() -> None:
    """Then the time is theirs once more where it is free, and taken where it is not."""
    world = salon()
    first = booked(world, resource="anna")
    world.clock.advance_to(world.clock.now() + 59 * SECOND)
    again = booked(world, resource="anna")
    world.clock.advance_to(world.clock.now() + 2 * SECOND)

    assert again.booking == first.booking
    with pytest.raises(SlotTaken):
        booked(world, resource="anna")
    assert booked(world, resource=None).booking.resource == "ben"


def test_whoever_cancels_or_moves_books_anew() -> None:
    """Within the same minute, again and again; and then a second click is one again."""
    world = salon()
    first = booked(world)
    cancel_booking(world.ports, tenant="t1", booking=first.booking.id, by=Staff())
    second = booked(world)
    reschedule(world.ports, tenant="t1", booking=second.booking.id, start=at("11:00"), by=Staff())
    third, fourth = booked(world), booked(world)

    assert len({first.booking.id, second.booking.id, third.booking.id}) == 3
    assert (fourth.repeated, fourth.booking.id) == (True, third.booking.id)


def test_a_click_leaves_nothing_that_tells_who_clicked() -> None:
    """What is kept for a minute has a keyed name, and holds no name, address or number."""
    world, _ = studio()
    joined(world, address="203.0.113.9")
    (record,) = world.documents.query(Query("tenants/t1/idempotency"))
    customer = guest(1)

    for private in (customer.name, customer.email, customer.phone, "203.0.113.9", f"{MONDAY:%Y-%m-%d}"):
        assert str(private) not in repr(record)
