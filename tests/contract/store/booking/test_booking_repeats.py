"""A booking's commit that is made twice: lost answers, idempotency keys, ids used again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from common.domain.booking.booking import BookingStatus
from common.domain.booking.booking_change import BookingChange
from common.errors import AlreadyExists, SlotTaken, StoreUnavailable
from tests.contract.store.examples import HOUR, NINE, booking, create, moved, outbox, record


@pytest.mark.parametrize("change", ["create", "move", "cancel"])
def test_repeating_a_commit_whose_answer_was_lost_is_a_success(store, documents, change):
    """Fault F16: applied but reported as failed; the repeat finds its own work and says so."""
    before = None if change == "create" else create(store)
    after = {
        "create": booking,
        "move": lambda: moved(before, NINE + HOUR / 2),
        "cancel": lambda: replace(before, status=BookingStatus.CANCELLED, revision=2),
    }[change]()
    wanted = BookingChange(before, after, (outbox(),), (), (), record())
    documents.lost = 1

    with pytest.raises(StoreUnavailable) as failure:
        store.bookings.commit(wanted)
    repeated = store.bookings.commit(wanted)

    assert failure.value.reason == "commit_unknown"
    assert repeated == store.bookings.get("t", "b1")
    assert replace(repeated, version=None) == replace(after, version=None)


def test_a_repeat_by_another_request_is_told_apart(store):
    """The same booking id with other content is a clash, not a repeat."""
    create(store)

    with pytest.raises(AlreadyExists):
        store.bookings.commit(BookingChange(None, booking(note="other")))
    with pytest.raises(AlreadyExists):
        create(store, "b1", NINE + 5 * HOUR)


@pytest.mark.pitfall(23)
def test_an_idempotency_key_is_used_once(store):
    """Pitfall 23: the second request under a key is refused even where its time is free."""
    store.bookings.commit(BookingChange(None, booking(), (), (), (), record()))
    other = record(booking="b2")

    with pytest.raises(AlreadyExists):
        store.bookings.commit(BookingChange(None, booking("b2", NINE + 5 * HOUR), (), (), (), other))

    assert store.bookings.idempotency("t", "key") == record()


def test_an_expired_idempotency_key_may_be_used_again(store):
    """The database removes expired records late; until then the change's own time decides."""
    store.bookings.commit(BookingChange(None, booking(), (), (), (), record(expires_at=NINE)))
    new = record(booking="b2", expires_at=NINE + 48 * HOUR)

    store.bookings.commit(BookingChange(None, booking("b2", NINE + 5 * HOUR), (), (), (), new))

    assert store.bookings.idempotency("t", "key") == new
    with pytest.raises(SlotTaken):
        store.bookings.commit(
            BookingChange(
                None,
                replace(booking("b3"), updated_at=NINE + 72 * HOUR),
                idempotency=record(booking="b3", expires_at=NINE + 96 * HOUR),
            )
        )
