"""What subscriptions do against their description; the numbers are rows of docs/provider-facts.md."""

from urllib.parse import quote

import pytest

from local.microsoft import WebhookReply
from tests.local.microsoft.driver import Refused, timed
from tests.local.microsoft.subscription_setup import asked, items


@pytest.mark.parametrize("status", [400, 401, 403, 404, 503])
def test_the_service_behind_may_refuse(sim, ada, calendar, status):
    """Creation and renewal answer its status as ExtensionError; the mailbox itself is fine (M121)."""
    made = ada("POST", "/subscriptions", asked(calendar))
    sim.admin.set_setting("extension_error", status)
    renewal = {"expirationDateTime": "2026-10-05T00:00:00Z"}
    for call in (
        ("POST", "/subscriptions", asked(calendar)),
        ("PATCH", f"/subscriptions/{made['id']}", renewal),
    ):
        with pytest.raises(Refused) as caught:
            ada(*call)
        assert (status, "ExtensionError") == (caught.value.status, caught.value.code)

    assert 1 == len(ada("GET", "/me/calendars")["value"])
    sim.admin.set_setting("extension_error", 0)
    assert made["id"] == ada("PATCH", f"/subscriptions/{made['id']}", renewal)["id"]


@pytest.mark.parametrize("code", ["ValidationError", "ExtensionError"])
def test_too_long_a_life_has_two_codes(sim, ada, calendar, code):
    """The text names the longest life, which was shorter once (M119, M120)."""
    sim.admin.set_setting("long_life_code", code)
    sim.admin.set_setting("subscription_life", 4230 * 60)
    with pytest.raises(Refused) as caught:
        ada("POST", "/subscriptions", asked(calendar, expirationDateTime="2026-10-06T00:00:00Z"))

    assert (400, code) == (caught.value.status, caught.value.code)
    assert "4230 minutes" in caught.value.body["error"]["message"]


@pytest.mark.parametrize("code", ["ValidationError", "InvalidRequest"])
def test_a_failed_validation_has_two_codes(sim, hook, ada, calendar, code):
    """The address did not echo its token (M129)."""
    sim.admin.set_setting("validation_code", code)
    hook.validate = lambda _token: WebhookReply(500)
    with pytest.raises(Refused) as caught:
        ada("POST", "/subscriptions", asked(calendar))

    assert (400, code) == (caught.value.status, caught.value.code)


@pytest.mark.parametrize("hidden", [False, True])
def test_the_list_may_be_empty(sim, ada, calendar, hidden):
    """Though the subscription is there, and can be read by its id (M124)."""
    sim.admin.set_setting("hidden_subscriptions", hidden)
    made = ada("POST", "/subscriptions", asked(calendar))

    assert (0 if hidden else 1) == len(ada("GET", "/subscriptions")["value"])
    assert made["id"] == ada("GET", f"/subscriptions/{made['id']}")["id"]


def test_a_subscription_may_end_without_a_word(sim, hook, ada, clock, calendar):
    """No notification and no lifecycle message comes, and its id is 404 (M137)."""
    sim.admin.set_setting("subscription_vanishes_after", 1800)
    made = ada("POST", "/subscriptions", asked(calendar))
    clock.forward(minutes=29)
    ada("POST", "/me/events", timed("2026-10-05T10:00:00"))
    sim.push.deliver()
    assert 1 == len(items(hook))

    clock.forward(minutes=2)
    ada("POST", "/me/events", timed("2026-10-06T10:00:00"))
    sim.push.deliver()
    assert [] == hook.posts
    with pytest.raises(Refused) as caught:
        ada("GET", f"/subscriptions/{made['id']}")
    assert 404 == caught.value.status
    assert made["id"] != ada("POST", "/subscriptions", asked(calendar))["id"]


@pytest.mark.parametrize("way", ["decoded", "silent"])
def test_an_encoded_calendar_id_may_never_push(sim, hook, ada, calendar, way):
    """The resource is used as it is: what a server makes of %3D is not known."""
    sim.admin.set_setting("encoded_resources", way)
    ada("POST", "/subscriptions", asked(quote(calendar, safe="")))
    ada("POST", "/me/events", timed("2026-10-05T10:00:00"))
    sim.push.deliver()

    assert (1 if way == "decoded" else 0) == len(items(hook))


def test_an_encoded_calendar_id_may_be_refused(sim, ada, calendar):
    """An id as it is is accepted by every server."""
    sim.admin.set_setting("encoded_resources", "refused")
    with pytest.raises(Refused) as caught:
        ada("POST", "/subscriptions", asked(quote(calendar, safe="")))
    assert (400, "ExtensionError") == (caught.value.status, caught.value.code)

    assert ada("POST", "/subscriptions", asked(calendar))["id"]
