"""What a listing of changes holds of a series, its exceptions and its parts."""

from datetime import datetime

import pytest

from tests.local.google.driver import ADA, Refused, timed

DAILY = ["RRULE:FREQ=DAILY;COUNT=5"]
DAYS = [f"series_202610{day}T080000Z" for day in (19, 20, 21, 22, 23)]


@pytest.fixture
def series(sim):
    """Five days at ten o'clock (eight in UTC), two of them with another place."""
    sim.owner.put_event(ADA, timed("2026-10-19T10:00:00", id="series", recurrence=DAILY, summary="Class"))
    for number in (1, 3):
        sim.owner.edit_event(ADA, DAYS[number], {"location": f"Room {number}"})


@pytest.fixture
def token(series, ada):
    return ada("events.list", calendarId=ADA)["nextSyncToken"]


def delta(ada, token):
    return ada("events.list", calendarId=ADA, syncToken=token)["items"]


def instance_ids(ada, series_id):
    return sorted(item["id"] for item in ada("events.instances", calendarId=ADA, eventId=series_id)["items"])


def test_the_whole_family_comes_under_one_etag(sim, ada, token):
    """One deleted instance brings the series and every exception, all with the same etag and time."""
    sim.owner.delete_event(ADA, DAYS[0])
    items = delta(ada, token)

    assert {item["id"] for item in items} == {"series", DAYS[0], DAYS[1], DAYS[3]}
    assert len({item["etag"] for item in items}) == 1
    assert len({item["updated"] for item in items if "updated" in item}) == 1


def test_another_event_keeps_its_etag(sim, ada, token):
    """A change of a series does not list what does not belong to it."""
    sim.owner.put_event(ADA, timed("2026-10-19T15:00:00", id="other1"))
    after = ada("events.list", calendarId=ADA, syncToken=token)["nextSyncToken"]
    sim.owner.edit_event(ADA, DAYS[2], {"location": "Hall"})

    assert "other1" not in {item["id"] for item in delta(ada, after)}


def test_an_etag_is_twice_the_time_of_the_change(ada, token):
    """The owner's etag is a number: `updated` in microseconds, times two."""
    event = ada("events.get", calendarId=ADA, eventId="series")
    moment = datetime.fromisoformat(event["updated"]).timestamp()

    assert event["etag"] == f'"{round(moment * 1000) * 2000}"'


def test_a_deleted_series_is_listed_by_its_id(sim, ada, token):
    """A deleted series shows kind, etag, id and status alone."""
    sim.owner.delete_event(ADA, "series")
    gone = next(item for item in delta(ada, token) if item["id"] == "series")

    assert set(gone) == {"kind", "etag", "id", "status"}


def test_exceptions_beyond_a_cut_are_bare(sim, ada, token):
    """After "this and following" was deleted, a later exception shows id and status, and no series."""
    sim.owner.delete_following(ADA, DAYS[2])
    items = {item["id"]: item for item in delta(ada, token)}

    assert set(items) == {"series", DAYS[1], DAYS[3]}
    assert set(items[DAYS[3]]) == {"kind", "etag", "id", "status"}
    assert instance_ids(ada, "series") == DAYS[:2]


def test_a_cut_that_is_taken_back_brings_the_instances_back(sim, ada, token):
    """What a cut left behind does not hide an instance that the series has again."""
    sim.owner.delete_following(ADA, DAYS[2])
    sim.owner.edit_event(ADA, "series", {"recurrence": DAILY})

    assert instance_ids(ada, "series") == DAYS
    assert ada("events.get", calendarId=ADA, eventId=DAYS[3])["status"] == "confirmed"


def test_the_part_after_a_split_keeps_the_names_of_instances(sim, ada, token):
    """At the same time of day the new series is named after the old, and so are its instances."""
    new = sim.owner.split_series(ADA, DAYS[2], {"summary": "Other"})

    assert new["id"] == "series_R20261021T080000"
    assert instance_ids(ada, new["id"]) == DAYS[2:]
    assert ada("events.get", calendarId=ADA, eventId=DAYS[4])["recurringEventId"] == new["id"]


def test_the_part_before_a_split_ends_with_the_day_before(sim, ada, token):
    """UNTIL is the last second of the local day before, in UTC."""
    sim.owner.split_series(ADA, DAYS[2], {"summary": "Other"})

    rule = ada("events.get", calendarId=ADA, eventId="series")["recurrence"]
    assert rule == ["RRULE:FREQ=DAILY;UNTIL=20261020T215959Z"]


def test_an_earlier_instance_of_the_day_stays_in_the_part_before(sim, ada):
    """A series with several instances a day loses none of them by a split."""
    rule = ["RRULE:FREQ=HOURLY;INTERVAL=2;COUNT=4"]
    sim.owner.put_event(ADA, timed("2026-10-19T10:00:00", 30, id="often", recurrence=rule))
    sim.owner.split_series(ADA, "often_20261019T120000Z", {"summary": "Other"})

    assert instance_ids(ada, "often") == ["often_20261019T080000Z", "often_20261019T100000Z"]


def test_a_part_at_another_time_has_an_id_of_its_own(sim, ada, token):
    """Where the time of day changes too, id and iCalUID are new."""
    later = {
        name: {"dateTime": f"2026-10-21T1{hour}:00:00+02:00"} for name, hour in (("start", 4), ("end", 5))
    }
    new = sim.owner.split_series(ADA, DAYS[2], later)
    old = ada("events.get", calendarId=ADA, eventId="series")

    assert "series" not in new["id"]
    assert new["iCalUID"] != old["iCalUID"]
    assert ada("events.get", calendarId=ADA, eventId=DAYS[3])["status"] == "cancelled"


def test_the_part_after_a_split_keeps_what_apps_have_stored(sim, ada):
    """Extended properties are copied."""
    marked = {"private": {"mark": "1"}}
    body = timed("2026-10-19T10:00:00", id="marked", recurrence=DAILY, extendedProperties=marked)
    sim.owner.put_event(ADA, body)

    assert sim.owner.split_series(ADA, "marked_20261021T080000Z", {})["extendedProperties"] == marked


def test_the_order_of_changes_can_be_odd(sim, ada, token):
    """A switch: changes are listed in an order of their own, the same for the same changes."""
    sim.owner.edit_event(ADA, DAYS[2], {"location": "Hall"})
    usual = [item["id"] for item in delta(ada, token)]
    sim.admin.set_setting("shuffled_listings", True)
    odd = [item["id"] for item in delta(ada, token)]

    assert sorted(odd) == sorted(usual)
    assert odd != usual


def test_a_series_that_ended_can_still_be_listed(sim, ada, series):
    """A switch: a listing from after its end names the series."""
    query = {"calendarId": ADA, "timeMin": "2026-12-01T00:00:00Z"}
    before = ada("events.list", **query)["items"]
    sim.admin.set_setting("ended_series_listed", True)

    assert before == []
    assert "series" in {item["id"] for item in ada("events.list", **query)["items"]}


@pytest.mark.parametrize(("answer", "found"), [("empty", []), ("itself", ["series"])])
def test_instances_of_a_single_event_have_three_answers(sim, ada, token, answer, found):
    """Nobody knows what Google answers for what is no series: 400 unless the switch says otherwise."""
    sim.owner.edit_event(ADA, "series", {"recurrence": None})
    with pytest.raises(Refused) as caught:
        instance_ids(ada, "series")
    sim.admin.set_setting("instances_of_single", answer)

    assert (caught.value.status, caught.value.reason) == (400, "invalid")
    assert instance_ids(ada, "series") == found


@pytest.mark.parametrize(("wish", "status"), [("stay", "confirmed"), ("cancelled", "cancelled")])
def test_exceptions_of_a_series_made_single_stay_or_end(sim, ada, token, wish, status):
    """Nobody knows what becomes of the exceptions; the single event keeps the id."""
    sim.admin.set_setting("exceptions_of_single", wish)
    sim.owner.edit_event(ADA, "series", {"recurrence": None})
    items = {item["id"]: item for item in delta(ada, token)}

    assert "recurrence" not in items["series"]
    assert ada("events.get", calendarId=ADA, eventId=DAYS[1])["status"] == status
