"""The contract of outbox entries, dead letters, notices, pending consents, limits and leases."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from common.domain.connect.consent import ConsentState
from common.domain.notify import Notice, NoticeKind
from common.domain.shared.outbox import OutboxEntry, OutboxKind, woken
from common.domain.shared.rate_limits import RateLimit
from common.domain.shared.tasks import DeadLetter, Lane, Work
from common.errors import AlreadyExists, UnknownResource
from common.store import stores
from tests.whole_lists import every

NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def entry(name="o", **values):
    fields = {"tenant": "t", "kind": OutboxKind.EXPORT, "booking": "b", "connection": "c", "revision": 1}
    return OutboxEntry(name, **{**fields, "created_at": NOW, "due_at": NOW, **values})


def letter(name="d", **values):
    payload = {"tenant": "t", "n": 1, "again": True, "page": None}
    return DeadLetter(
        **{
            "id": name,
            "tenant": "t",
            "work": Work.EXPORT,
            "lane": Lane.LIVE,
            "payload": payload,
            "code": "forbidden",
            "attempts": 8,
            "died_at": NOW,
            **values,
        }
    )


def consent(name="h", **values):
    return ConsentState(
        **{
            "id": name,
            "tenant": "t",
            "resource": "r",
            "provider": "google",
            "subject": "u",
            "verifier": "v",
            "return_to": "https://example.org",
            "expires_at": NOW + 600 * SECOND,
            "connection": "c",
            "expected_account": "ann@example.org",
            **values,
        }
    )


def test_the_outbox_lists_what_is_due_longest_due_first(store):
    """Entries of all tenants, ordered by when they are due, at most as many as asked."""
    later = entry("later", due_at=NOW + SECOND)
    first = entry("first", tenant="t2", due_at=NOW - SECOND, waiting_until=NOW)
    for item in (later, entry(), first):
        store.ledger.put_outbox(item)

    assert store.ledger.outbox_due(NOW, 9) == (first, entry())
    assert store.ledger.outbox_due(NOW + SECOND, 1) == (first,)
    assert store.ledger.outbox_due(NOW + SECOND, 9, after=NOW) == (later,)


def test_the_outbox_lists_the_entries_of_one_connection(store):
    """Only those of this tenant's connection, due or not."""
    mine = (entry("o1", due_at=NOW + SECOND), entry("o2", due_at=NOW + 9 * SECOND))
    for item in (*mine, entry("o3", connection="c2"), entry("o4", tenant="t2")):
        store.ledger.put_outbox(item)

    assert store.ledger.outbox_of("t", "c", 9) == mine
    assert store.ledger.outbox_of("t", "c", 1) == mine[:1]


def test_an_outbox_entry_is_replaced_and_removed(store):
    """Putting again replaces; removing twice is fine."""
    store.ledger.put_outbox(entry())
    store.ledger.put_outbox(entry(revision=2))
    assert store.ledger.outbox_due(NOW, 9) == (entry(revision=2),)

    store.ledger.done("o")
    store.ledger.done("o")

    assert store.ledger.outbox_due(NOW, 9) == ()


def test_a_dead_letter_is_replaced_by_its_next_failure_and_removed(store):
    """The same piece of work is one letter, which says what happened last."""
    store.ledger.put_dead_letter(letter())
    store.ledger.put_dead_letter(letter(attempts=9))
    store.ledger.put_dead_letter(letter("e", died_at=NOW + SECOND))
    assert every(store.lists.dead_letters, "t") == (letter("e", died_at=NOW + SECOND), letter(attempts=9))
    assert every(store.lists.dead_letters, "t2") == ()
    assert store.ledger.dead_letter("t", "d") == letter(attempts=9)

    for tenant, name in (("t", "d"), ("t", "d"), ("t2", "e")):
        store.ledger.end_dead_letter(tenant, name)

    assert every(store.lists.dead_letters, "t") == (letter("e", died_at=NOW + SECOND),)
    for tenant, name in (("t", "d"), ("t2", "e")):
        with pytest.raises(UnknownResource):
            store.ledger.dead_letter(tenant, name)


def test_an_entry_that_was_given_up_rests_with_its_dead_letter(store):
    """It keeps what it has to say, is due to nobody, and is woken by a replay of the letter."""
    waiting = entry(words={"resource": "Anna"})
    store.ledger.put_outbox(waiting)
    store.ledger.put_dead_letter(letter(), entry="o", rest=True)
    resting = store.ledger.outbox("o")

    assert (resting.letter, resting.words, resting.at_rest) == ("d", {"resource": "Anna"}, True)
    assert store.ledger.outbox_due(NOW + timedelta(days=9999), 9) == ()

    woke = woken(resting, now=NOW)
    store.ledger.replay_dead_letter(letter(replayed_at=NOW), woke)

    assert store.ledger.outbox_due(NOW + timedelta(minutes=9), 9) == (replace(woke, letter="d"),)
    assert store.ledger.dead_letter("t", "d").replayed_at == NOW


def test_a_dead_letter_is_kept_whether_its_entry_is_there_or_not(store):
    """An entry whose work was only interrupted stays due; one that is gone does not come back."""
    store.ledger.put_outbox(entry())
    store.ledger.put_dead_letter(letter(), entry="o")
    store.ledger.put_dead_letter(letter("e"), entry="gone", rest=True)

    assert store.ledger.outbox_due(NOW, 9) == (entry(letter="d"),)
    assert store.ledger.outbox("gone") is None
    assert {item.id for item in every(store.lists.dead_letters, "t")} == {"d", "e"}
    with pytest.raises(UnknownResource):
        store.ledger.replay_dead_letter(letter("none"), None)


def test_an_entry_is_put_off_as_long_as_it_is_there(store):
    """Nothing else of it changes, and what is done stays done."""
    store.ledger.put_outbox(entry(words={"service": "Cut"}))
    store.ledger.put_off("o", until=NOW + SECOND)
    store.ledger.put_off("gone", until=NOW + SECOND)

    assert store.ledger.outbox_due(NOW, 9) == ()
    assert store.ledger.outbox_due(NOW + SECOND, 9) == (entry(words={"service": "Cut"}, due_at=NOW + SECOND),)


def test_a_notice_is_recorded_once(store):
    """The first time is True, every other False; the newest comes first."""
    old = Notice("n", "t", NoticeKind.REAUTH_REQUIRED, NOW, "c", "b")
    new = replace(old, id="m", at=NOW + SECOND)

    assert [store.ledger.record_notice(item) for item in (old, old, new, replace(old, at=NOW))] == [
        True,
        False,
        True,
        False,
    ]
    assert every(store.lists.notices, "t") == (new, old)


def test_a_consent_is_closed_once_and_in_time(store):
    """A second close and an expired consent get nothing; a pending consent is never replaced."""
    store.ledger.open_consent(consent())
    store.ledger.open_consent(consent("late"))
    with pytest.raises(AlreadyExists):
        store.ledger.open_consent(consent(subject="mallory"))

    assert store.ledger.close_consent("h", now=NOW) == consent()
    assert store.ledger.close_consent("h", now=NOW) is None
    assert store.ledger.close_consent("late", now=NOW + 600 * SECOND) is None
    assert store.ledger.close_consent("late", now=NOW) is None
    assert store.ledger.close_consent("never", now=NOW) is None


def test_of_many_callers_who_close_a_consent_one_gets_it(raw):
    """An OAuth callback that comes twice is exchanged for tokens once."""
    ledger = stores(raw).ledger
    ledger.open_consent(consent())

    with ThreadPoolExecutor(8) as pool:
        closed = list(pool.map(lambda _: ledger.close_consent("h", now=NOW), range(16)))

    assert [item for item in closed if item] == [consent()]


def reserve(ledger, *, units=1, now=NOW, scope="user"):
    return ledger.reserve([RateLimit(scope, per_minute=60, burst=3)], units=units, now=now)


def test_several_limits_are_booked_together_or_not_at_all(store):
    """What one of them refuses is not taken from the other; the longest wait is the answer."""
    both = [RateLimit("account", per_minute=60, burst=3), RateLimit("project", per_minute=600, burst=1)]

    assert store.ledger.reserve(both, units=1, now=NOW) == 0.0
    assert [store.ledger.reserve(both, units=1, now=NOW) for _ in range(3)] == [0.1, 0.1, 0.1]
    assert [reserve(store.ledger, scope="account") for _ in range(3)] == [0.0, 0.0, 1.0]


def test_a_limit_lets_a_burst_through_and_then_its_rate(store):
    """A positive answer took nothing, and is exactly when to come back."""
    assert [reserve(store.ledger) for _ in range(5)] == [0.0, 0.0, 0.0, 1.0, 1.0]
    assert reserve(store.ledger, scope="other") == 0.0
    assert reserve(store.ledger, now=NOW + SECOND) == 0.0
    assert reserve(store.ledger, now=NOW + SECOND, units=2) == 2.0
    assert [reserve(store.ledger, now=NOW + 60 * SECOND) for _ in range(4)] == [0.0, 0.0, 0.0, 1.0]


def test_more_units_than_a_burst_wait_for_a_full_bucket(store):
    """A large request is never impossible, only alone."""
    assert reserve(store.ledger, units=5) == 0.0
    assert reserve(store.ledger, units=5) == 5.0
    assert reserve(store.ledger, units=5, now=NOW + 5 * SECOND) == 0.0


def test_a_limit_holds_under_a_rush(raw):
    """However many ask at once, no more than the burst is let through."""
    ledger = stores(raw).ledger

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: reserve(ledger), range(24)))

    assert 1 <= answers.count(0.0) <= 3
    assert all(answer >= 0 for answer in answers)


def test_a_lease_has_one_holder_at_a_time(store):
    """A lease is its holder's until it ends or is given back, and may be prolonged."""

    def lease(holder, now=NOW, seconds=60):
        return store.ledger.lease("export", holder=holder, until=now + seconds * SECOND, now=now)

    assert [lease("a"), lease("b"), lease("a"), lease("a", seconds=90)] == [True, False, True, True]
    assert [lease("b", NOW + 89 * SECOND), lease("b", NOW + 90 * SECOND)] == [False, True]
    store.ledger.release("export", holder="a")
    assert lease("a", NOW + 90 * SECOND) is False
    store.ledger.release("export", holder="b")
    store.ledger.release("export", holder="b")
    assert lease("a", NOW + 90 * SECOND) is True
    assert store.ledger.lease("other", holder="b", until=NOW + SECOND, now=NOW) is True


def test_of_many_who_want_a_lease_one_gets_it(raw):
    """However many ask at the same moment."""
    ledger = stores(raw).ledger

    with ThreadPoolExecutor(8) as pool:
        until = NOW + SECOND
        got = pool.map(lambda at: ledger.lease("x", holder=f"h{at}", until=until, now=NOW), range(16))

    assert list(got).count(True) == 1
