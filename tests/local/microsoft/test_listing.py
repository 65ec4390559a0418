import pytest

from tests.local.microsoft.driver import ADA, WINDOW, Refused, all_day, starts, timed, weekly


@pytest.fixture
def full(ada):
    """Twelve single events and a weekly series in October."""
    for day in range(1, 13):
        ada("POST", "/me/events", timed(f"2026-10-{day:02d}T10:00:00", subject=f"E{day}"))
    ada("POST", "/me/events", timed("2026-10-02T08:00:00", recurrence=weekly("2026-10-02", "friday")))


def test_pages_have_ten_entries_by_default(ada, full):
    """Every list has a nextLink until its end; single events come before occurrences."""
    first = ada("GET", "/me/calendarView", **WINDOW)
    found, _ = ada.all("/me/calendarView", **WINDOW)

    assert 10 == len(first["value"])
    assert ["singleInstance"] * 12 + ["occurrence"] * 5 == [each["type"] for each in found]


def test_page_size_by_top_or_by_header(ada, full):
    """$top is part of the next link; the Prefer header has to be sent again."""
    by_top = ada("GET", "/me/events", **{"$top": 5})
    again = ada("GET", by_top["@odata.nextLink"])
    ada.prefer.append("odata.maxpagesize=7")
    by_header = ada("GET", "/me/events")
    ada.prefer.pop()

    assert (5, 5, 7) == tuple(len(each["value"]) for each in (by_top, again, by_header))
    assert 6 == len(ada("GET", by_header["@odata.nextLink"])["value"])


@pytest.mark.parametrize("top", ["0", "1001", "many"])
def test_bad_top_is_refused(ada, top):
    """$top must be from 1 to 1000."""
    with pytest.raises(Refused) as caught:
        ada("GET", "/me/events", **{"$top": top})

    assert 400 == caught.value.status


def test_view_needs_a_window(ada):
    """CalendarView needs both bounds, in order, and at most 1825 days apart."""
    refused = []
    for window in (
        {},
        {"startDateTime": WINDOW["startDateTime"]},
        {"startDateTime": WINDOW["endDateTime"], "endDateTime": WINDOW["startDateTime"]},
        {"startDateTime": "2020-01-01", "endDateTime": "2020-02-01T00:00:00"},
        {"startDateTime": "2020-01-01T00:00:00Z", "endDateTime": "2026-02-01T00:00:00Z"},
    ):
        with pytest.raises(Refused) as caught:
            ada("GET", "/me/calendarView", **window)
        refused.append(caught.value.status)

    assert [400] * 5 == refused


def test_window_is_read_by_its_own_offset(ada, full):
    """A bound without offset is UTC, and the Prefer header does not matter."""
    ada.prefer.append('outlook.timezone="Pacific Standard Time"')
    with_offset = {"startDateTime": "2026-10-01T10:00:00+02:00", "endDateTime": "2026-10-01T11:00:00+02:00"}
    without = {"startDateTime": "2026-10-01T08:00:00", "endDateTime": "2026-10-01T09:00:00"}
    lower = {name.lower(): value for name, value in without.items()}

    assert [["E1"]] * 3 == [
        [each["subject"] for each in ada("GET", "/me/calendarView", **window)["value"]]
        for window in (with_offset, without, lower)
    ]


def test_view_is_half_open(ada):
    """An event that ends when the window begins is not listed; one that reaches into it is."""
    ada("POST", "/me/events", timed("2026-10-05T10:00:00", subject="before"))
    ada("POST", "/me/events", timed("2026-10-05T10:30:00", subject="into"))
    ada("POST", "/me/events", timed("2026-10-05T12:00:00", subject="after"))
    ada("POST", "/me/events", timed("2026-10-05T11:00:00", minutes=0, subject="moment"))
    window = {"startDateTime": "2026-10-05T09:00:00Z", "endDateTime": "2026-10-05T10:00:00Z"}

    assert ["into", "moment"] == [
        each["subject"] for each in ada("GET", "/me/calendarView", **window)["value"]
    ]


def test_all_day_events_are_listed_by_their_real_times(ada):
    """A holiday in Auckland is listed by its real moments, though it is shown as midnight UTC."""
    ada("POST", "/me/events", all_day("2026-10-05", zone="New Zealand Standard Time"))
    day = {"startDateTime": "2026-10-05T12:00:00Z", "endDateTime": "2026-10-06T00:00:00Z"}
    eve = {"startDateTime": "2026-10-04T12:00:00Z", "endDateTime": "2026-10-05T00:00:00Z"}

    assert [] == ada("GET", "/me/calendarView", **day)["value"]
    assert ["2026-10-05T00:00"] == starts(ada("GET", "/me/calendarView", **eve)["value"])


def test_select_keeps_id_and_etag(ada, full):
    """$select leaves the chosen properties, the id and the etag; an unknown name is 400."""
    found = ada("GET", "/me/calendarView", **WINDOW, **{"$select": "start,end,showAs,responseStatus"})[
        "value"
    ]
    with pytest.raises(Refused):
        ada("GET", "/me/events", **{"$select": "start,beginning"})

    assert {"@odata.etag", "id", "start", "end", "showAs", "responseStatus"} == set(found[0])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("subject eq 'E3'", ["E3"]),
        ("startswith(subject,'E1')", ["E1", "E10", "E11", "E12"]),
        ("contains(subject, '11') or subject eq 'e2'", ["E11"]),
        ("start/dateTime ge '2026-10-11T00:00:00' and type eq 'singleInstance'", ["E11", "E12"]),
        ("start/dateTime lt '2026-10-03T00:00:00Z' and not (type eq 'seriesMaster')", ["E1", "E2"]),
        ("isAllDay eq true", []),
    ],
)
def test_filters_narrow_a_listing(ada, full, text, expected):
    """The parts of $filter that Graph supports for calendars narrow a listing."""
    assert expected == [each["subject"] for each in ada.all("/me/events", **{"$filter": text})[0]]


@pytest.mark.parametrize(
    "text", ["transactionId eq 'x'", "subject equals 'x'", "subject eq", "nonsense", "("]
)
def test_unsupported_filters_are_refused(ada, text):
    """A property that cannot be filtered, or an expression that cannot be read, is 400."""
    with pytest.raises(Refused) as caught:
        ada("GET", "/me/events", **{"$filter": text})

    assert 400 == caught.value.status


def test_orderby_sorts_and_count_counts(ada, full):
    """$orderby sorts by start, also descending; $count works with a page, and alone."""
    page = ada("GET", "/me/events", **{"$orderby": "start/dateTime desc", "$top": 2, "$count": "true"})

    assert (["E12", "E11"], 13) == ([each["subject"] for each in page["value"]], page["@odata.count"])
    assert "13" == ada("GET", "/me/events/$count")


def test_calendars_have_their_own_events(sim, ada, calendar):
    """/me/events is the default calendar; another calendar's events are below its id."""
    other = sim.admin.add_calendar(ADA, "Private")
    ada("POST", f"/me/calendars/{other}/events", timed("2026-10-05T10:00:00"))

    assert [0, 0, 1] == [
        len(ada("GET", path, **WINDOW)["value"])
        for path in (
            "/me/calendarView",
            f"/me/calendars/{calendar}/calendarView",
            f"/me/calendars/{other}/calendarView",
        )
    ]


def test_changes_can_be_listed_late(sim, ada, clock, calendar):
    """By a setting, listings (and reading by id) show a change some time later."""
    sim.admin.set_setting("lag", 10)
    made = ada("POST", "/me/events", timed("2026-10-05T10:00:00"))
    early = ada("GET", "/me/calendarView", **WINDOW)["value"]
    assert made["id"] == ada("GET", f"/me/events/{made['id']}")["id"]
    sim.admin.set_setting("lag_get", True)
    with pytest.raises(Refused) as caught:
        ada("GET", f"/me/events/{made['id']}")
    clock.forward(seconds=11)

    assert ([], 1) == (early, len(ada("GET", "/me/calendarView", **WINDOW)["value"]))
    assert "ErrorItemNotFound" == caught.value.code
    ada("DELETE", f"/me/events/{made['id']}")
    assert 1 == len(ada("GET", "/me/calendarView", **WINDOW)["value"])


def test_changes_seen_only_after_some_readings(sim, ada):
    """By a setting, listings show a change only after a number of readings."""
    sim.admin.set_setting("lag_reads", 2)
    ada("POST", "/me/events", timed("2026-10-05T10:00:00"))

    assert [0, 0, 1] == [len(ada("GET", "/me/calendarView", **WINDOW)["value"]) for _ in range(3)]
