"""Subscriptions: created, renewed and removed, and their lifecycle notifications."""

import pytest

from local.microsoft import WebhookReply
from tests.local.microsoft.driver import ADA, CLO, MOMENT, Refused, timed
from tests.local.microsoft.subscription_setup import HOOK, LIFE, asked, items


@pytest.fixture
def subscription(ada, calendar):
    return ada("POST", "/subscriptions", asked(calendar))


def test_both_addresses_are_validated_first(hook, subscription):
    """Each address gets a POST with a token in its query; the query it already has is kept."""
    assert [HOOK, LIFE] == hook.validations
    assert MOMENT.match(subscription["expirationDateTime"])


@pytest.mark.parametrize(
    "answer",
    [
        lambda _token: WebhookReply(500),
        lambda token: WebhookReply(202, token),
        lambda token: WebhookReply(200, token, "text/html"),
        lambda token: WebhookReply(200, token.replace(" ", "+")),
        lambda token: WebhookReply(200, token, seconds=11),
        lambda _token: WebhookReply(0),
    ],
)
def test_wrong_validation_answer_creates_nothing(hook, ada, calendar, answer):
    """A wrong status, type or text, or a late answer, is 400."""
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
def test_invalid_subscriptions_are_refused(ada, calendar, change):
    """Lengths, kinds, addresses and times are checked; a life of a week and a minute is too long."""
    with pytest.raises(Refused) as caught:
        ada("POST", "/subscriptions", asked(calendar, **change))

    assert 400 == caught.value.status


def test_short_lives_are_raised(ada, calendar):
    """A life under 45 minutes becomes 45 minutes, as the answer says."""
    made = ada("POST", "/subscriptions", asked(calendar, expirationDateTime="2026-10-01T08:10:00Z"))

    assert "2026-10-01T08:45:00.0000000Z" == made["expirationDateTime"]


def test_second_equal_subscription_is_a_conflict(sim, ada, calendar, subscription):
    """The same subscription again is 409, or by a setting a second one."""
    with pytest.raises(Refused) as caught:
        ada("POST", "/subscriptions", asked(calendar))
    sim.admin.set_setting("duplicate_subscriptions", True)
    ada("POST", "/subscriptions", asked(calendar))

    assert 409 == caught.value.status
    assert 2 == len(ada("GET", "/subscriptions")["value"])


def test_renewal_until_the_expiry(ada, clock, subscription):
    """PATCH takes a later expiry; after the expiry the subscription is 404."""
    path = f"/subscriptions/{subscription['id']}"
    renewed = ada("PATCH", path, {"expirationDateTime": "2026-10-01T08:50:00Z"})
    with pytest.raises(Refused) as other:
        ada("PATCH", path, {"clientState": "new"})
    clock.forward(minutes=51)
    with pytest.raises(Refused) as late:
        ada("PATCH", path, {"expirationDateTime": "2026-10-02T00:00:00Z"})

    assert "2026-10-01T08:50:00.0000000Z" == renewed["expirationDateTime"]
    assert (400, 404) == (other.value.status, late.value.status)


def test_lifecycle_notifications(sim, hook, ada, subscription):
    """They have an empty resource, and what they say is true until the app reacts."""
    path = f"/subscriptions/{subscription['id']}"
    for event in ("missed", "reauthorizationRequired"):
        sim.admin.lifecycle(event)
    ada("POST", "/me/events", timed("2026-10-05T10:00:00"))
    sim.push.deliver()
    assert [LIFE] == [address for address, _ in hook.posts]
    found = items(hook)
    assert ["missed", "reauthorizationRequired"] == [each["lifecycleEvent"] for each in found]
    assert not {"changeType", "tenantId", "resourceData"} & set(found[0])
    assert ("", True) == (found[0]["resource"], bool(found[0]["organizationId"]))
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
    """Renewing within ten minutes of reauthorizing is 403, or by a setting allowed."""
    path, body = f"/subscriptions/{subscription['id']}", {"expirationDateTime": "2026-10-05T00:00:00Z"}
    ada("POST", f"{path}/reauthorize")
    with pytest.raises(Refused) as caught:
        ada("PATCH", path, body)
    clock.forward(minutes=10)
    ada("PATCH", path, body)

    assert 403 == caught.value.status


def test_only_the_creator_sees_a_subscription(connect, ada, subscription):
    """Only the creating user and app see it; deleted ones send nothing."""
    path = f"/subscriptions/{subscription['id']}"
    for driver in (connect(CLO), connect(client="other")):
        with pytest.raises(Refused) as caught:
            driver("DELETE", path)
        assert 404 == caught.value.status
    assert [None] == [each["clientState"] for each in ada("GET", "/subscriptions")["value"]]
    ada("DELETE", path)
    assert [] == ada("GET", "/subscriptions")["value"]


def test_exact_permission_by_setting(sim, connect, calendar):
    """By a setting, exactly Calendars.Read is needed, as an older page of the documentation says."""
    sim.admin.set_setting("subscription_scope_exact", True)
    with pytest.raises(Refused) as caught:
        connect()("POST", "/subscriptions", asked(calendar))
    connect(scopes=["Calendars.Read", "Calendars.ReadWrite"])("POST", "/subscriptions", asked(calendar))

    assert 403 == caught.value.status


def test_removed_consent_removes_subscriptions(sim, hook, ada, subscription):
    """The app gets a lifecycle notification."""
    sim.admin.revoke_consent(ADA, "client")
    sim.push.deliver()

    assert ["subscriptionRemoved"] == [each["lifecycleEvent"] for each in items(hook)]
    assert [False] == [each["live"] for each in sim.inspect.subscriptions()]
