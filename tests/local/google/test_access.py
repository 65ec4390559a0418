import pytest

from tests.local.google.driver import Refused, all_day, methods, timed

ADA, BOB = "ada@example.test", "bob@example.test"
DAY = "2026-10-05T10:00:00"
FREE_BUSY = {"timeMin": "2026-10-05T00:00:00Z", "timeMax": "2026-10-06T00:00:00Z", "items": [{"id": ADA}]}


def refusal(call, *arguments, **named):
    with pytest.raises(Refused) as caught:
        call(*arguments, **named)
    return caught.value


@pytest.mark.parametrize(
    ("scope", "method", "allowed"),
    [
        ("calendar.events", "calendarList.list", False),
        ("calendar.app.created", "calendarList.list", False),
        ("calendar.calendarlist.readonly", "calendarList.list", True),
        ("calendar.calendarlist.readonly", "events.list", False),
        ("calendar.events.readonly", "events.list", True),
        ("calendar.events.readonly", "events.insert", False),
        ("calendar.events.owned", "events.insert", True),
        ("calendar.events", "freebusy.query", False),
        ("calendar.freebusy", "freebusy.query", True),
        ("calendar.freebusy", "events.list", False),
        ("calendar.events.freebusy", "freebusy.query", True),
        ("calendar.events.freebusy", "events.list", True),
        ("calendar.events", "calendars.insert", False),
        ("calendar.app.created", "calendars.insert", True),
    ],
)
def test_each_method_needs_one_of_its_declared_scopes(connect, scope, method, allowed):
    """A call passes only with one of the scopes that the discovery document declares for its method."""
    driver = connect(scopes=[scope])
    body = {"freebusy.query": FREE_BUSY, "calendars.insert": {"summary": "x"}}.get(method, timed(DAY))
    where = {"calendarId": ADA} if "calendarId" in methods()[method].get("parameters", {}) else {}
    arguments = [body] if "request" in methods()[method] else []
    if allowed:
        driver(method, *arguments, **where)
    else:
        assert refusal(driver, method, *arguments, **where).reason == "insufficientPermissions"


def test_insufficient_scope_is_answered_in_the_newer_error_format(connect):
    """The body has the classic error list and details that name the reason and the method."""
    caught = refusal(connect(scopes=["calendar.events"]), "calendarList.list")

    assert caught.status == 403
    assert caught.body["error"]["message"] == "Request had insufficient authentication scopes."
    assert caught.body["error"]["status"] == "PERMISSION_DENIED"
    detail = caught.body["error"]["details"][0]
    assert detail["reason"] == "ACCESS_TOKEN_SCOPE_INSUFFICIENT"
    assert detail["metadata"]["method"] == "calendar.v3.CalendarList.List"
    assert "insufficient_scope" in caught.headers["WWW-Authenticate"]


def test_missing_and_unknown_tokens_are_401(sim, ada):
    """A call without a token, or with an unknown one, is refused with its own reason."""
    path = f"/calendar/v3/calendars/{ADA}/events"

    assert ada.client.get(path).get_json()["error"]["errors"][0]["reason"] == "required"
    wrong = ada.client.get(path, headers={"Authorization": "Bearer x"})
    assert (wrong.status_code, wrong.get_json()["error"]["errors"][0]["reason"]) == (401, "authError")


@pytest.mark.parametrize(
    ("role", "reads", "writes"),
    [
        ("freeBusyReader", True, False),
        ("reader", True, False),
        ("writerWithoutPrivateAccess", True, True),
        ("writer", True, True),
        ("owner", True, True),
    ],
)
def test_each_role_reads_and_writes_what_it_may(sim, bob, role, reads, writes):
    """For each of the five roles: whether it reads and writes, and which role the list shows."""
    sim.admin.share(ADA, BOB, role)
    page = bob("events.list", calendarId=ADA)

    assert page["accessRole"] == role
    assert bob("calendarList.get", calendarId=ADA)["accessRole"] == role
    if writes:
        bob("events.insert", timed(DAY), calendarId=ADA)
    else:
        caught = refusal(bob, "events.insert", timed(DAY), calendarId=ADA)
        assert (caught.status, caught.reason) == (403, "requiredAccessLevel")


@pytest.mark.pitfall(25)
def test_free_busy_readers_see_expanded_times_without_titles(sim, bob):
    """Pitfall 25: to a freeBusyReader a series arrives as single events that show their times only."""
    sim.admin.share(ADA, BOB, "freeBusyReader")
    body = timed(DAY, summary="Secret", location="There", recurrence=["RRULE:FREQ=DAILY;COUNT=2"])
    sim.owner.put_event(ADA, body)
    items = bob("events.list", calendarId=ADA)["items"]

    assert len(items) == 2
    assert not {"summary", "location", "reminders", "organizer"} & items[0].keys()
    assert items[0]["start"]["dateTime"] == "2026-10-05T10:00:00+02:00"


@pytest.mark.pitfall(25)
@pytest.mark.parametrize("role", ["reader", "writerWithoutPrivateAccess"])
def test_private_events_hide_their_details(sim, ada, bob, role):
    """Pitfall 25: without access to private events one sees only their times, and cannot change them."""
    sim.admin.share(ADA, BOB, role)
    made = ada("events.insert", timed(DAY, summary="Secret", visibility="private"), calendarId=ADA)
    where = {"calendarId": ADA, "eventId": made["id"]}
    seen = bob("events.get", **where)

    assert "summary" not in seen
    assert seen["visibility"] == "private"
    assert refusal(bob, "events.patch", {"summary": "x"}, **where).status == 403
    assert ada("events.get", **where)["summary"] == "Secret"


def test_owned_scope_does_not_reach_shared_calendars(sim, connect):
    """The scope events.owned works on the account's own calendars only."""
    shared = sim.admin.add_calendar(BOB, "Team")
    sim.admin.share(shared, ADA, "writer")
    driver = connect(scopes=["calendar.events.owned"])

    driver("events.list", calendarId=ADA)
    assert refusal(driver, "events.list", calendarId=shared).status == 403


def test_app_created_scope_reaches_only_calendars_of_its_project(connect):
    """The scope app.created reaches neither the primary calendar nor another project's calendars."""
    driver = connect(scopes=["calendar.app.created"])
    other = connect(scopes=["calendar.app.created"], client="other")
    made = driver("calendars.insert", {"summary": "Bookings"})["id"]

    driver("events.insert", timed(DAY), calendarId=made)
    assert refusal(driver, "events.list", calendarId=ADA).status == 403
    assert refusal(other, "events.list", calendarId=made).status == 403
    driver("calendars.delete", calendarId=made)


def test_public_scope_reads_public_calendars(sim, connect):
    """The scope events.public.readonly works on published calendars only."""
    public = sim.admin.add_calendar(BOB, "Open days")
    driver = connect(scopes=["calendar.events.public.readonly"])

    assert refusal(driver, "events.list", calendarId=public).status == 404
    sim.admin.publish(public)
    assert driver("events.list", calendarId=public)["accessRole"] == "reader"


def test_lost_access_is_not_found(sim, bob):
    """After a calendar is no longer shared, list and watch are 404."""
    sim.admin.share(ADA, BOB, "writer")
    bob("events.list", calendarId=ADA)
    sim.admin.unshare(ADA, BOB)

    assert refusal(bob, "events.list", calendarId=ADA).status == 404
    channel = {"id": "c", "type": "web_hook", "address": "https://app.example.test/"}
    assert refusal(bob, "events.watch", channel, calendarId=ADA).status == 404


def test_free_busy_merges_times_and_reports_errors_per_calendar(sim, ada):
    """Busy times are merged and cut to the window; a calendar without access is an error inside the 200."""
    sim.owner.put_event(ADA, timed("2026-10-05T10:00:00", 60))
    sim.owner.put_event(ADA, timed("2026-10-05T11:00:00", 30))
    sim.owner.put_event(ADA, timed("2026-10-05T14:00:00", transparency="transparent"))
    sim.owner.put_event(ADA, timed("2026-10-05T23:00:00", 600))
    body = FREE_BUSY | {"items": [{"id": ADA}, {"id": BOB}]}
    found = ada("freebusy.query", body)["calendars"]

    assert found[ADA] == {
        "busy": [
            {"start": "2026-10-05T08:00:00Z", "end": "2026-10-05T09:30:00Z"},
            {"start": "2026-10-05T21:00:00Z", "end": "2026-10-06T00:00:00Z"},
        ]
    }
    assert found[BOB] == {"errors": [{"domain": "global", "reason": "notFound"}], "busy": []}


@pytest.mark.pitfall(15)
def test_free_busy_counts_all_day_events_in_the_calendars_zone(sim, ada):
    """Pitfall 15: an opaque all-day event blocks from midnight to midnight in the calendar's zone."""
    sim.owner.put_event(ADA, all_day("2026-10-05"))

    assert ada("freebusy.query", FREE_BUSY | {"timeZone": "Europe/Zurich"})["calendars"][ADA]["busy"] == [
        {"start": "2026-10-05T02:00:00+02:00", "end": "2026-10-06T00:00:00+02:00"}
    ]


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"timeMin": None}, "required"),
        ({"timeMax": "2027-10-05T00:00:00Z"}, "timeRangeTooLong"),
        ({"timeMax": "2026-10-05T00:00:00Z"}, "timeRangeEmpty"),
        ({"timeZone": "Nowhere"}, "invalid"),
    ],
)
def test_free_busy_refuses_wrong_windows(ada, change, reason):
    """Both bounds are needed, in order, and not too far apart."""
    assert refusal(ada, "freebusy.query", FREE_BUSY | change).reason == reason


def test_free_busy_answers_fifty_calendars_at_most(ada):
    """The fifty-first calendar of a query is an error; the others are answered."""
    names = [{"id": f"c{number}"} for number in range(50)] + [{"id": ADA}]
    found = ada("freebusy.query", FREE_BUSY | {"items": names})["calendars"]

    assert found[ADA]["errors"][0]["reason"] == "tooManyCalendarsRequested"
