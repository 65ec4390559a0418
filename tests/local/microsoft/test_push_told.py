"""What a webhook is told of changes: when, how often, and what gets lost."""

import json

import pytest

from local.microsoft import WebhookReply
from tests.local.microsoft.driver import ADA, CLO, WINDOW, timed, weekly
from tests.local.microsoft.push_setup import asked, items


@pytest.fixture
def subscription(ada, calendar):
    return ada("POST", "/subscriptions", asked(calendar))


def test_changes_are_told_without_contents(sim, hook, ada, calendar, subscription):
    """Created, updated, deleted: ids and etags, in one POST, with the kind of id of the creation."""
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
    """Secondary calendars need a subscription of their own."""
    ada("POST", "/subscriptions", asked())
    other = sim.admin.add_calendar(ADA, "Private")
    ada("POST", f"/me/calendars/{other}/events", timed("2026-10-05T10:00:00"))
    assert [] == sim.push.pending()
    ada("POST", f"/me/calendars/{calendar}/events", timed("2026-10-05T10:00:00"))
    assert 1 == len(sim.push.pending())


@pytest.mark.usefixtures("subscription")
def test_one_post_mixes_subscriptions(sim, hook, connect):
    """Items of different mailboxes to one address travel together."""
    connect(CLO)("POST", "/subscriptions", asked())
    sim.owner.put_event(ADA, timed("2026-10-05T10:00:00"))
    sim.owner.put_event(CLO, timed("2026-10-05T10:00:00"))
    sim.push.deliver()

    assert (1, 2) == (len(hook.posts), len({each["subscriptionId"] for each in items(hook)}))


def test_deleted_day_updates_the_series(sim, hook, ada, subscription):
    """That is all a webhook hears of it."""
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
    """Not 2xx, or later than three seconds: again with growing pauses, for four hours."""
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
    """Then the change is lost."""
    sim.admin.set_setting("endpoint_rules", False)
    hook.answer = lambda _address, _body: WebhookReply(500)
    ada("POST", "/me/events", timed("2026-10-05T10:00:00"))
    while sim.push.pending():
        sim.push.deliver()
        clock.forward(minutes=30)

    assert 9 == len(sim.push.attempts())
    assert False is sim.push.attempts()[-1].will_retry


def test_dead_endpoint_loses_everything_for_ten_minutes(sim, hook, clock, ada, subscription):
    """More than 15 % of answers after ten seconds: new notifications are discarded."""
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


def test_slow_endpoint_is_told_ten_minutes_later(sim, hook, clock, ada, subscription):
    """More than 10 % of answers after three seconds: new notifications wait."""
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


def test_scripted_fates(sim, hook, ada, subscription):
    """Lost, doubled and reordered."""
    ids = [ada("POST", "/me/events", timed(f"2026-10-0{day}T10:00:00"))["id"] for day in (5, 6, 7)]
    sim.push.drop(1)
    sim.push.duplicate()
    sim.push.reorder([2, 0, 1])
    sim.push.deliver()

    assert [ids[2], ids[1], ids[1]] == [each["resourceData"]["id"] for each in items(hook)]


def test_extra_updates(sim, hook, ada, subscription):
    """One action may be told as created and several times as updated."""
    sim.admin.set_setting("extra_updates", 2)
    ada("POST", "/me/events", timed("2026-10-05T10:00:00"))
    sim.push.deliver()

    assert ["created", "updated", "updated"] == [each["changeType"] for each in items(hook)]
