"""The contract of the store of bookings: one commit, and cells that exclude."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from common.domain.booking.booking import BookingStatus, Proposal, Source
from common.domain.booking.booking_change import BookingChange
from common.domain.calendar.interval import Interval
from common.domain.export.exported_event import LinkState
from common.domain.notify import Notice, NoticeKind
from common.domain.shared.outbox import OutboxKind
from common.errors import Conflict, SlotTaken, UnknownResource
from common.store.firestore.documents import Query
from tests.contract.store.examples import HOUR, NINE, booking, cells, create, link, moved, outbox, record
from tests.whole_lists import every


def test_a_booking_comes_back_as_it_was_committed(store):
    """Nothing of a booking is lost, and its version is the stored one."""
    whole = booking(
        source=Source.STAFF,
        note="n",
        title="t",
        description="d",
        conflict="k",
        proposal=Proposal(
            "c", NINE, NINE + HOUR, Interval(NINE + HOUR, NINE + 2 * HOUR), "Own", "", deletion=True
        ),
    )

    committed = store.bookings.commit(BookingChange(None, whole))

    assert committed == store.bookings.get("t", "b1")
    assert whole == replace(committed, version=None)
    assert committed.version is not None


def test_everything_of_a_change_is_committed_together(store, documents):
    """Booking, cells, agenda, outbox, link, notice and idempotency record appear in one commit."""
    notice = Notice("n1", "t", NoticeKind.BOOKING_MOVED, NINE, booking="b1")

    store.bookings.commit(BookingChange(None, booking(), (outbox(),), (link(),), (notice,), record()))

    assert len(documents.commits) == 1
    told, export = store.ledger.outbox_due(NINE + HOUR, 9)
    assert (told.kind, told.subject, export) == (OutboxKind.NOTICE, "n1", outbox())
    assert replace(store.bookings.link("t", "c", "b1"), version=None) == link()
    assert every(store.lists.notices, "t") == (notice,)
    assert store.bookings.idempotency("t", "key") == record()
    day = Interval(NINE, NINE + 24 * HOUR)
    assert store.catalogue.agenda("t", "r", day).bookings == {"b1": booking().claimed}
    assert set(cells(documents).values()) == {"b1"}
    assert len(cells(documents)) == 12


@pytest.mark.pitfall(23)
def test_an_overlapping_booking_is_refused_whole(store, documents):
    """Pitfall 23: one shared cell refuses the whole commit, and nothing of it is left behind."""
    create(store)
    rival = booking("b2", NINE + timedelta(minutes=55))

    with pytest.raises(SlotTaken):
        store.bookings.commit(BookingChange(None, rival, (outbox(),), (), (), record(booking="b2")))

    assert set(cells(documents).values()) == {"b1"}
    assert store.bookings.idempotency("t", "key") is None
    assert store.ledger.outbox_due(NINE + HOUR, 9) == ()
    with pytest.raises(UnknownResource):
        store.bookings.get("t", "b2")


@pytest.mark.pitfall(23)
def test_buffers_claim_like_the_appointment_itself(store):
    """Pitfall 23: what is claimed decides, not what is shown to the customer."""
    claimed = Interval(NINE - HOUR / 2, NINE + 2 * HOUR)
    store.bookings.commit(BookingChange(None, booking(claimed=claimed)))

    with pytest.raises(SlotTaken):
        create(store, "b2", NINE + HOUR)
    create(store, "b3", NINE + 2 * HOUR)


def test_the_same_time_of_another_resource_or_tenant_is_free(store):
    """Cells belong to one resource of one tenant."""
    create(store)

    create(store, "b2", resource="r2")
    create(store, "b1", tenant="t2")

    assert [item.id for item in store.bookings.overlapping("t", "r", booking().interval)] == ["b1"]


def test_a_reschedule_over_its_own_old_time_works(store, documents):
    """Cells that the booking keeps are left alone, the others change hands in one commit."""
    before = create(store)

    after = store.bookings.commit(BookingChange(before, moved(before, NINE + HOUR / 2)))

    assert sorted(cells(documents)) == [
        *(f"20270301T09{minute}Z" for minute in range(30, 60, 5)),
        *(f"20270301T10{minute:02}Z" for minute in range(0, 30, 5)),
    ]
    assert store.bookings.get("t", "b1") == after
    create(store, "b2", NINE - HOUR / 2)


def test_a_reschedule_into_a_taken_time_changes_nothing(store):
    """The old time stays held where the new one is refused."""
    before = create(store)
    create(store, "b2", NINE + 2 * HOUR)

    with pytest.raises(SlotTaken):
        store.bookings.commit(BookingChange(before, moved(before, NINE + 1.5 * HOUR)))

    assert store.bookings.get("t", "b1") == before
    with pytest.raises(SlotTaken):
        create(store, "b3")


def test_a_reschedule_to_another_week_moves_the_agenda_entry(store, documents):
    """The old week forgets the booking in the commit in which the new one learns it."""
    before = create(store)
    later = NINE + timedelta(days=7)

    store.bookings.commit(BookingChange(before, moved(before, later)))

    assert len(documents.commits) == 2
    assert store.catalogue.agenda("t", "r", Interval(NINE, NINE + HOUR)).bookings == {}
    found = store.catalogue.agenda("t", "r", Interval(NINE, later + HOUR)).bookings
    assert found == {"b1": Interval(later, later + HOUR)}


def test_a_booking_across_a_week_is_in_both_agendas(store):
    """Each week knows what takes its time."""
    sunday = datetime(2027, 3, 7, 23, 30, tzinfo=UTC)
    create(store, "b1", sunday)

    for moment in (sunday, sunday + HOUR / 2):
        window = Interval(moment, moment + timedelta(minutes=5))
        assert set(store.catalogue.agenda("t", "r", window).bookings) == {"b1"}


def test_a_booking_moves_to_another_resource(store):
    """The old resource is free again, the new one is taken."""
    before = create(store)

    store.bookings.commit(BookingChange(before, replace(before, resource="r2", revision=2)))

    create(store, "b2")
    with pytest.raises(SlotTaken):
        create(store, "b3", resource="r2")


def test_a_cancelled_booking_frees_its_time(store, documents):
    """Cells and agenda entry go with the cancellation; the booking itself stays readable."""
    before = create(store)

    store.bookings.commit(BookingChange(before, replace(before, status=BookingStatus.CANCELLED, revision=2)))

    assert cells(documents) == {}
    assert store.catalogue.agenda("t", "r", before.interval).bookings == {}
    assert store.bookings.overlapping("t", "r", before.interval) == ()
    assert not store.bookings.get("t", "b1").active
    create(store, "b2")


def test_a_change_of_a_stale_booking_conflicts(store):
    """Whoever decided on an old state decides again."""
    before = create(store)
    store.bookings.commit(BookingChange(before, moved(before, NINE + HOUR)))

    with pytest.raises(Conflict):
        store.bookings.commit(BookingChange(before, moved(before, NINE + 5 * HOUR)))


def test_a_change_without_a_version_conflicts(store):
    """A booking that was never read cannot be replaced."""
    create(store)

    with pytest.raises(Conflict):
        store.bookings.commit(BookingChange(booking(), moved(booking(), NINE + HOUR)))


def test_a_cell_expires_after_its_booking(store, documents):
    """Cells carry the time from which the database may remove them, well after the appointment."""
    create(store)

    (found, *_) = documents.inner.query(Query("tenants/t/resources/r/cells"))
    assert found.data["expires_at"] > booking().claimed.end


def test_a_stale_link_refuses_the_whole_change(store, documents):
    """A link is compare-and-set within the change as it is alone."""
    stored = store.bookings.save_link(link())
    store.bookings.save_link(replace(stored, state=LinkState.LIVE))

    with pytest.raises(Conflict):
        store.bookings.commit(BookingChange(None, booking(), links=(replace(stored, attempts=1),)))

    assert cells(documents) == {}
