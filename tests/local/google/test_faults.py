import json

import pytest

from local.google import GOOGLE, GoogleSimulator
from tests.local.google.driver import ADA, Driver, Refused, timed

DAY = "2026-10-05T10:00:00"


def listed(driver):
    return driver("events.list", calendarId=ADA)


def raw(driver, path=f"calendars/{ADA}/events"):
    return driver.client.get(f"/calendar/v3/{path}", headers={"Authorization": f"Bearer {driver.token}"})


def refusal(call, *arguments, **named):
    with pytest.raises(Refused) as caught:
        call(*arguments, **named)
    return caught.value


@pytest.mark.pitfall(20)
def test_user_quota_counts_the_last_minute(sim, ada, bob, clock):
    """Pitfall 20: the quota is per user and minute, in the classic error body.

    Other users are not affected.
    """
    sim.admin.set_limits(per_user=3)
    listed(ada)
    clock.forward(seconds=30)
    listed(ada)
    listed(ada)
    caught = refusal(listed, ada)

    assert caught.body["error"]["errors"][0] == {
        "domain": "usageLimits",
        "reason": "userRateLimitExceeded",
        "message": "User Rate Limit Exceeded",
    }
    assert caught.status == 403
    bob("events.list", calendarId="primary")
    clock.forward(seconds=30)
    listed(ada)
    assert refusal(listed, ada).status == 403


def test_project_quota_is_shared(sim, ada, bob):
    """All users of a project share its quota; exceeding it is 429."""
    sim.admin.set_limits(per_project=2)
    listed(ada)
    bob("events.list", calendarId="primary")
    caught = refusal(listed, ada)

    assert (caught.status, caught.reason) == (429, "rateLimitExceeded")


@pytest.mark.parametrize(("status", "reason"), [(403, "userRateLimitExceeded"), (429, "rateLimitExceeded")])
def test_newer_error_format_has_details(sim, ada, status, reason):
    """The newer format has RATE_LIMIT_EXCEEDED in its details, and the classic reason in its errors."""
    sim.admin.set_limits(per_user=0, shape="front_end", status=status)
    caught = refusal(listed, ada)

    assert (caught.status, caught.reason) == (status, reason)
    assert caught.body["error"]["details"][0]["reason"] == "RATE_LIMIT_EXCEEDED"
    assert caught.body["error"]["message"].startswith("Quota exceeded for quota metric 'Queries'")


def test_patch_costs_three_units(sim, ada):
    """A PATCH costs three units, and a refused call costs nothing."""
    made = ada("events.insert", timed(DAY), calendarId=ADA)
    sim.admin.set_limits(per_user=5)
    ada("events.patch", {"summary": "x"}, calendarId=ADA, eventId=made["id"])

    assert refusal(ada, "events.patch", {"summary": "y"}, calendarId=ADA, eventId=made["id"]).status == 403
    assert sim.admin.calls()[-1]["units"] == 3
    listed(ada)


def test_googles_quotas_have_their_documented_numbers(clock):
    """600 a minute and user, 10,000 a minute and project."""
    assert (GOOGLE.per_user, GOOGLE.per_project) == (600, 10_000)
    simulator = GoogleSimulator(now=clock, limits=GOOGLE)
    simulator.admin.add_client("client", secret="secret", redirect_uris=["https://app.example.test/"])
    simulator.admin.add_account(ADA)
    driver = Driver(simulator, simulator.admin.grant(ADA, "client", ["calendar"])["access_token"])
    for _ in range(600):
        driver("calendarList.get", calendarId=ADA, fields="id")

    assert refusal(listed, driver).status == 403


@pytest.mark.pitfall(4)
def test_next_calls_can_be_refused(sim, ada):
    """Pitfall 4: the next calls of a method are answered as scripted, and the following ones succeed."""
    sim.add_fault("status", method="events.list", times=2, status=500)
    sim.add_fault("status", method="events.*", status=403, reason="rateLimitExceeded", retry_after="7")
    sim.add_fault("status", method="events.list", status=403, reason="forbidden", skip=1)
    found = [refusal(listed, ada) for _ in range(3)]

    assert [(each.status, each.reason) for each in found] == [
        (500, "backendError"),
        (500, "backendError"),
        (403, "rateLimitExceeded"),
    ]
    assert found[2].headers["Retry-After"] == "7"
    listed(ada)
    assert refusal(listed, ada).reason == "forbidden"
    assert (listed(ada)["items"], sim.inspect.faults()) == ([], [])


def test_faults_can_be_limited_to_an_account_or_calendar(sim, ada, bob):
    """A fault applies to nobody else; with times=0 it applies until it is cleared."""
    sim.add_fault("status", account=ADA, calendar=ADA, times=0)
    bob("events.list", calendarId="primary")
    for _ in range(3):
        assert refusal(listed, ada).status == 503
    assert refusal(ada, "events.list", calendarId="primary").status == 503
    ada("calendarList.list")
    sim.inspect.clear_faults()
    listed(ada)


def test_unknown_actions_are_refused(sim):
    """Adding a fault with a misspelt action is an error."""
    with pytest.raises(ValueError, match="explode"):
        sim.add_fault("explode")


def test_answers_can_be_html_or_half_a_json(sim, ada):
    """A fault can answer a gateway's HTML page, or half of the JSON."""
    sim.add_fault("html")
    sim.add_fault("truncate")
    page, half = raw(ada), raw(ada)

    assert (page.status_code, page.mimetype) == (502, "text/html")
    assert (half.status_code, half.mimetype) == (200, "application/json")
    with pytest.raises(ValueError, match=r"."):
        json.loads(half.data)


@pytest.mark.pitfall(13)
@pytest.mark.parametrize(("action", "applied"), [("drop_before", False), ("drop_after", True)])
def test_connection_drops_before_or_after_the_write(sim, ada, action, applied):
    """Pitfall 13: the caller cannot know whether the write was applied."""
    sim.add_fault(action, method="events.insert")
    with pytest.raises(ConnectionResetError):
        ada("events.insert", timed(DAY, id="abcde"), calendarId=ADA)

    assert [event["id"] for event in sim.inspect.events(ADA)] == (["abcde"] if applied else [])


def test_hang_closes_the_connection_and_slow_answers_late(sim, ada):
    """Both wait for the scripted time, but not beyond the closing of the simulator."""
    sim.add_fault("slow", seconds=0.01)
    listed(ada)
    sim.add_fault("hang", seconds=60)
    sim.close()
    with pytest.raises(ConnectionResetError):
        listed(ada)


def test_answers_can_be_altered(sim, ada):
    """Wrong types, missing fields, unknown enum values and invalid events can be scripted, once each."""
    sim.owner.put_event(ADA, timed(DAY, id="event0"))
    sim.add_fault(
        "rewrite", change={"items.0.status": 7, "items.*.eventType": "party"}, remove=["items.0.start"]
    )
    sim.add_fault("poison", event={"id": "poison", "start": None})
    twisted, poisoned = raw(ada).get_json(), raw(ada).get_json()

    assert (twisted["items"][0]["status"], twisted["items"][0]["eventType"]) == (7, "party")
    assert "start" not in twisted["items"][0]
    assert [item["id"] for item in poisoned["items"]] == ["event0", "poison"]
    assert listed(ada)["items"][0]["status"] == "confirmed"


def test_reads_can_show_old_data(sim, ada):
    """The calendar's state at the time of the fault is shown for the scripted reads, then the present one."""
    sim.add_fault("stale", method="events.list", calendar=ADA, times=2)
    sim.owner.put_event(ADA, timed(DAY, id="event0"))

    assert [len(listed(ada)["items"]) for _ in range(3)] == [0, 0, 1]


def test_sync_token_of_old_data_still_leads_to_the_change(sim, ada):
    """The sync token of a stale listing is old too, so that no change is lost."""
    sim.add_fault("stale", method="events.list", calendar=ADA)
    sim.owner.put_event(ADA, timed(DAY, id="event0"))
    token = listed(ada)["nextSyncToken"]

    assert len(ada("events.list", calendarId=ADA, syncToken=token)["items"]) == 1


@pytest.mark.pitfall(25)
def test_call_log_holds_no_secrets(sim, ada):
    """Pitfall 25: the log has method, account, calendar, status, reason and units.

    No tokens and no titles.
    """
    ada("events.insert", timed(DAY, summary="Canary"), calendarId="primary")
    refusal(ada, "events.get", calendarId=ADA, eventId="nothing")
    log = [call for call in sim.admin.calls() if call["method"].startswith("events")]
    kept = [
        (call["method"], call["account"], call["calendar"], call["status"], call["reason"]) for call in log
    ]

    assert kept == [("events.insert", ADA, ADA, 200, ""), ("events.get", ADA, ADA, 404, "notFound")]
    assert not any(secret in json.dumps(sim.admin.calls()) for secret in ("Canary", ada.token))


def test_unsimulated_methods_are_501(ada):
    """A method that the simulator leaves out answers 501."""
    assert refusal(ada, "settings.list").status == 501
    assert raw(ada, "nonsense").status_code == 404
