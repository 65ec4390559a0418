import json
from functools import cache

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from werkzeug.test import Client

from local.microsoft import MicrosoftSimulator, WebhookReply
from tests.local.microsoft.driver import ADA, SCHEMA, WINDOW, Clock, members, recurring, timed, weekly

PLAIN = ["", "x", "UTC", "2026-02-30", "2026-10-05", "0001-01-01", "9999-12-31T23:59:59", "daily"]
MEMBERS = st.sampled_from(["dateTime", "timeZone", "type"])
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 400) | st.floats(-1, 1) | st.sampled_from(PLAIN),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(MEMBERS, inner),
    max_leaves=4,
)
ARGUMENTS = st.sampled_from(["schedules", "startTime", "endTime", "availabilityViewInterval", "inputIds"])
OPTION = (
    "$top $skip $filter $select $expand $orderby $count startDateTime endDateTime $deltatoken $skiptoken "
    "$search odd"
)
VALUE = (
    "|1|-1|x|W10=|start/dateTime ge 'x'|id|2026-10-01T00:00:00Z|2026-13-01|((|subject eq 1|isAllDay gt true|"
    "extensions|instances($select=id)|r1.0|categories/any(c:c eq 'x')|categories/any(c:c odd 'x')|é|"
    "singleValueExtendedProperties/any(e:e/id eq 'x')|start/dateTime desc"
)
QUERY = st.dictionaries(st.sampled_from(OPTION.split()), st.sampled_from(VALUE.split("|")), max_size=4)
OPTIONS = settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))


@cache
def world():
    sim = MicrosoftSimulator(now=Clock(), send_push=lambda *_: WebhookReply(202))
    sim.admin.add_client("client", secret="secret", redirect_uris=["https://app.example.test/cb"])
    sim.admin.add_account(ADA)
    sim.admin.set_limits()
    made = sim.owner.put_event(ADA, timed("2026-10-05T10:00:00", recurrence=weekly("2026-10-05", "monday")))
    scopes = ["Calendars.ReadWrite", "User.Read", "MailboxSettings.ReadWrite"]
    return sim, made["id"], sim.admin.grant(ADA, "client", scopes)["access_token"]


def mutated(type_name):
    """A valid body of a type, with some members replaced by wrong values."""
    names = sorted(members(type_name))
    return st.dictionaries(st.sampled_from(names), JUNK, max_size=4)


def status(verb, path, body=None, query=None):
    sim, _, token = world()
    headers = {"Authorization": f"Bearer {token}"}
    options = {"headers": headers, "query_string": query or {}}
    if body is not None:
        options |= {"data": json.dumps(body), "content_type": "application/json"}
    return Client(sim).open(f"/v1.0{path}", method=verb, **options).status_code


@OPTIONS
@given(mutated("event"), st.booleans())
@example({"recurrence": recurring({"type": "daily"}, "soon")}, True)
@example({"recurrence": recurring({"type": "absoluteMonthly", "dayOfMonth": 32}, "2026-10-05")}, True)
@example(
    {"recurrence": recurring({"type": "absoluteYearly", "dayOfMonth": 30, "month": 2}, "2026-10-05")}, True
)
@example({"start": {"dateTime": "0001-01-01T00:00:00", "timeZone": "Tonga Standard Time"}}, True)
@example({"end": {"dateTime": "9999-12-31T23:59:59", "timeZone": "Hawaiian Standard Time"}}, True)
@example({"isAllDay": True}, False)
def test_no_event_body_breaks_the_simulator(junk, create):
    """Whatever event is sent is stored or refused, and the calendar can still be listed."""
    series = world()[1]
    if create:
        found = status("POST", "/me/events", timed("2026-10-05T10:00:00") | junk)
    else:
        found = status("PATCH", f"/me/events/{series}", junk)

    assert found in {200, 201, 400}
    assert 200 == status("GET", "/me/events", query={"$top": 1000})
    assert 200 == status("GET", "/me/calendarView", query=WINDOW | {"$top": 1000})
    for event in world()[0].inspect.events(ADA):
        if event["id"] != series:
            world()[0].owner.delete_event(ADA, event["id"])


@OPTIONS
@given(
    st.sampled_from(["subscription", "calendar", "mailboxSettings"]).flatmap(
        lambda name: st.tuples(st.just(name), mutated(name))
    )
)
def test_no_other_body_breaks_the_simulator(case):
    """Whatever subscription, calendar or setting is sent is stored or refused."""
    name, body = case
    verb, path = {
        "subscription": ("POST", "/subscriptions"),
        "calendar": ("POST", "/me/calendars"),
        "mailboxSettings": ("PATCH", "/me/mailboxSettings"),
    }[name]

    assert status(verb, path, body) in {200, 201, 400, 403, 404, 409}


@OPTIONS
@given(
    st.dictionaries(
        st.sampled_from(["schedules", "startTime", "endTime", "availabilityViewInterval", "inputIds"]), JUNK
    )
)
def test_no_action_body_breaks_the_simulator(body):
    """Whatever is sent to actions and batches is answered or refused."""
    _, series, _ = world()
    for path in (
        "/me/calendar/getSchedule",
        "/me/translateExchangeIds",
        f"/me/events/{series}/accept",
        "/$batch",
    ):
        assert status("POST", path, body) in {200, 202, 400}
    assert 400 == status("POST", "/$batch", {"requests": [body]})


@OPTIONS
@given(st.sampled_from(sorted(SCHEMA["paths"])), QUERY)
def test_no_address_breaks_the_simulator(template, query):
    """Every address of the metadata answers or refuses, whatever its query."""
    sim, series, _ = world()
    path = template
    for name, value in (("event-id", series), ("calendar-id", sim.admin.default_calendar(ADA))):
        path = path.replace(f"{{{name}}}", value)
    found = status("GET", path, query=query)

    assert found in {200, 400, 404, 405, 410, 501}
