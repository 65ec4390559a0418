import pytest

from tests.local.google.driver import ADA, Refused, all_day, timed

DAILY = ["RRULE:FREQ=DAILY;COUNT=5"]


def starts(driver, event="series", **query):
    items, _ = driver.all_items("events.instances", calendarId=ADA, eventId=event, **query)
    return [item["start"].get("dateTime") or item["start"]["date"] for item in items]


@pytest.fixture
def series(sim):
    """A series on five days at 10:00 in Zurich; before the third, winter time begins."""
    return sim.owner.put_event(ADA, timed("2026-10-23T10:00:00", id="series", recurrence=DAILY))


@pytest.mark.pitfall(17)
def test_wall_time_stays_across_dst(ada, series):
    """Pitfall 17: instances stay at 10:00 while the offset changes, and their ids have the start in UTC."""
    items = ada("events.instances", calendarId=ADA, eventId="series")["items"]

    assert [item["start"]["dateTime"][11:] for item in items] == ["10:00:00+02:00"] * 2 + [
        "10:00:00+01:00"
    ] * 3
    assert [item["id"][-8:] for item in items] == ["T080000Z"] * 2 + ["T090000Z"] * 3
    assert {item["recurringEventId"] for item in items} == {"series"}
    assert {item["iCalUID"] for item in items} == {series["iCalUID"]}


def test_wall_time_in_a_dst_gap_moves_an_hour_later(sim, ada):
    """An instance inside the hour that DST skips happens an hour later, once."""
    sim.owner.put_event(
        ADA, timed("2027-03-27T02:30:00", id="gap00", recurrence=["RRULE:FREQ=DAILY;COUNT=3"])
    )

    assert starts(ada, "gap00") == [
        "2027-03-27T02:30:00+01:00",
        "2027-03-28T03:30:00+02:00",
        "2027-03-29T02:30:00+02:00",
    ]


def test_rdate_adds_and_exdate_removes_instances(sim, ada):
    """RDATE and EXDATE work in UTC, with a TZID, and as dates."""
    lines = [
        "RRULE:FREQ=DAILY;COUNT=3",
        "EXDATE;TZID=Europe/Zurich:20261024T100000",
        "RDATE:20261101T090000Z",
    ]
    sim.owner.put_event(ADA, timed("2026-10-23T10:00:00", id="timed", recurrence=lines))
    days = ["RRULE:FREQ=WEEKLY;UNTIL=20261102", "EXDATE;VALUE=DATE:20261026"]
    sim.owner.put_event(ADA, all_day("2026-10-19", id="dates", recurrence=days))

    assert [start[:10] for start in starts(ada, "timed")] == ["2026-10-23", "2026-10-25", "2026-11-01"]
    assert starts(ada, "dates") == ["2026-10-19", "2026-11-02"]


def test_instances_have_a_window_with_inclusive_lower_bound(ada, series):
    """TimeMin is inclusive here, unlike in events.list."""
    ends = "2026-10-24T09:00:00Z"

    assert starts(ada, timeMin=ends)[0] == "2026-10-24T10:00:00+02:00"
    assert (
        ada("events.list", calendarId=ADA, singleEvents=True, timeMin=ends)["items"][0]["id"][-17:-8]
        == "_20261025"
    )
    assert starts(ada, timeMax="2026-10-24T08:00:00Z") == ["2026-10-23T10:00:00+02:00"]
    assert starts(ada, originalStart="2026-10-25T09:00:00Z") == ["2026-10-25T10:00:00+01:00"]


def test_instances_of_a_single_event_are_refused(sim, ada):
    """events.instances of an event that is not a series is a 400."""
    sim.owner.put_event(ADA, timed("2026-10-23T10:00:00", id="single"))

    for event, status in (("single", 400), ("nothere", 404)):
        with pytest.raises(Refused) as caught:
            ada("events.instances", calendarId=ADA, eventId=event)
        assert caught.value.status == status


@pytest.mark.pitfall(14)
def test_edited_instance_becomes_an_exception(ada, series):
    """Pitfall 14: a moved instance keeps its id and original start, and replaces the regular one."""
    where = {"calendarId": ADA, "eventId": "series_20261024T080000Z"}
    body = timed("2026-12-01T15:00:00")
    moved = ada("events.patch", body, **where)
    page = ada("events.list", calendarId=ADA)

    assert moved["originalStartTime"]["dateTime"] == "2026-10-24T10:00:00+02:00"
    assert [item["id"] for item in page["items"]] == ["series", where["eventId"]]
    assert max(starts(ada)) == "2026-12-01T15:00:00+01:00"
    assert len(starts(ada)) == 5
    assert ada("events.get", **where) == moved


@pytest.mark.pitfall(14)
def test_cancelled_instance_shows_ids_only(ada, series):
    """Pitfall 14: a cancelled instance has id, series and original start, and frees only its own time."""
    where = {"calendarId": ADA, "eventId": "series_20261024T080000Z"}
    ada("events.delete", **where)
    stub = ada("events.get", **where)

    assert stub.keys() == {"kind", "etag", "id", "status", "recurringEventId", "originalStartTime"}
    assert len(starts(ada)) == 4
    assert len(ada("events.instances", calendarId=ADA, eventId="series", showDeleted=True)["items"]) == 5
    with pytest.raises(Refused) as caught:
        ada("events.delete", **where)
    assert caught.value.status == 410


def test_unknown_instances_are_not_found(ada, series):
    """An instance id that the rule does not produce is 404."""
    for event in (
        "series_20261024T090000Z",
        "series_20261024",
        "series_20261130T090000Z",
        "nothing_20261024T080000Z",
    ):
        with pytest.raises(Refused) as caught:
            ada("events.get", calendarId=ADA, eventId=event)
        assert caught.value.status == 404


def test_series_edit_reaches_untouched_fields_of_exceptions(sim, ada, series):
    """An exception keeps the fields that were edited on it and takes the others from the series."""
    sim.owner.edit_event(ADA, "series_20261024T080000Z", {"location": "Room 7"})
    ada("events.patch", {"summary": "New", "location": "Room 1"}, calendarId=ADA, eventId="series")
    exception = ada("events.get", calendarId=ADA, eventId="series_20261024T080000Z")

    assert (exception["summary"], exception["location"]) == ("New", "Room 7")


def test_moving_a_series_cancels_its_exceptions(sim, ada, series):
    """After a change of the series' time, exceptions of instances that no longer exist are cancelled."""
    sim.owner.edit_event(ADA, "series_20261024T080000Z", {"location": "Room 7"})
    sim.owner.shift_event(ADA, "series", minutes=30)

    assert ada("events.get", calendarId=ADA, eventId="series_20261024T080000Z")["status"] == "cancelled"
    assert [start[11:16] for start in starts(ada)] == ["10:30"] * 5


def test_deleting_a_series_cancels_its_exceptions(sim, ada, series):
    """The series and its exceptions all arrive as cancelled."""
    token = ada("events.list", calendarId=ADA)["nextSyncToken"]
    sim.owner.edit_event(ADA, "series_20261024T080000Z", {"location": "Room 7"})
    ada("events.delete", calendarId=ADA, eventId="series")
    items = ada("events.list", calendarId=ADA, syncToken=token)["items"]

    assert {item["id"]: item["status"] for item in items} == {
        "series": "cancelled",
        "series_20261024T080000Z": "cancelled",
    }


@pytest.mark.pitfall(14)
def test_editing_this_and_following_splits_the_series(sim, ada, series):
    """Pitfall 14: the old series ends, a new one begins, and later exceptions are lost."""
    sim.owner.edit_event(ADA, "series_20261026T090000Z", {"location": "Room 7"})
    new = sim.owner.split_series(ADA, "series_20261025T090000Z", {"summary": "New"})

    assert new["id"] == "series_R20261025T090000"
    assert new["recurrence"] == ["RRULE:FREQ=DAILY;COUNT=3"]
    assert [start[:10] for start in starts(ada)] == ["2026-10-23", "2026-10-24"]
    assert [start[:10] for start in starts(ada, new["id"])] == ["2026-10-25", "2026-10-26", "2026-10-27"]
    moved = ada("events.get", calendarId=ADA, eventId="series_20261026T090000Z")
    assert (moved["recurringEventId"], moved.get("location")) == (new["id"], None)


def test_deleting_this_and_following_ends_the_series(sim, ada, series):
    """The series gets an UNTIL before the instance."""
    sim.owner.delete_following(ADA, "series_20261025T090000Z")

    assert [start[:10] for start in starts(ada)] == ["2026-10-23", "2026-10-24"]


@pytest.mark.pitfall(14)
def test_many_instances_on_one_day(sim, ada):
    """Pitfall 14: sixty instances within a day are all listed, over several pages."""
    rule = ["RRULE:FREQ=MINUTELY;INTERVAL=10;COUNT=60"]
    sim.owner.put_event(ADA, timed("2026-10-23T08:00:00", 5, id="often", recurrence=rule))
    items, _ = ada.all_items("events.list", calendarId=ADA, singleEvents=True, maxResults=7)

    assert len({item["id"] for item in items}) == 60


def test_private_instance_makes_the_series_private(ada, series):
    """A more restrictive visibility on one instance applies to the whole series."""
    ada("events.patch", {"visibility": "private"}, calendarId=ADA, eventId="series_20261024T080000Z")

    assert ada("events.get", calendarId=ADA, eventId="series")["visibility"] == "private"


def test_rules_by_the_second_are_refused(ada):
    """A rule with FREQ=SECONDLY is a 400."""
    with pytest.raises(Refused) as caught:
        ada("events.insert", timed("2026-10-23T08:00:00", recurrence=["RRULE:FREQ=SECONDLY"]), calendarId=ADA)

    assert (caught.value.status, caught.value.reason) == (400, "invalid")
