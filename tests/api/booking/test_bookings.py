"""Slots and bookings over HTTP, as a booking page uses them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.api.conftest import Answer, Http

STAFF = "staff.t1.anna"
START = "2027-03-16T10:00:00+01:00"
CUSTOMER = {"name": "Max Muster", "email": "max@example.com", "time_zone": "Europe/Zurich"}
BODY = {"service": "cut", "resource": "anna", "start": START, "customer": CUSTOMER}
WINDOW = "from=2027-03-16T00:00:00Z&to=2027-03-17T00:00:00Z"


def book(http: Http, *, key: str | None = None, **changes: object) -> Answer:
    headers = {"Idempotency-Key": key} if key else {}
    return http("POST", "/bookings?tenant=t1", token=None, json=BODY | changes, headers=headers)


def slots(http: Http, query: str = "") -> list[str]:
    answer = http("GET", f"/slots?tenant=t1&service=cut&resource=anna&{WINDOW}{query}", token=None)
    return [slot["start"] for slot in answer.body["slots"]]


def test_a_listed_time_is_booked_and_gone(http: Http) -> None:
    """What is listed can be booked; afterwards it is not listed."""
    before = slots(http, "&tz=Europe/Zurich")
    made = book(http)
    after = slots(http, "&tz=Europe/Zurich")

    assert START in before
    assert (made.status, made.body["start"], made.body["status"]) == (201, START, "confirmed")
    assert sorted(set(before) - set(after)) == [
        "2027-03-16T09:45:00+01:00",
        "2027-03-16T10:00:00+01:00",
        "2027-03-16T10:15:00+01:00",
    ]


def test_the_viewers_zone_changes_the_writing_only(http: Http) -> None:
    """The same instants in every zone."""
    assert len(slots(http, "&tz=America/New_York")) == len(slots(http))
    assert slots(http, "&tz=America/New_York")[0].endswith("-04:00")


@pytest.mark.pitfall(23)
def test_two_customers_race_for_one_time(http: Http) -> None:
    """Pitfall 23: of many who want one time, one gets it and the others read slot_taken."""
    with ThreadPoolExecutor(16) as pool:
        wishes = [{"customer": {"name": "Max Muster", "email": f"max{n}@example.com"}} for n in range(32)]
        answers = list(pool.map(lambda wish: book(http, **wish), wishes))

    assert sorted(answer.status for answer in answers) == [201] + [409] * 31
    assert {answer.code for answer in answers if answer.status == 409} == {"slot_taken"}


def test_a_repeat_under_the_same_key_is_the_same_booking(http: Http) -> None:
    """A lost answer costs nothing: the repeat gets the same booking and token, another request is refused."""
    first = book(http, key="key-12345")
    again = book(http, key="key-12345")
    other = book(http, key="key-12345", start="2027-03-16T14:00:00+01:00")

    assert (first.status, again.status) == (201, 200)
    assert (first.body["id"], first.body["management_token"]) == (
        again.body["id"],
        again.body["management_token"],
    )
    assert (other.status, other.code) == (422, "idempotency_key_reused")


def test_the_management_link_reads_moves_and_cancels(http: Http) -> None:
    """F7: whoever holds the token manages the booking; a reschedule over its own old time works."""
    made = book(http).body
    path, token = f"/bookings/{made['id']}?tenant=t1", made["management_token"]
    read = http("GET", path, token=token)
    moved = http("PATCH", path, token=token, json={"start": "2027-03-16T10:15:00+01:00"})
    cancelled = http("DELETE", path, token=token)
    again = http("DELETE", path, token=token)

    assert (read.body["customer"]["name"], read.body["revision"]) == ("Max Muster", 1)
    assert (moved.status, moved.body["start"]) == (200, "2027-03-16T10:15:00+01:00")
    assert (cancelled.body["status"], again.status) == ("cancelled", 200)
    assert START in slots(http, "&tz=Europe/Zurich")


@pytest.mark.parametrize("token", [None, "nonsense", "A" * 43, "staff.t1.ben", "staff.t2.anna", "owner.t2.-"])
def test_nobody_else_reaches_a_booking(http: Http, token: str | None) -> None:
    """Without the right token a booking does not exist; the tenant of an ID token is the token's."""
    made = book(http).body
    known = f"/bookings/{made['id']}?tenant=t1"
    path = f"/bookings/{made['id']}" if token and ".t2." in token else known
    answers = [
        http("GET", path, token=token),
        http("PATCH", path, token=token, json={"start": "2027-03-16T14:00:00+01:00"}),
        http("DELETE", path, token=token),
    ]

    expected = 401 if token is None else 404
    assert [answer.status for answer in answers] == [expected] * 3
    assert http("GET", known, token=made["management_token"]).body["revision"] == 1


def test_one_bookings_token_opens_no_other(http: Http) -> None:
    """A token is bound to its booking."""
    one = book(http).body
    two = book(http, start="2027-03-16T14:00:00+01:00").body

    answer = http("GET", f"/bookings/{two['id']}?tenant=t1", token=one["management_token"])

    assert answer.status == 404


def test_staff_book_and_read_for_their_own(http: Http) -> None:
    """The tenant comes from the token, and a query that names another one is refused."""
    mine = http("POST", "/bookings", token=STAFF, json=BODY)
    elsewhere = http("POST", "/bookings?tenant=t2", token=STAFF, json=BODY)
    others = http("POST", "/bookings", token="staff.t1.ben", json=BODY)
    read = http("GET", f"/bookings/{mine.body['id']}", token=STAFF)

    assert (mine.status, others.status, others.code) == (201, 403, "not_your_resource")
    assert (elsewhere.status, elsewhere.code) == (403, "tenant_mismatch")
    assert read.body["conflict"] is False


@pytest.mark.parametrize(
    ("changes", "status", "code"),
    [
        ({"start": "2027-03-16T10:00:00"}, 400, "invalid_fields"),
        ({"start": "yesterday"}, 400, "invalid_fields"),
        ({"start": 1789_000_000}, 400, "invalid_fields"),
        ({"start": "2027-03-16T10:07:00+01:00"}, 400, "off_grid"),
        ({"start": "2027-03-14T10:00:00+01:00"}, 400, "past"),
        ({"start": "2029-03-14T10:00:00+01:00"}, 400, "horizon"),
        ({"start": "2027-03-16T22:00:00+01:00"}, 400, "outside_availability"),
        ({"start": "9999-12-31T23:59:59-12:00"}, None, None),
        ({"start": "0001-01-01T00:00:00+12:00"}, None, None),
        ({"service": "nothing"}, 404, "not_found"),
        ({"resource": "nobody"}, 404, "not_found"),
        ({"resource": "../t2"}, 400, "invalid_fields"),
        ({"customer": {"name": ""}}, 400, "invalid_fields"),
        ({"customer": {"name": "a\r\nBcc: x"}}, 400, "invalid_fields"),
        ({"customer": {"name": "a", "email": "a@b@c"}}, 400, "invalid_fields"),
        ({"customer": {"name": "a", "admin": True}}, 400, "invalid_fields"),
        ({"note": "x" * 5000}, 400, "invalid_fields"),
        ({"tenant": "t2"}, 400, "invalid_fields"),
    ],
)
def test_an_impossible_request_is_refused(
    http: Http, changes: dict[str, object], status: int | None, code: str | None
) -> None:
    """Every bad request gets its own clear answer, and nothing is booked."""
    before = slots(http)
    answer = book(http, **changes)

    assert 400 <= answer.status < 500
    assert answer.status == (status or answer.status)
    assert answer.code == (code or answer.code)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert slots(http) == before


@pytest.mark.parametrize(
    "query",
    [
        "service=cut&from=2027-03-16T00:00:00Z&to=2027-03-17T00:00:00Z",
        "tenant=t1&service=cut&from=2027-03-16T00:00:00&to=2027-03-17T00:00:00Z",
        "tenant=t1&service=cut&from=2027-03-17T00:00:00Z&to=2027-03-16T00:00:00Z",
        "tenant=t1&service=cut&from=2027-03-16T00:00:00Z&to=2027-03-16T00:00:00Z",
        "tenant=t1&service=cut&from=2027-03-16T00:00:00Z&to=2037-03-16T00:00:00Z",
        "tenant=t1&service=cut&from=0001-01-01T00:00:00%2B12:00&to=0001-01-02T00:00:00Z",
        "tenant=t1&service=cut&from=9999-12-31T00:00:00Z&to=9999-12-31T23:00:00-12:00",
        f"tenant=t1&service=cut&{WINDOW}&tz=Mars/Base",
        f"tenant=t1&service=cut&{WINDOW}&tz=../../etc/passwd",
        f"tenant=t1&service=nothing&{WINDOW}",
        f"tenant=t1&service=cut&resource=nobody&{WINDOW}",
        f"tenant=nobody&service=cut&{WINDOW}",
        f"tenant=t1&service=cut&{WINDOW}&limit=5",
        f"tenant=a/b&service=cut&{WINDOW}",
    ],
)
def test_a_question_that_cannot_be_is_refused(http: Http, query: str) -> None:
    """Naive times, empty, reversed and endless windows, unknown zones, ids and parameters."""
    answer = http("GET", f"/slots?{query}", token=None)

    assert answer.status in {400, 404}
    assert answer.code


def test_a_public_answer_names_no_calendar(http: Http) -> None:
    """Customers see how fresh the answer is, not whose calendars are behind it."""
    http.world.connect()
    answer = http("GET", f"/slots?tenant=t1&service=cut&{WINDOW}", token=None)

    assert answer.body["degraded"] is False
    assert [line["state"] for line in answer.body["calendars"]] == ["known"]
    assert "example.com" not in str(answer.body)


def test_staff_learn_why_a_time_is_not_offered(http: Http) -> None:
    """F8: the reason, with its range; customers do not."""
    made = book(http).body
    query = "service=cut&resource=anna&at=2027-03-16T10:00:00%2B01:00"
    told = http("GET", f"/slots/explain?{query}", token=STAFF)
    public = http("GET", f"/slots/explain?tenant=t1&{query}", token=None)

    assert told.body["offered"] is False
    assert {reason["code"] for reason in told.body["reasons"]} == {"booking"}
    assert made["id"] in {reason["source"] for reason in told.body["reasons"]}
    assert public.status == 401


def test_the_times_for_a_booking_are_listed_to_whoever_manages_it(http: Http) -> None:
    """With the management token or an ID token; for others there is no such booking."""
    made = book(http).body
    query = f"/slots?tenant=t1&service=cut&{WINDOW}&booking={made['id']}"
    by_customer = http("GET", query, token=made["management_token"])
    by_staff = http("GET", query, token=STAFF)
    refused = [http("GET", query, token=token).status for token in (None, "x" * 43, "staff.t1.ben")]
    near = {f"2027-03-16T{clock}:00+00:00" for clock in ("08:45", "09:00", "09:15")}

    assert by_customer.status == by_staff.status == 200
    assert near <= {slot["start"] for slot in by_customer.body["slots"]}
    assert by_staff.body["slots"] == by_customer.body["slots"]
    assert near.isdisjoint(slots(http))
    assert refused == [401, 404, 404]


def test_staff_read_why_a_booking_cannot_move(http: Http) -> None:
    """Its own time is no reason, another's is; customers read no reasons."""
    made = book(http).body
    book(http, start="2027-03-16T11:00:00+01:00")
    query = f"/slots/explain?service=cut&resource=anna&booking={made['id']}"
    free = http("GET", f"{query}&at=2027-03-16T09:15:00Z", token=STAFF)
    taken = http("GET", f"{query}&at=2027-03-16T10:15:00Z", token=STAFF)

    assert (free.status, free.body["offered"]) == (200, True)
    assert [reason["code"] for reason in taken.body["reasons"]] == ["booking"]
    assert http("GET", f"{query}&at=2027-03-16T09:15:00Z", token=made["management_token"]).status == 401


def test_a_second_click_is_answered_with_the_first_booking(http: Http) -> None:
    """Without a key, as a repetition by key is: 200, the same booking and its management token."""
    first, second = book(http, resource="any"), book(http, resource="any")

    assert (first.status, second.status) == (201, 200)
    assert (second.body, second.headers["ETag"]) == (first.body, first.headers["ETag"])


@pytest.mark.parametrize("wrong", ["20270316", "2027-03-16", "1805875200", "2027-03-16T09:00:00"])
def test_digits_are_no_instant_in_a_query(http: Http, wrong: str) -> None:
    """400 with the field named, never an empty list of 1970."""
    query = f"/slots?tenant=t1&service=cut&from={wrong}&to=2027-03-17T00:00:00Z"
    answer = http("GET", query, token=None)
    why = http("GET", f"/slots/explain?service=cut&resource=anna&at={wrong}", token=STAFF)

    assert (answer.status, [item["field"] for item in answer.body["errors"]]) == (400, ["from"])
    assert (why.status, [item["field"] for item in why.body["errors"]]) == (400, ["at"])
