import pytest

from local.microsoft import GRAPH, Limits
from tests.local.microsoft.driver import ADA, CLO, WINDOW, Refused, guest, timed


def batch(*requests):
    return {"requests": [{"id": str(number), **each} for number, each in enumerate(requests, 1)]}


def get(url, **more):
    return {"method": "GET", "url": url, **more}


def post(body, **more):
    return {
        "method": "POST",
        "url": "/me/events",
        "headers": {"Content-Type": "application/json"},
        "body": body,
        **more,
    }


def by_id(answer):
    return {each["id"]: each for each in answer["responses"]}


def test_batch_answers_each_in_any_order(ada, calendar):
    """Every request in a batch has its own status and headers; the ids say which is which."""
    ada.prefer.clear()
    asked = batch(
        get(f"/me/calendars/{calendar}/events", headers={"Prefer": 'IdType="ImmutableId"'}),
        post(timed("2026-10-05T10:00:00")),
        get("/me/events/nonsense"),
        get("/me/nothing"),
    )
    answer = ada("POST", "/$batch", asked)
    found = by_id(answer)

    assert ["4", "3", "2", "1"] == [each["id"] for each in answer["responses"]]
    assert [200, 201, 400, 400] == [found[name]["status"] for name in "1234"]
    assert "Haircut" == found["2"]["body"]["subject"]
    assert "ImmutableId" in found["1"]["headers"]["Preference-Applied"]


@pytest.mark.parametrize(
    "asked",
    [
        batch(*[get("/me")] * 21),
        batch(),
        {"requests": [{"id": "A", **get("/me")}, {"id": "a", **get("/me")}]},
        {"requests": [{"method": "GET", "url": "/me"}]},
        batch(get("/me", dependsOn=["9"])),
        batch({"url": "/me"}),
    ],
)
def test_invalid_batches_are_refused(ada, asked):
    """More than 20 or no requests, missing or equal ids, and unknown dependencies are refused."""
    with pytest.raises(Refused) as caught:
        ada("POST", "/$batch", asked)

    assert 400 == caught.value.status


def test_batch_requests_that_depend_on_a_failure_fail(ada):
    """A request that depends on a failed one is 424."""
    asked = batch(
        get("/me/events/nonsense"),
        post(timed("2026-10-05T10:00:00"), dependsOn=["1"]),
        get("/me", dependsOn=[]),
    )
    found = by_id(ada("POST", "/$batch", asked))

    assert [400, 424, 200] == [found[name]["status"] for name in "123"]
    assert [] == ada("GET", "/me/events")["value"]


def test_batch_bodies_need_a_content_type(ada):
    """A body inside a batch needs the Content-Type header, too."""
    found = by_id(ada("POST", "/$batch", batch(post(timed("2026-10-05T10:00:00"), headers={}))))

    assert 400 == found["1"]["status"]


def test_requests_in_a_batch_are_throttled_one_by_one(sim, ada):
    """The batch is 200, the throttled requests in it are 429 with Retry-After."""
    sim.add_fault("status", method="calendarView.list", status=429, retry_after="3", skip=1)
    url = "/me/calendarView?startDateTime=2026-10-01T00:00:00Z&endDateTime=2026-11-01T00:00:00Z"
    found = by_id(ada("POST", "/$batch", batch(get(url), get(url), get(url))))

    assert [200, 429, 200] == [found[name]["status"] for name in "123"]
    assert ("3", "ApplicationThrottled") == (
        found["2"]["headers"]["Retry-After"],
        found["2"]["body"]["error"]["code"],
    )


def test_requests_are_counted_per_mailbox(sim, ada, connect, clock):
    """10,000 in ten minutes, refused ones included; other mailboxes and apps are counted apart."""
    sim.admin.set_limits(per_mailbox=3)
    for _ in range(3):
        ada("GET", "/me")
        clock.forward(minutes=1)
    with pytest.raises(Refused) as caught:
        ada("GET", "/me")
    connect(CLO)("GET", "/me")
    connect(client="other")("GET", "/me")

    assert (429, "ApplicationThrottled") == (caught.value.status, caught.value.code)
    assert 481 == int(caught.value.headers["Retry-After"])
    clock.forward(seconds=481)
    ada("GET", "/me")


def test_subscription_calls_have_limits_of_their_own(sim, ada):
    """Subscriptions may be listed 25 times in 20 seconds."""
    sim.admin.set_limits(subscription_lists=2)
    for _ in range(2):
        ada("GET", "/subscriptions")
    with pytest.raises(Refused) as caught:
        ada("GET", "/subscriptions")

    assert 429 == caught.value.status


def test_limits_are_graphs_by_default():
    """By default the limits have the documented numbers."""
    assert Limits(10_000, 4, 500, 25) == GRAPH


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"status": 503, "retry_after": "9"}, "ServiceUnavailable"),
        ({"status": 504}, "UnknownError"),
        ({"status": 429, "reason": "TooManyRequests"}, "TooManyRequests"),
        ({"status": 412}, "ErrorIrresolvableConflict"),
        ({"status": 403, "reason": "insufficient_claims"}, "insufficient_claims"),
    ],
)
def test_next_calls_can_be_refused(sim, ada, options, code):
    """A fault answers any status with its code, once; then calls succeed again."""
    sim.add_fault("status", method="events.*", **options)
    with pytest.raises(Refused) as caught:
        ada("POST", "/me/events", timed("2026-10-05T10:00:00"))

    assert (options["status"], code) == (caught.value.status, caught.value.code)
    assert options.get("retry_after") == caught.value.headers.get("Retry-After")
    assert [] == ada("GET", "/me/events")["value"]


def test_error_code_can_be_in_inner_error(sim, ada):
    """The more exact code may be in innerError."""
    sim.add_fault("status", status=410, reason="Gone", inner="resyncRequired")
    with pytest.raises(Refused) as caught:
        ada("GET", "/me/events")

    assert "resyncRequired" == caught.value.body["error"]["innerError"]["code"]


def test_faults_can_be_limited_to_an_account_or_calendar(sim, ada, connect, calendar):
    """A fault applies only to the calls that it was added for, and counts them."""
    sim.add_fault("status", method="events.list", account=ADA, calendar=calendar, skip=1, times=0)
    connect(CLO)("GET", "/me/events")
    ada("GET", "/me/events")
    for _ in range(2):
        with pytest.raises(Refused):
            ada("GET", "/me/events")

    assert [2] == [each["hits"] for each in sim.inspect.faults()]
    sim.inspect.clear_faults()
    ada("GET", "/me/events")


@pytest.mark.parametrize("action", ["drop_before", "drop_after"])
def test_connection_can_close_before_or_after_the_write(sim, ada, action):
    """The connection ends without an answer; afterwards the event may exist."""
    sim.add_fault(action, method="events.create")
    with pytest.raises(ConnectionResetError):
        ada("POST", "/me/events", timed("2026-10-05T10:00:00", transactionId="t-1"))

    assert (action == "drop_after") == bool(ada("GET", "/me/events")["value"])
    ada("POST", "/me/events", timed("2026-10-05T10:00:00", transactionId="t-1"))
    assert 1 == len(ada("GET", "/me/events")["value"])


def test_answers_can_be_altered(sim, ada):
    """Unknown enum values, missing members, invalid entries, half of the JSON and HTML can be scripted."""
    ada("POST", "/me/events", timed("2026-10-05T10:00:00"))
    changed = {"value/0/showAs": "unknownFutureValue"}
    sim.add_fault("rewrite", method="events.list", change=changed, remove=["value/*/end"])
    sim.add_fault("poison", method="events.list")
    sim.add_fault("truncate", method="events.list")
    sim.add_fault("html", method="events.list")
    raw = [
        ada.client.get("/v1.0/me/events", headers={"Authorization": f"Bearer {ada.token}"}) for _ in range(4)
    ]

    assert ("unknownFutureValue", False) == (
        raw[0].json["value"][0]["showAs"],
        "end" in raw[0].json["value"][0],
    )
    assert 2 == len(raw[1].json["value"])
    assert [(200, None), (500, None)] == [(each.status_code, each.get_json(silent=True)) for each in raw[2:]]


def test_unknown_actions_are_refused(sim):
    """Adding a fault with a misspelt action is an error."""
    with pytest.raises(ValueError, match="explode"):
        sim.add_fault("explode")


def test_bodies_that_are_not_json_are_refused(ada):
    """Graph's front end answers them with 400."""
    headers = {"Authorization": f"Bearer {ada.token}"}
    answers = [
        ada.client.post("/v1.0/me/events", data=b"{", headers=headers, content_type="application/json"),
        ada.client.post("/v1.0/me/events", data=b"[]", headers=headers, content_type="application/json"),
        ada.client.post("/v1.0/me/events", data=b"{}", headers=headers, content_type="text/plain"),
    ]

    assert [400] * 3 == [each.status_code for each in answers]


def test_call_log_holds_no_contents(sim, ada):
    """The log has every call's method, account and status."""
    sim.admin.clear_logs()
    ada("POST", "/me/events", timed("2026-10-05T10:00:00", attendees=[guest("x@example.test")]))
    ada("POST", "/$batch", batch(get("/me")))
    ada("GET", "/me/calendarView", **WINDOW)

    assert [("events.create", 201, False), ("me.get", 200, True), ("calendarView.list", 200, False)] == [
        (each["method"], each["status"], each["batched"]) for each in sim.admin.calls()
    ]
    assert "Haircut" not in str(sim.admin.calls())


def test_control_api_over_http(sim, ada, calendar):
    """Operations take POST, readings also GET; mistakes are 400 or 404."""
    web = ada.client
    made = web.post("/_sim/put_event", json={"calendar": ADA, "event": timed("2026-10-05T10:00:00")})
    read = web.get("/_sim/events", query_string={"calendar": calendar})
    state = web.get("/_sim/state").json["result"]

    assert made.json["result"]["id"] == read.json["result"][0]["id"]
    assert {"calendars", "events", "subscriptions", "mails", "grants"} <= set(state)
    assert ada.token not in str(state)
    assert {"status": "ok"} == web.get("/_sim/health").json
    assert [404, 404, 400] == [
        web.get("/_sim/put_event").status_code,
        web.post("/_sim/nothing").status_code,
        web.post("/_sim/put_event", json={}).status_code,
    ]
    web.post("/_sim/set_setting", json={"name": "lag", "value": 5})
    assert 5 == sim.settings.lag.total_seconds()
