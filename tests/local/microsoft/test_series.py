import pytest

from tests.local.microsoft.driver import (
    ADA,
    WINDOW,
    Refused,
    all_day,
    recurring,
    starts,
    timed,
    weekly,
)

DST = {"startDateTime": "2026-10-19T00:00:00Z", "endDateTime": "2026-11-03T00:00:00Z"}


@pytest.fixture
def series(ada):
    """A series on Mondays at ten, in Zurich."""
    return ada("POST", "/me/events", timed("2026-10-05T10:00:00", recurrence=weekly("2026-10-05", "monday")))


def days(ada, series, **window):
    return ada.all(f"/me/events/{series['id']}/instances", **{**WINDOW, **window})[0]


def test_occurrences_keep_their_wall_time_over_dst(ada, series):
    """An occurrence stays at ten o'clock when the clocks change."""
    assert "seriesMaster" == series["type"]
    assert ["2026-10-19T08:00", "2026-10-26T09:00", "2026-11-02T09:00"] == starts(days(ada, series, **DST))


def test_list_shows_the_series_and_view_its_occurrences(ada, series):
    """/events has the series once; calendarView has its occurrences and never the series."""
    listed = ada("GET", "/me/events")["value"]
    view = ada.all("/me/calendarView", **WINDOW)[0]

    assert [("seriesMaster", series["id"])] == [(each["type"], each["id"]) for each in listed]
    assert {("occurrence", series["id"])} == {(each["type"], each["seriesMasterId"]) for each in view}
    assert 4 == len({each["id"] for each in view}) == len({each["iCalUId"] for each in view})


def test_series_begins_with_its_first_occurrence(ada):
    """A start that does not fit the pattern is moved to the first day that does."""
    made = ada("POST", "/me/events", timed("2026-10-05T10:00:00", recurrence=weekly("2026-10-05", "friday")))

    assert ["2026-10-09T08:00"] == starts([made])


RELATIVE = {"type": "relativeMonthly", "index": "second", "daysOfWeek": ["monday", "friday"]}
YEARLY = {"type": "relativeYearly", "index": "first", "daysOfWeek": ["sunday"], "month": 10}


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"type": "daily", "interval": 10}, ["01", "11", "21", "31"]),
        (
            {"type": "weekly", "interval": 2, "daysOfWeek": ["monday", "thursday"]},
            ["01", "12", "15", "26", "29"],
        ),
        ({"type": "absoluteMonthly", "dayOfMonth": 31}, ["31"]),
        ({"type": "relativeMonthly", "daysOfWeek": ["tuesday"], "index": "last"}, ["27"]),
        (RELATIVE, ["05"]),
        ({"type": "absoluteYearly", "dayOfMonth": 12, "month": 10}, ["12"]),
        (YEARLY, ["04"]),
    ],
)
def test_every_pattern_is_expanded(ada, pattern, expected):
    """Every recurrence pattern of Graph gives the right days."""
    body = timed("2026-10-01T10:00:00", recurrence=recurring(pattern, "2026-10-01"))
    made = ada("POST", "/me/events", body)

    assert expected == [each[8:10] for each in starts(days(ada, made))]


def test_short_months_have_the_occurrence_on_their_last_day(ada):
    """A series on the 31st has its occurrence on the 30th in November and on the 28th in February."""
    pattern = {"type": "absoluteMonthly", "dayOfMonth": 31}
    made = ada(
        "POST", "/me/events", timed("2026-10-31T10:00:00", recurrence=recurring(pattern, "2026-10-31"))
    )
    found = days(ada, made, endDateTime="2027-03-01T00:00:00Z")

    assert ["10-31", "11-30", "12-31", "01-31", "02-28"] == [each[5:10] for each in starts(found)]


@pytest.mark.parametrize(("span", "count"), [({"numberOfOccurrences": 2}, 2), ({"endDate": "2026-10-19"}, 3)])
def test_ranges_end_a_series(ada, span, count):
    """A series ends after a number of occurrences, or with a date that is included."""
    made = ada(
        "POST", "/me/events", timed("2026-10-05T10:00:00", recurrence=weekly("2026-10-05", "monday", **span))
    )

    assert count == len(days(ada, made))


def test_recurring_all_day_has_dates(ada):
    """Occurrences of an all-day series are midnights; their original start is a moment."""
    made = ada("POST", "/me/events", all_day("2026-10-20", recurrence=weekly("2026-10-20", "tuesday")))
    found = days(ada, made, **DST)

    assert ["2026-10-20T00:00", "2026-10-27T00:00", "2026-11-03T00:00"] == starts(found)
    assert ["19T22", "26T23", "02T23"] == [each["originalStart"][8:13] for each in found]


def test_changed_occurrence_is_an_exception(ada, series):
    """It keeps its id and its original start, and takes what it does not change from the series."""
    day = days(ada, series)[1]
    ada("PATCH", f"/me/events/{series['id']}", {"subject": "Colour"})
    body = timed("2026-10-13T15:00:00", showAs="free")
    changed = ada(
        "PATCH", f"/me/events/{day['id']}", {name: body[name] for name in ("start", "end", "showAs")}
    )

    assert (day["id"], "exception", "Colour") == (changed["id"], changed["type"], changed["subject"])
    assert "2026-10-12T08:00:00.0000000Z" == changed["originalStart"]
    assert ["2026-10-05T08:00", "2026-10-13T13:00", "2026-10-19T08:00", "2026-10-26T09:00"] == starts(
        ada.all("/me/calendarView", **WINDOW, **{"$orderby": "start/dateTime"})[0]
    )
    master = ada("GET", f"/me/events/{series['id']}", **{"$expand": "exceptionOccurrences"})
    assert [day["id"]] == [each["id"] for each in master["exceptionOccurrences"]]


@pytest.mark.parametrize("target", ["2026-10-05T18:00:00", "2026-10-19T06:00:00", "2026-10-21T06:00:00"])
def test_occurrence_cannot_pass_its_neighbours(ada, series, target):
    """An occurrence cannot be moved to or past the day of the one before or after."""
    day = days(ada, series)[1]
    body = timed(target)
    with pytest.raises(Refused) as caught:
        ada("PATCH", f"/me/events/{day['id']}", {"start": body["start"], "end": body["end"]})

    assert (400, "ErrorOccurrenceCrossingBoundary") == (caught.value.status, caught.value.code)


def test_deleted_occurrence_is_only_in_cancelled_occurrences(ada, series):
    """It is in no list; the series names it in cancelledOccurrences if that is selected."""
    day = days(ada, series)[1]
    ada("DELETE", f"/me/events/{day['id']}")
    with pytest.raises(Refused):
        ada("GET", f"/me/events/{day['id']}")
    master = ada("GET", f"/me/events/{series['id']}", **{"$select": "cancelledOccurrences"})

    assert 3 == len(days(ada, series))
    assert ["2026-10-12"] == [each.rpartition(".")[2] for each in master["cancelledOccurrences"]]


def test_moved_series_loses_its_exceptions(ada, series):
    """A new time for the series makes all occurrences ordinary again; their ids follow their dates."""
    before = days(ada, series)
    ada("PATCH", f"/me/events/{before[1]['id']}", {"subject": "Special"})
    ada("DELETE", f"/me/events/{before[2]['id']}")
    body = timed("2026-10-05T14:00:00")
    ada("PATCH", f"/me/events/{series['id']}", {"start": body["start"], "end": body["end"]})
    after = days(ada, series)

    assert {"occurrence"} == {each["type"] for each in after}
    assert [each["id"] for each in before] == [each["id"] for each in after]
    assert "2026-10-05T12:00" == starts(after)[0]


def test_editing_this_and_following_splits_the_series(sim, ada, series):
    """Outlook ends the series and begins another one with another id."""
    third = days(ada, series)[2]
    new = sim.owner.split_series(ADA, third["id"], {"subject": "New"})
    found = ada.all("/me/calendarView", **WINDOW)[0]

    assert [("Haircut", series["id"])] * 2 + [("New", new["id"])] * 2 == [
        (each["subject"], each["seriesMasterId"]) for each in found
    ]


def test_deleting_this_and_following_ends_the_series(sim, ada, series):
    """The occurrences before the day stay."""
    sim.owner.delete_following(ADA, days(ada, series)[1]["id"])

    assert ["2026-10-05T08:00"] == starts(ada.all("/me/calendarView", **WINDOW)[0])


def test_deleted_series_takes_its_exceptions(ada, series):
    """The exceptions are deleted with the series."""
    day = days(ada, series)[1]
    ada("PATCH", f"/me/events/{day['id']}", {"subject": "Special"})
    ada("DELETE", f"/me/events/{series['id']}")

    assert [] == ada("GET", "/me/calendarView", **WINDOW)["value"]


def test_owner_moves_one_occurrence(sim, ada, series):
    """Moving one occurrence by hand makes it an exception."""
    day = days(ada, series)[0]
    moved = sim.owner.shift_event(ADA, day["id"], minutes=90)

    assert ("exception", ["2026-10-05T09:30"]) == (moved["type"], starts([moved]))
    assert 4 == len(
        sim.owner.days(ADA, series["id"], start=WINDOW["startDateTime"], end=WINDOW["endDateTime"])
    )
