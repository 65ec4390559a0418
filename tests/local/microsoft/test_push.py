import json

import pytest

from local.microsoft import Reply
from tests.local.microsoft.driver import ADA, CLO, MOMENT, WINDOW, Refused, timed, weekly

HOOK = "https://app.example.test/webhook_graph?tenant=1"
LIFE = "https://app.example.test/lifecycle"


def asked(calendar="", **more):
    return {
        "changeType": "created,updated,deleted",
        "resource": f"me/calendars/{calendar}/events" if calendar else "me/events",
        "notificationUrl": HOOK,
        "lifecycleNotificationUrl": LIFE,
        "expirationDateTime": "2026-10-07T00:00:00Z",
        "clientState": "secret",
    } | more


@pytest.fixture
def subscription(ada, calendar):
    return ada("POST", "/subscriptions", asked(calendar))


def items(hook):
    """What arrived, item by item."""
    found = [each for _, body in hook.posts for each in json.loads(body)["value"]]
    hook.posts.clear()
    return found


def test_both_addresses_are_validated_first(hook, subscription):
    """Each gets a POST with a token in the query; the query of the address is kept."""
    assert [HOOK, LIFE] == hook.validations
    assert MOMENT.match(subscription["expirationDateTime"])


@pytest.mark.parametrize(
    "answer",
    [
        lambda _token: Reply(500),
        lambda token: Reply(202, token),
        lambda token: Reply(200, token, "text/html"),
        lambda token: Reply(200, token.replace(" ", "+")),
        lambda token: Reply(200, token, seconds=11),
        lambda _token: Reply(0),
    ],
)
def test_bad_echo_creates_nothing(hook, ada, calendar, answer):
    """Wrong status, type or text, or too late: 400."""
    hook.validate = answer
    with pytest.raises(Refused) as caught:
        ada("POST", "/subscriptions", asked(calendar))

    assert (400, "ValidationError") == (caught.value.status, caught.value.code)
    assert [] == ada("GET", "/subscriptions")["value"]


@pytest.mark.parametrize(
    "change",
    [
        {"clientState": "x" * 129},
        {"changeType": "created,renamed"},
        {"notificationUrl": "http://app.example.test/hook"},
        {"resource": "me/messages"},
        {"expirationDateTime": "2026-10-08T08:01:00Z"},
        {"expirationDateTime": "2026-09-30T00:00:00Z"},
        {"includeResourceData": True},
        {"notificationUrl": ""},
        {"unknown": 1},
    ],
)
def test_bad_subscriptions_are_refused(ada, calendar, change):
    """Lengths, kinds, addresses and times are checked; a week is too long by a minute."""
    with pytest.raises(Refused) as caught:
        ada("POST", "/subscriptions", asked(calendar, **change))

    assert 400 == caught.value.status


def test_short_lives_are_raised(ada, calendar):
    """Anything under 45 minutes becomes 45: the answer says what counts."""
    made = ada("POST", "/subscriptions", asked(calendar, expirationDateTime="2026-10-01T08:10:00Z"))

    assert "2026-10-01T08:45:00.0000000Z" == made["expirationDateTime"]


def test_twins(sim, ada, calendar, subscription):
    """The same again is a 409, or by a setting a second one."""
    with pytest.raises(Refused) as caught:
        ada("POST", "/subscriptions", asked(calendar))
    sim.admin.set_setting("duplicate_subscriptions", True)
    ada("POST", "/subscriptions", asked(calendar))

    assert 409 == caught.value.status
    assert 2 == len(ada("GET", "/subscriptions")["value"])


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
    replies = iter([Reply(503), Reply(202, seconds=4), Reply(202, seconds=9)])
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
    hook.answer = lambda _address, _body: Reply(500)
    ada("POST", "/me/events", timed("2026-10-05T10:00:00"))
    while sim.push.pending():
        sim.push.deliver()
        clock.forward(minutes=30)

    assert 9 == len(sim.push.attempts())
    assert False is sim.push.attempts()[-1].will_retry


def test_dead_endpoint_loses_everything_for_ten_minutes(sim, hook, clock, ada, subscription):
    """More than 15 % of answers after ten seconds: new notifications are discarded."""
    hook.answer = lambda _address, _body: Reply(0, seconds=10.5)
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
    hook.answer = lambda _address, _body: Reply(202, seconds=3.5)
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


def test_renewal(ada, clock, subscription):
    """PATCH takes an expiry; after it has passed the subscription is gone for good."""
    path = f"/subscriptions/{subscription['id']}"
    renewed = ada("PATCH", path, {"expirationDateTime": "2026-10-01T08:50:00Z"})
    with pytest.raises(Refused) as other:
        ada("PATCH", path, {"clientState": "new"})
    clock.forward(minutes=51)
    with pytest.raises(Refused) as late:
        ada("PATCH", path, {"expirationDateTime": "2026-10-02T00:00:00Z"})

    assert "2026-10-01T08:50:00.0000000Z" == renewed["expirationDateTime"]
    assert (400, 404) == (other.value.status, late.value.status)


def test_lifecycle_events(sim, hook, ada, subscription):
    """They have no resource; what they say is true until it is cured."""
    path = f"/subscriptions/{subscription['id']}"
    for event in ("missed", "reauthorizationRequired"):
        sim.admin.lifecycle(event)
    ada("POST", "/me/events", timed("2026-10-05T10:00:00"))
    sim.push.deliver()
    assert [LIFE] == [address for address, _ in hook.posts]
    found = items(hook)
    assert ["missed", "reauthorizationRequired"] == [each["lifecycleEvent"] for each in found]
    assert not {"changeType", "resource", "resourceData"} & set(found[0])
    ada("POST", f"{path}/reauthorize")
    ada("POST", "/me/events", timed("2026-10-06T10:00:00"))
    sim.admin.lifecycle("subscriptionRemoved", subscription=subscription["id"])
    sim.push.deliver()
    assert ["created", "subscriptionRemoved"] == [
        each.get("changeType") or each["lifecycleEvent"] for each in items(hook)
    ]
    with pytest.raises(Refused) as caught:
        ada("GET", path)
    assert 404 == caught.value.status


def test_reauthorize_and_renew_do_not_go_together(sim, ada, clock, subscription):
    """Never both within ten minutes: 403, or by a setting no harm."""
    path, body = f"/subscriptions/{subscription['id']}", {"expirationDateTime": "2026-10-05T00:00:00Z"}
    ada("POST", f"{path}/reauthorize")
    with pytest.raises(Refused) as caught:
        ada("PATCH", path, body)
    clock.forward(minutes=10)
    ada("PATCH", path, body)

    assert 403 == caught.value.status


def test_delete_and_foreign_subscriptions(connect, ada, subscription):
    """Only the creating user and app see a subscription; deleted ones are silent."""
    path = f"/subscriptions/{subscription['id']}"
    for driver in (connect(CLO), connect(client="other")):
        with pytest.raises(Refused) as caught:
            driver("DELETE", path)
        assert 404 == caught.value.status
    assert [None] == [each["clientState"] for each in ada("GET", "/subscriptions")["value"]]
    ada("DELETE", path)
    assert [] == ada("GET", "/subscriptions")["value"]


def test_exact_permission_by_setting(sim, connect, calendar):
    """An older page says that exactly Calendars.Read is needed."""
    sim.admin.set_setting("subscription_scope_exact", True)
    with pytest.raises(Refused) as caught:
        connect()("POST", "/subscriptions", asked(calendar))
    connect(scopes=["Calendars.Read", "Calendars.ReadWrite"])("POST", "/subscriptions", asked(calendar))

    assert 403 == caught.value.status


def test_removed_consent_removes_subscriptions(sim, hook, ada, subscription):
    """The app is told by a lifecycle event."""
    sim.admin.revoke_consent(ADA, "client")
    sim.push.deliver()

    assert ["subscriptionRemoved"] == [each["lifecycleEvent"] for each in items(hook)]
    assert [False] == [each["live"] for each in sim.inspect.subscriptions()]
