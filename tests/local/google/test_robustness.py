import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local.google import GoogleSimulator
from tests.local.google.driver import ADA, Clock, Driver, Refused, document, methods, timed

WORDS = [
    "",
    "x",
    "2026-10-05T10:00:00Z",
    "2026-10-05",
    "UTC",
    "cancelled",
    "RRULE:FREQ=DAILY",
    "99",
    "a@b.test",
]
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(10**6), 10**15), st.sampled_from(WORDS), st.text(max_size=5)
)


def bodies(schema):
    """Bodies with declared field names, whose values are not always of the declared type."""
    while "$ref" in schema:
        schema = document()["schemas"][schema["$ref"]]
    if "properties" in schema:
        parts = {
            name: bodies(value) for name, value in schema["properties"].items() if name != "conferenceData"
        }
        return st.one_of(scalars, st.fixed_dictionaries({}, optional=parts))
    if schema.get("type") == "array":
        return st.one_of(scalars, st.lists(bodies(schema["items"]), max_size=3))
    if schema.get("type") == "object":
        return st.one_of(scalars, st.dictionaries(st.text(max_size=3), scalars, max_size=3))
    return scalars


def driver():
    sim = GoogleSimulator(now=Clock())
    sim.admin.add_client("client", secret="secret", redirect_uris=["https://app.example.test/"])
    sim.admin.add_account(ADA)
    sim.owner.put_event(ADA, timed("2026-10-05T10:00:00", id="event0"))
    return Driver(sim, sim.admin.grant(ADA, "client", ["calendar"])["access_token"])


def outcome(api, method, *arguments, **named):
    """The status of a call, after checking that its answer or error has the documented form."""
    try:
        api(method, *arguments, **named)
    except Refused as refused:
        return refused.status if refused.reason else 0
    return 200


WRITING = [name for name, method in methods().items() if "request" in method and not name.startswith("acl")]


@pytest.mark.parametrize("method", WRITING)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_no_body_breaks_the_simulator(method, data):
    """Whatever body is sent, the answer fits its schema or is an error, and reading still works."""
    api = driver()
    body = data.draw(st.one_of(bodies({"$ref": methods()[method]["request"]["$ref"]}), scalars))
    if method.startswith("events.") and isinstance(body, dict) and data.draw(st.booleans()):
        body = timed("2026-10-06T10:00:00") | body
    names = {"calendarId": ADA, "eventId": "event0"}
    where = {name: value for name, value in names.items() if f"{{{name}}}" in methods()[method]["path"]}
    assert outcome(api, method, body, **where) in {200, *range(400, 500), 501}
    api("events.list", calendarId=ADA, singleEvents=True, showDeleted=True)
    api("calendarList.list")


QUERIES = [
    "events.list",
    "events.instances",
    "calendarList.list",
    "events.get",
    "events.move",
    "events.delete",
]


@pytest.mark.parametrize("method", QUERIES)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_no_query_breaks_the_simulator(method, data):
    """Whatever query is sent, the answer fits its schema or is an error with a reason."""
    spec = methods()[method]
    names = [name for name, each in spec["parameters"].items() if each["location"] == "query"]
    chosen = data.draw(
        st.dictionaries(st.sampled_from([*names, "fields"]), st.sampled_from(WORDS), max_size=3)
    )
    where = {
        name: value
        for name, value in {"calendarId": ADA, "eventId": "event0"}.items()
        if name in spec["path"]
    }

    assert outcome(driver(), method, **where, **chosen) in {200, *range(400, 500)}
