"""The contract of the store of bookings: one commit, cells that exclude, links that find the way back."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from common.domain.booking import Booking, BookingStatus, Customer, ExportLink, LinkState, Source
from common.domain.interval import Interval
from common.domain.work import IdempotencyRecord, Notice, NoticeKind, OutboxEntry, OutboxKind
from common.errors import AlreadyExists, Conflict, SlotTaken, StoreUnavailable, UnknownResource
from common.ports.bookings import BookingChange

NINE = datetime(2027, 3, 1, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def booking(name="b1", start=NINE, length=HOUR, **values):
    when = Interval(start, start + length)
    values = {"tenant": "t", "resource": "r", "service": "s", "claimed": when, **values}
    return Booking(
        id=name,
        interval=when,
        status=BookingStatus.CONFIRMED,
        customer=Customer("Ann", email="ann@example.org", zone="Europe/Berlin"),
        created_at=NINE,
        updated_at=NINE,
        **values,
    )


def moved(before, start, **values):
    when = Interval(start, start + before.interval.length)
    return replace(before, interval=when, claimed=when, revision=before.revision + 1, **values)


def create(store, *args, **values):
    return store.bookings.commit(BookingChange(None, booking(*args, **values)))


def outbox(name="o1"):
    return OutboxEntry(name, "t", OutboxKind.EXPORT, "b1", "c", 1, NINE, NINE + HOUR)


def link(**values):
    return ExportLink(
        "t",
        "c",
        values.pop("booking", "b1"),
        "k",
        "id@example.org",
        **{"event_id": "e1", "epoch": 1, "state": LinkState.PENDING, **values},
    )


def record(**values):
    return IdempotencyRecord(
        **{
            "id": "key",
            "tenant": "t",
            "fingerprint": "f",
            "booking": "b1",
            "expires_at": NINE + 24 * HOUR,
            **values,
        }
    )


def cells(documents):
    return {item.id: item.data["booking"] for item in documents.inner.query(cells_of("r"))}


def cells_of(resource):
    from common.store.documents import Query

    return Query(f"tenants/t/resources/{resource}/cells")


def test_a_booking_comes_back_as_it_was_committed(store):
    """Nothing of a booking is lost, and its version is the stored one."""
    whole = booking(
        source=Source.STAFF,
        note="n",
        title="t",
        description="d",
        conflict="k",
        proposal=Interval(NINE + HOUR, NINE + 2 * HOUR),
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
    assert store.ledger.outbox_due(NINE + HOUR, 9) == (outbox(),)
    assert replace(store.bookings.link("t", "c", "b1"), version=None) == link()
    assert store.ledger.notices("t") == (notice,)
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


@pytest.mark.parametrize("change", ["create", "move", "cancel"])
def test_repeating_a_commit_whose_answer_was_lost_is_a_success(store, documents, change):
    """Fault F16: applied but reported as failed; the repeat finds its own work and says so."""
    before = None if change == "create" else create(store)
    after = {
        "create": lambda: booking(),
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


def test_a_cell_expires_after_its_booking(store, documents):
    """Cells carry the time from which the database may remove them, well after the appointment."""
    create(store)

    (found, *_) = documents.inner.query(cells_of("r"))
    assert found.data["expires_at"] > booking().claimed.end


def test_a_stale_link_refuses_the_whole_change(store, documents):
    """A link is compare-and-set within the change as it is alone."""
    stored = store.bookings.save_link(link())
    store.bookings.save_link(replace(stored, state=LinkState.LIVE))

    with pytest.raises(Conflict):
        store.bookings.commit(BookingChange(None, booking(), links=(replace(stored, attempts=1),)))

    assert cells(documents) == {}


def test_active_bookings_are_listed_in_order_and_in_pages(store):
    """Order is (start, id); what ended before is left out, what is under way is in."""
    for name, hours in (("d", 1), ("b", 1), ("c", 2), ("a", 5), ("long", -3), ("past", -9)):
        resource = "r" if name != "d" else "r2"
        length = 4 * HOUR if name == "long" else HOUR
        create(store, name, NINE + hours * HOUR, length, resource=resource, tenant="t")
    cancelled = create(store, "x", NINE + 3 * HOUR)
    store.bookings.commit(BookingChange(cancelled, replace(cancelled, status=BookingStatus.CANCELLED)))

    def page(after, limit=2):
        found = store.bookings.starting_from("t", "r", NINE, after=after, limit=limit)
        return [item.id for item in found]

    assert page(None, 10) == ["long", "b", "c", "a"]
    assert [page(None), page("b"), page("a")] == [["long", "b"], ["c", "a"], []]


def test_overlapping_is_half_open(store):
    """A booking that ends where the window starts is not in it."""
    create(store)

    def found(start, end):
        return [item.id for item in store.bookings.overlapping("t", "r", Interval(start, end))]

    assert found(NINE - HOUR, NINE) == []
    assert found(NINE + HOUR, NINE + 2 * HOUR) == []
    assert found(NINE + HOUR / 2, NINE + HOUR * 0.75) == ["b1"]


def test_a_link_is_compare_and_set(store):
    """A new link must be new, a known one must be unchanged."""
    stored = store.bookings.save_link(link(written={"title": "h"}, updated=NINE))

    with pytest.raises(Conflict):
        store.bookings.save_link(link())
    newer = store.bookings.save_link(replace(stored, state=LinkState.LIVE, etag="x"))
    with pytest.raises(Conflict):
        store.bookings.save_link(replace(stored, attempts=3))

    assert store.bookings.link("t", "c", "b1") == newer
    store.bookings.delete_link(newer)
    store.bookings.delete_link(newer)
    assert store.bookings.link("t", "c", "b1") is None


def test_links_are_found_by_event_and_listed_by_booking(store):
    """More than 30 ids are asked in several questions; foreign ids are left out."""
    for at in range(40):
        store.bookings.save_link(link(booking=f"b{at:02}", event_id=f"e{at:02}"))

    found = store.bookings.links_by_event("t", "c", [f"e{at:02}" for at in range(50)])
    pages = [store.bookings.links("t", "c", after=after, limit=25) for after in (None, "b24")]

    assert {event: item.booking for event, item in found.items()} == {
        f"e{at:02}": f"b{at:02}" for at in range(40)
    }
    assert [item.booking for page in pages for item in page] == [f"b{at:02}" for at in range(40)]
    assert store.bookings.links_by_event("t", "c", []) == {}
    assert store.bookings.links_by_event("t2", "c", ["e01"]) == {}


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../t2", "__x__", "b\n", "x" * 600])
def test_an_id_never_leaves_its_place(store, name):
    """An id that is a path, or no name at all, is an unknown resource."""
    with pytest.raises(UnknownResource):
        store.bookings.get("t", name)
    with pytest.raises(UnknownResource):
        store.bookings.get(name, "b1")
    with pytest.raises(UnknownResource):
        store.bookings.link("t", name, "b1")
