import pytest

from tests.local.google.driver import ADA, Refused, all_day, timed


def ids(driver, **query):
    return [item["id"] for item in driver.all_items("events.list", calendarId=ADA, **query)[0]]


@pytest.mark.pitfall(7)
def test_window_compares_ends_with_time_min_and_starts_with_time_max(sim, ada):
    """Pitfall 7: both bounds are exclusive.

    An event that began before the window and ends in it is listed.
    """
    sim.owner.put_event(ADA, timed("2026-10-05T10:00:00", 60, zone="UTC", id="touch"))
    sim.owner.put_event(ADA, timed("2026-10-01T10:00:00", 60 * 24 * 5, zone="UTC", id="longer"))

    assert ids(ada, timeMin="2026-10-05T11:00:00Z") == ["longer"]
    assert ids(ada, timeMin="2026-10-05T10:59:59Z") == ["touch", "longer"]
    assert ids(ada, timeMax="2026-10-05T10:00:00Z") == ["longer"]
    assert ids(ada, timeMax="2026-10-05T10:00:01Z") == ["touch", "longer"]


@pytest.mark.parametrize("bad", ["2026-10-05 10:00:00+00:00", "2026-10-05T10:00:00", "2026-10-05", "soon"])
def test_bounds_need_rfc3339_with_an_offset(ada, bad):
    """A bound without an offset, or with a space, is a 400."""
    with pytest.raises(Refused) as caught:
        ada("events.list", calendarId=ADA, timeMin=bad)

    assert (caught.value.status, caught.value.reason) == (400, "badRequest")


def test_empty_window_is_refused(ada):
    """TimeMax must be later than timeMin."""
    with pytest.raises(Refused) as caught:
        ada("events.list", calendarId=ADA, timeMin="2026-10-05T10:00:00Z", timeMax="2026-10-05T10:00:00Z")

    assert caught.value.reason == "timeRangeEmpty"


@pytest.mark.pitfall(15)
def test_all_day_events_lie_in_the_calendars_zone(sim, ada):
    """Pitfall 15: an all-day event begins at midnight in the calendar's own zone."""
    pacific = sim.admin.add_calendar(ADA, "Pacific", time_zone="Pacific/Auckland")
    sim.owner.put_event(pacific, all_day("2026-10-05", id="vacation"))
    begins = {"timeMax": "2026-10-04T11:00:00Z"}

    assert ada("events.list", calendarId=pacific, **begins)["items"] == []
    assert len(ada("events.list", calendarId=pacific, timeMax="2026-10-04T11:00:01Z")["items"]) == 1
    assert ada("events.list", calendarId=pacific, timeMin="2026-10-05T11:00:00Z")["items"] == []


def test_series_are_listed_if_an_instance_is_in_the_window(sim, ada):
    """Without singleEvents the series itself is listed for its instances."""
    rule = ["RRULE:FREQ=WEEKLY;COUNT=3"]
    sim.owner.put_event(ADA, timed("2026-10-05T10:00:00", zone="UTC", id="series", recurrence=rule))

    assert ids(ada, timeMin="2026-10-18T00:00:00Z", timeMax="2026-10-20T00:00:00Z") == ["series"]
    assert ids(ada, timeMin="2026-10-13T00:00:00Z", timeMax="2026-10-19T00:00:00Z") == []
    assert ids(ada, timeMin="2026-10-19T11:00:00Z") == []


def test_order_by_start_needs_single_events(sim, ada):
    """orderBy=startTime sorts expanded events, and is refused otherwise; updated sorts by change."""
    sim.owner.put_event(ADA, timed("2026-10-06T10:00:00", id="later"))
    sim.owner.put_event(ADA, timed("2026-10-05T10:00:00", id="sooner"))
    sim.owner.edit_event(ADA, "later", {"summary": "x"})

    assert ids(ada, singleEvents=True, orderBy="startTime") == ["sooner", "later"]
    assert ids(ada, orderBy="updated") == ["sooner", "later"]
    with pytest.raises(Refused) as caught:
        ada("events.list", calendarId=ADA, orderBy="startTime")
    assert caught.value.status == 400


def test_pages_join_without_loss_or_repetition(sim, ada):
    """The default page has 250 items, the largest 2500; together they hold each event once."""
    sim.admin.bulk_load(ADA, [timed("2026-10-05T10:00:00", id=f"e{number:05d}") for number in range(2600)])

    assert len(ada("events.list", calendarId=ADA)["items"]) == 250
    assert len(ada("events.list", calendarId=ADA, maxResults=9999)["items"]) == 2500
    assert len(set(ids(ada, maxResults=999))) == 2600


@pytest.mark.pitfall(14)
def test_pages_can_be_short_empty_or_endless_by_script(sim, ada):
    """Pitfall 14: a short or empty page with a next token is not the end, and a page can repeat."""
    sim.admin.bulk_load(ADA, [timed("2026-10-05T10:00:00", id=f"event{number}") for number in range(4)])
    sim.add_fault("page", method="events.list", page="empty")
    sim.add_fault("page", method="events.list", page="short")
    first = ada("events.list", calendarId=ADA)
    second = ada("events.list", calendarId=ADA, pageToken=first["nextPageToken"])
    rest = ada("events.list", calendarId=ADA, pageToken=second["nextPageToken"])

    assert [len(page["items"]) for page in (first, second, rest)] == [0, 1, 3]

    sim.add_fault("page", method="events.list", page="loop", times=2)
    loops = [ada("events.list", calendarId=ADA)["nextPageToken"]]
    loops.append(ada("events.list", calendarId=ADA, pageToken=loops[0])["nextPageToken"])

    assert loops[0] == loops[1]


def test_pages_can_lack_the_token_or_whole_days_by_script(sim, ada):
    """The last page without its sync token, and a page without the events of whole days."""
    sim.admin.bulk_load(ADA, [timed("2026-10-05T10:00:00", id="event0"), all_day("2026-10-06", id="event1")])
    sim.add_fault("page", method="events.list", page="tokenless")
    sim.add_fault("page", method="events.list", page="timed")
    tokenless, partly, whole = (ada("events.list", calendarId=ADA) for _ in range(3))

    assert ["nextSyncToken" in page for page in (tokenless, partly, whole)] == [False, True, True]
    assert [len(page["items"]) for page in (tokenless, partly, whole)] == [2, 1, 2]


def test_filters_narrow_a_listing(sim, ada):
    """Type, iCalUID, text and extended properties narrow a listing; several properties must all match."""
    both = {"private": {"a": "1", "b": "2"}}
    sim.owner.put_event(ADA, timed("2026-10-05T10:00:00", id="first", extendedProperties=both))
    one = {"private": {"a": "1"}}
    found = timed("2026-10-05T10:00:00", id="second", summary="Tea with Zoe", extendedProperties=one)
    sim.owner.put_event(ADA, found)
    sim.owner.put_event(ADA, timed("2026-10-05T10:00:00", id="focus", eventType="focusTime"))

    assert ids(ada, privateExtendedProperty=["a=1"]) == ["first", "second"]
    assert ids(ada, privateExtendedProperty=["a=1", "b=2"]) == ["first"]
    assert ids(ada, q="zoe") == ["second"]
    assert ids(ada, iCalUID="second@google.com") == ["second"]
    assert ids(ada, eventTypes=["focusTime"]) == ["focus"]
    assert ids(ada, eventTypes=["default", "focusTime"]) == ["first", "second", "focus"]


def test_show_deleted_and_single_events_combine_as_documented(sim, ada):
    """Each combination lists the cancelled instances and deleted events that Google documents for it."""
    rule = ["RRULE:FREQ=DAILY;COUNT=3"]
    sim.owner.put_event(ADA, timed("2026-10-05T10:00:00", zone="UTC", id="series", recurrence=rule))
    sim.owner.put_event(ADA, timed("2026-10-05T10:00:00", id="single"))
    sim.owner.delete_event(ADA, "series_20261006T100000Z")
    sim.owner.delete_event(ADA, "single")
    instances = [f"series_202610{day:02d}T100000Z" for day in (5, 6, 7)]

    assert ids(ada) == ["series", instances[1]]
    assert set(ids(ada, singleEvents=True)) == {instances[0], instances[2]}
    assert ids(ada, showDeleted=True) == ["series", instances[1], "single"]
    assert set(ids(ada, showDeleted=True, singleEvents=True)) == set(instances)


def test_time_zone_changes_rendering_only(sim, ada):
    """The parameter timeZone changes the offsets in the answer, not the moments."""
    sim.owner.put_event(ADA, timed("2026-10-05T10:00:00", id="event1"))
    page = ada("events.list", calendarId=ADA, timeZone="America/New_York")

    assert page["timeZone"] == "America/New_York"
    assert page["items"][0]["start"]["dateTime"] == "2026-10-05T04:00:00-04:00"


def test_max_attendees_leaves_only_the_own_entry(sim, ada):
    """With more attendees than the maximum, only the calendar's own entry is shown."""
    guests = [{"email": ADA}] + [{"email": f"guest{number}@example.test"} for number in range(3)]
    sim.owner.put_event(ADA, timed("2026-10-05T10:00:00", attendees=guests))
    item = ada("events.list", calendarId=ADA, maxAttendees=2)["items"][0]

    assert [guest["email"] for guest in item["attendees"]] == [ADA]
    assert item["attendeesOmitted"] is True


def test_wrong_parameters_are_refused(ada):
    """Values outside an enum, and wrong integers and booleans, are 400."""
    for wrong in ({"orderBy": "id"}, {"maxResults": "many"}, {"maxResults": 0}, {"singleEvents": "perhaps"}):
        with pytest.raises(Refused) as caught:
            ada("events.list", calendarId=ADA, **wrong)
        assert (caught.value.status, caught.value.reason) == (400, "invalidParameter")


def test_unknown_calendar_is_not_found(ada):
    """A calendar without access and one that does not exist are answered alike."""
    for unknown in ("nobody@example.test", "bob@example.test"):
        with pytest.raises(Refused) as caught:
            ada("events.list", calendarId=unknown)
        assert (caught.value.status, caught.value.reason) == (404, "notFound")


def test_invalid_stored_events_are_listed_unchanged(sim, ada):
    """An invalid body that was stored unchecked is listed as it is, beside the other events."""
    sim.owner.put_event(ADA, timed("2026-10-05T10:00:00", id="sound"))
    sim.owner.put_raw(ADA, {"id": "broken", "status": "confirmed", "start": {"dateTime": "never"}})
    path = f"/calendar/v3/calendars/{ADA}/events"
    page = ada.client.get(path, headers={"Authorization": f"Bearer {ada.token}"}).get_json()

    assert [item["id"] for item in page["items"]] == ["sound", "broken"]
    assert page["items"][1]["start"] == {"dateTime": "never"}
