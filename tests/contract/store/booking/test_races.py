"""Many at once for the same time: never two winners, never a trace of the losers."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise
from random import Random

import pytest

from common.domain.booking.booking import BookingStatus
from common.domain.booking.booking_change import BookingChange
from common.domain.booking.cells import cells as cell_keys
from common.domain.calendar.interval import Interval
from common.errors import Conflict, SlotTaken
from common.store import stores
from common.store.firestore.documents import Query
from tests.contract.store.examples import HOUR, NINE, booking, moved

ROUNDS, RIVALS, THREADS = 50, 200, 32
QUARTER = timedelta(minutes=15)
DAY = Interval(NINE - 9 * HOUR, NINE + 15 * HOUR)


def attempt(store, change):
    """The error's name, or None for the winner."""
    try:
        store.bookings.commit(change)
    except (SlotTaken, Conflict) as refusal:
        return type(refusal).__name__
    return None


def assert_consistent(raw, store):
    """No two active bookings overlap; cells and agenda say exactly what the bookings say."""
    active = sorted(store.bookings.overlapping("t", "r", DAY), key=lambda item: item.claimed)
    held = {item.id: item.data["booking"] for item in raw.query(Query("tenants/t/resources/r/cells"))}

    assert not [pair for pair in pairwise(active) if pair[0].claimed.overlaps(pair[1].claimed)]
    assert {key: item.id for item in active for key in cell_keys(item.claimed)} == held
    assert {item.id: item.claimed for item in active} == store.catalogue.agenda("t", "r", DAY).bookings
    return active


@pytest.mark.timeout(300)
@pytest.mark.pitfall(23)
def test_of_200_claims_on_one_slot_one_wins_in_each_of_50_rounds(raw):
    """Pitfall 23: exactly one winner each time, and every loser learns that the slot is taken."""
    store = stores(raw)
    with ThreadPoolExecutor(THREADS) as pool:
        for number in range(ROUNDS):
            start = NINE + number * QUARTER
            changes = [
                BookingChange(None, booking(f"b{number}-{rival}", start, QUARTER)) for rival in range(RIVALS)
            ]
            outcomes = Counter(pool.map(lambda change: attempt(store, change), changes))

            assert outcomes == {None: 1, "SlotTaken": RIVALS - 1}

    assert len(assert_consistent(raw, store)) == ROUNDS


@pytest.mark.pitfall(23)
def test_random_overlapping_claims_never_overlap(raw):
    """Pitfall 23: whatever overlaps whatever, the accepted bookings are disjoint."""
    store, random = stores(raw), Random(20270301)
    changes = [
        BookingChange(
            None,
            booking(
                f"b{at}", NINE + random.randrange(96) * QUARTER / 3, random.randrange(1, 9) * QUARTER / 3
            ),
        )
        for at in range(600)
    ]

    with ThreadPoolExecutor(THREADS) as pool:
        outcomes = Counter(pool.map(lambda change: attempt(store, change), changes))

    assert outcomes[None] == len(assert_consistent(raw, store)) > 10
    assert outcomes["Conflict"] == 0


@pytest.mark.pitfall(23)
def test_concurrent_reschedules_and_cancellations_stay_consistent(raw):
    """Pitfall 23: bookings that move over each other at once end up apart, with nothing left behind."""
    store, random = stores(raw), Random(7)
    for at in range(24):
        store.bookings.commit(BookingChange(None, booking(f"b{at}", NINE + at * QUARTER, QUARTER)))
    plans = [
        (f"b{random.randrange(24)}", NINE + random.randrange(-40, 160) * QUARTER / 3, random.random() < 0.05)
        for _ in range(400)
    ]

    def change(plan):
        name, start, cancelled = plan
        before = store.bookings.get("t", name)
        if not before.active:
            return "cancelled"
        after = moved(before, start, status=BookingStatus.CANCELLED if cancelled else before.status)
        return attempt(store, BookingChange(before, after))

    with ThreadPoolExecutor(THREADS) as pool:
        outcomes = Counter(pool.map(change, plans))

    active = assert_consistent(raw, store)
    assert outcomes[None] > 20
    assert len(active) == sum(store.bookings.get("t", f"b{at}").active for at in range(24))


def test_one_of_many_changes_of_one_booking_wins(raw):
    """Compare-and-set on the booking: the others decide again."""
    store = stores(raw)
    before = store.bookings.commit(BookingChange(None, booking()))
    changes = [
        BookingChange(before, replace(moved(before, NINE + at * HOUR), note=f"{at}")) for at in range(20)
    ]

    with ThreadPoolExecutor(THREADS) as pool:
        outcomes = Counter(pool.map(lambda item: attempt(store, item), changes))

    assert outcomes == {None: 1, "Conflict": 19}
    assert_consistent(raw, store)
