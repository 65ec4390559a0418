"""The contract of invitations, webhook targets, their messages, and what was told."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from common.domain.notify import Notice, NoticeKind
from common.domain.shared.outbox import OutboxKind
from common.domain.webhooks import DeliveryState
from common.errors import Conflict, UnknownResource
from tests.contract.store.examples import HOUR, NINE, outbox
from tests.contract.store.notification_examples import delivery, hook, invitation, told
from tests.whole_lists import every

MINUTE = timedelta(minutes=1)


def bare(item):
    return replace(item, version=None)


def test_an_invitation_is_stored_with_its_outbox_entry(store):
    """One commit holds the invitation and the promise to mail it."""
    saved = store.invitations.save(invitation(), tasks=[outbox()])

    assert store.invitations.get("t", "i") == saved
    assert bare(saved) == invitation()
    assert store.ledger.outbox_due(NINE + HOUR, 9) == (outbox(),)


def test_an_invitation_is_changed_by_one_caller_at_a_time(store):
    """Whoever read an older state, or none, changes nothing."""
    first = store.invitations.save(invitation())
    second = store.invitations.save(replace(first, revoked_at=NINE))

    for stale in (first, invitation()):
        with pytest.raises(Conflict):
            store.invitations.save(replace(stale, used_at=NINE), tasks=[outbox()])
    assert store.invitations.get("t", "i") == second
    assert store.ledger.outbox_due(NINE + HOUR, 9) == ()


def test_invitations_belong_to_their_tenant(store):
    """Newest first; another tenant's is not there."""
    old = store.invitations.save(invitation("a"))
    new = store.invitations.save(invitation("b", created_at=NINE + MINUTE))

    assert every(store.lists.invitations, "t") == (new, old)
    assert every(store.lists.invitations, "t2") == ()
    for tenant, name in (("t2", "a"), ("t", "c"), ("t", "../a")):
        with pytest.raises(UnknownResource):
            store.invitations.get(tenant, name)


def test_a_notification_record_is_replaced_by_one_caller_at_a_time(store):
    """Two that tell the same at once: one of them writes it down."""
    assert store.notifications.last("t", "booking-b1") is None
    first = store.notifications.save(told())
    second = store.notifications.save(replace(first, state="cancelled"))

    for stale in (told(), first):
        with pytest.raises(Conflict):
            store.notifications.save(replace(stale, state="other"))
    assert store.notifications.last("t", "booking-b1") == second


def test_a_notification_record_is_forgotten_as_it_was_read(store):
    """What somebody stored meanwhile stays."""
    first = store.notifications.save(told())
    second = store.notifications.save(replace(first, state="later"))

    store.notifications.forget(first)
    assert store.notifications.last("t", second.key) == second

    store.notifications.forget(second)
    store.notifications.forget(second)
    assert store.notifications.last("t", second.key) is None


def test_a_notice_is_stored_with_the_outbox_entry_that_mails_it(store):
    """Whoever records a notice has promised to tell it, once."""
    notice = Notice("n", "t", NoticeKind.CALENDAR_GONE, NINE, connection="c")
    store.ledger.record_notice(notice)
    (entry,) = store.ledger.outbox_due(NINE, 9)
    store.ledger.done(entry.id)
    store.ledger.record_notice(notice)

    assert (entry.kind, entry.subject, entry.connection) == (OutboxKind.NOTICE, "n", "")
    assert store.ledger.outbox_due(NINE + HOUR, 9) == ()
    assert store.notifications.notice("t", "n") == notice
    with pytest.raises(UnknownResource):
        store.notifications.notice("t2", "n")


def test_a_webhook_is_changed_together_with_the_notice_about_it(store):
    """Switching off and saying so are one commit, which a stale version refuses whole."""
    first = store.webhooks.save(hook())
    notice = Notice("n", "t", NoticeKind.WEBHOOK_DISABLED, NINE)
    with pytest.raises(Conflict):
        store.webhooks.save(hook(), notice=notice)
    assert every(store.lists.notices, "t") == ()
    off = store.webhooks.save(replace(first, disabled_at=NINE), notice=notice)

    assert store.webhooks.of_tenant("t") == (off,)
    assert every(store.lists.notices, "t") == (notice,)
    store.webhooks.delete("t", "h")
    with pytest.raises(UnknownResource):
        store.webhooks.delete("t", "h")


def test_a_delivery_is_stored_once(store):
    """The same cause twice is one message, and it keeps what became of it."""
    assert store.webhooks.add_delivery(delivery(), outbox()) is True
    stored = store.webhooks.delivery("t", "h", "msg_1")
    done = store.webhooks.save_delivery(replace(stored, state=DeliveryState.DELIVERED), done="o1")

    assert store.webhooks.add_delivery(delivery(), outbox()) is False
    assert store.webhooks.deliveries("t", "h", limit=9) == (done,)
    assert store.ledger.outbox_due(NINE + HOUR, 9) == ()
    with pytest.raises(Conflict):
        store.webhooks.save_delivery(stored, entry=outbox())
    with pytest.raises(UnknownResource):
        store.webhooks.delivery("t", "other", "msg_1")


def test_the_next_attempt_of_a_delivery_is_queued_with_the_result_of_the_last(store):
    """What became of a try and the promise of the next are one commit; the newest message comes first."""
    store.webhooks.add_delivery(delivery(), outbox())
    store.webhooks.add_delivery(delivery("msg_2", at=NINE + MINUTE), outbox("o2"))
    stored = store.webhooks.delivery("t", "h", "msg_1")
    noted = store.webhooks.save_delivery(replace(stored, attempts=1), entry=outbox("o1"), done="o1")

    assert [item.id for item in store.webhooks.deliveries("t", "h", limit=9)] == ["msg_2", "msg_1"]
    assert noted.attempts == 1
    assert {item.id for item in store.ledger.outbox_due(NINE + HOUR, 9)} == {"o1", "o2"}
