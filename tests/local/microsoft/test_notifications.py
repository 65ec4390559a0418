"""Change notifications: when they are sent, how often, and which get lost."""

import json

import pytest

from local.microsoft import WebhookReply
from tests.local.microsoft.driver import ADA, CLO, WINDOW, timed, weekly
from tests.local.microsoft.subscription_setup import asked, items


@pytest.fixture
def subscription(ada, calendar):
    return ada("POST", "/subscriptions", asked(calendar))


def test_notifications_have_no_contents(sim, hook, ada, calendar, subscription):
    """Created, updated and deleted events are notified by id and etag, in one POST."""
    made = ada("POST", "/me/events", timed("2026-10-05T10:00:00"))
    ada("PATCH", f"/me/events/{made['id']}", {"subject": "New"})
    ada("DELETE", f"/me/events/{made['id']}")
    sim.push.deliver()

    assert 1 == len(hook.posts)
    found = items(hook)
    assert ["created", "updated", "deleted"] == [each["changeType"] for each in found]
    assert {(subscription["id"], "secret", made["id"])} == {
        (each["subscriptionId"], each["clientState"], each["resourceData"]["id"]) for each in found
    }
    assert made["@odata.etag"] == found[0]["resourceData"]["@odata.etag"]
    assert "Haircut" not in json.dumps(found)


def test_me_events_is_the_default_calendar_only(sim, hook, ada, calendar):
    """A subscription to /me/events does not cover other calendars."""
    ada("POST", "/subscriptions", asked())
    other = sim.admin.add_calendar(ADA, "Private")
    ada("POST", f"/me/calendars/{other}/events", timed("2026-10-05T10:00:00"))
    assert [] == sim.push.pending()
    ada("POST", f"/me/calendars/{calendar}/events", timed("2026-10-05T10:00:00"))
    assert 1 == len(sim.push.pending())


@pytest.mark.usefixtures("subscription")
def test_one_post_carries_notifications_of_several_mailboxes(sim, hook, connect):
    """Notifications for one address are sent together."""
    connect(CLO)("POST", "/subscriptions", asked())
    sim.owner.put_event(ADA, timed("2026-10-05T10:00:00"))
    sim.owner.put_event(CLO, timed("2026-10-05T10:00:00"))
    sim.push.deliver()

    assert (1, 2) == (len(hook.posts), len({each["subscriptionId"] for each in items(hook)}))


def test_deleted_occurrence_is_an_update_of_the_series(sim, hook, ada, subscription):
    """There is no other notification of a deleted occurrence."""
    body = timed("2026-10-05T10:00:00", recurrence=weekly("2026-10-05", "monday"))
    made = ada("POST", "/me/events", body)
    day = ada("GET", f"/me/events/{made['id']}/instances", **WINDOW)["value"][0]
    sim.push.drop()
    ada("DELETE", f"/me/events/{day['id']}")
    sim.push.deliver()

    assert [("updated", made["id"])] == [
        (each["changeType"], each["resourceData"]["id"]) for each in items(hook)
    ]


def test_late_or_failed_answers_are_retried(sim, hook, clock, ada, subscription):
    """An answer that is not 2xx, or takes more than three seconds, is followed by retries."""
    replies = iter([WebhookReply(503), WebhookReply(202, seconds=4), WebhookReply(202, seconds=9)])
    hook.answer = lambda _address, _body: next(replies)
    ada("POST", "/me/events", timed("2026-10-05T10:00:00"))
    first = sim.push.deliver()
    assert [] == sim.push.deliver()
    clock.forward(seconds=10)
    second = sim.push.deliver()

    assert [(503, True), (202, False)] == [(each.status, each.will_retry) for each in (*first, *second)]
    assert 2 == len(hook.posts)


def test_retries_end_after_four_hours(sim, hook, clock, ada, subscription):
    """After four hours of retries the notification is lost."""
    sim.admin.set_setting("endpoint_rules", False)
    hook.answer = lambda _address, _body: WebhookReply(500)
    ada("POST", "/me/events", timed("2026-10-05T10:00:00"))
    while sim.push.pending():
        sim.push.deliver()
        clock.forward(minutes=30)

    assert 9 == len(sim.push.attempts())
    assert False is sim.push.attempts()[-1].will_retry


def test_unresponsive_endpoint_loses_notifications_for_ten_minutes(sim, hook, clock, ada, subscription):
    """If more than 15 % of answers take over ten seconds, new notifications are dropped."""
    hook.answer = lambda _address, _body: WebhookReply(0, seconds=10.5)
    sim.admin.set_setting("batch_notifications", False)
    for day in range(1, 12):
        ada("POST", "/me/events", timed(f"2026-10-{day:02d}T10:00:00"))
    sim.push.deliver()
    sim.push.drop()
    ada("POST", "/me/events", timed("2026-10-20T10:00:00"))
    assert [] == sim.push.pending()
    clock.forward(minutes=11)
    ada("POST", "/me/events", timed("2026-10-20T10:00:00"))
    assert 1 == len(sim.push.pending())


def test_slow_endpoint_is_notified_ten_minutes_later(sim, hook, clock, ada, subscription):
    """If more than 10 % of answers take over three seconds, new notifications wait."""
    hook.answer = lambda _address, _body: WebhookReply(202, seconds=3.5)
    sim.admin.set_setting("batch_notifications", False)
    for day in range(1, 12):
        ada("POST", "/me/events", timed(f"2026-10-{day:02d}T10:00:00"))
    sim.push.deliver()
    sim.push.drop()
    ada("POST", "/me/events", timed("2026-10-20T10:00:00"))

    assert [] == sim.push.deliver()
    clock.forward(minutes=10)
    assert 1 == len(sim.push.deliver())


def test_pushes_can_be_dropped_doubled_and_reordered(sim, hook, ada, subscription):
    """A test can lose, double and reorder the notifications that wait."""
    ids = [ada("POST", "/me/events", timed(f"2026-10-0{day}T10:00:00"))["id"] for day in (5, 6, 7)]
    sim.push.drop(1)
    sim.push.duplicate()
    sim.push.reorder([2, 0, 1])
    sim.push.deliver()

    assert [ids[2], ids[1], ids[1]] == [each["resourceData"]["id"] for each in items(hook)]


def test_one_change_can_cause_several_notifications(sim, hook, ada, subscription):
    """By a setting, an event is notified as created and several times as updated."""
    sim.admin.set_setting("extra_updates", 2)
    ada("POST", "/me/events", timed("2026-10-05T10:00:00"))
    sim.push.deliver()

    assert ["created", "updated", "updated"] == [each["changeType"] for each in items(hook)]
