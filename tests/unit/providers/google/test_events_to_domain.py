"""What an event of Google's says: its time, its owner's answer, its marks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from common.domain.calendar.event import Detail, EventType, Kind, Marker, Response, ShowAs
from common.domain.calendar.interval import Interval
from common.providers.google.events_to_domain import GoogleContext
from tests.unit.providers.google.events_setup import ELEVEN, TEN, ZURICH, event_of, timed


def test_a_timed_event_is_two_instants() -> None:
    """Offsets are honoured, everything else has its default."""
    event = event_of(timed(etag='"1"', updated="2026-10-01T08:00:00.123Z"), ZURICH)

    assert (event.start, event.end, event.kind, event.all_day) == (TEN, ELEVEN, Kind.SINGLE, None)
    assert (event.show_as, event.type, event.response) == (ShowAs.BUSY, EventType.DEFAULT, Response.OWNER)
    assert (event.etag, event.private, event.cancelled) == ('"1"', False, False)
    assert event.updated == datetime(2026, 10, 1, 8, 0, 0, 123000, tzinfo=UTC)


@pytest.mark.pitfall(18)
@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, (ShowAs.BUSY, EventType.DEFAULT)),
        ({"transparency": "opaque"}, (ShowAs.BUSY, EventType.DEFAULT)),
        ({"transparency": "transparent"}, (ShowAs.FREE, EventType.DEFAULT)),
        ({"transparency": "new"}, (ShowAs.BUSY, EventType.DEFAULT)),
        ({"status": "tentative"}, (ShowAs.TENTATIVE, EventType.DEFAULT)),
        ({"eventType": "outOfOffice"}, (ShowAs.OUT_OF_OFFICE, EventType.OUT_OF_OFFICE)),
        ({"eventType": "focusTime"}, (ShowAs.BUSY, EventType.FOCUS_TIME)),
        (
            {"eventType": "workingLocation", "transparency": "transparent"},
            (ShowAs.FREE, EventType.WORKING_LOCATION),
        ),
        ({"eventType": "birthday", "transparency": "transparent"}, (ShowAs.FREE, EventType.BIRTHDAY)),
        ({"eventType": "fromGmail"}, (ShowAs.BUSY, EventType.FROM_MAIL)),
        ({"eventType": "inventedTomorrow"}, (ShowAs.BUSY, EventType.UNKNOWN)),
        ({"eventType": 7, "transparency": []}, (ShowAs.BUSY, EventType.DEFAULT)),
    ],
)
def test_what_an_event_shows_its_time_as(fields: dict[str, Any], expected: tuple[ShowAs, EventType]) -> None:
    """Transparency, status and type decide; what is unknown is busy (pitfall 18)."""
    event = event_of(timed(**fields), ZURICH)

    assert (event.show_as, event.type) == expected


@pytest.mark.pitfall(18)
@pytest.mark.parametrize(
    ("attendees", "expected"),
    [
        (None, Response.OWNER),
        ([], Response.OWNER),
        ([{"responseStatus": "declined"}], Response.OWNER),
        ([{"self": True, "responseStatus": "accepted"}], Response.ACCEPTED),
        ([{"self": True, "responseStatus": "tentative"}], Response.TENTATIVE),
        ([{"self": True, "responseStatus": "needsAction"}], Response.NEEDS_ACTION),
        ([{"responseStatus": "accepted"}, {"self": True, "responseStatus": "declined"}], Response.DECLINED),
        ([{"self": True, "organizer": True, "responseStatus": "accepted"}], Response.OWNER),
        ([{"self": True, "organizer": True, "responseStatus": "needsAction"}], Response.OWNER),
        ([{"self": True, "organizer": True, "responseStatus": "declined"}], Response.DECLINED),
        ([{"self": True, "responseStatus": "new"}], Response.NEEDS_ACTION),
        ([{"self": True}], Response.NEEDS_ACTION),
        (["odd", 7, {"self": "yes"}], Response.OWNER),
        ("odd", Response.OWNER),
    ],
)
def test_the_owners_answer(attendees: object, expected: Response) -> None:
    """A declined invitation stays opaque at Google: only the own attendee entry tells (pitfall 18)."""
    assert event_of(timed(attendees=attendees), ZURICH).response is expected


@pytest.mark.parametrize(
    ("visibility", "private"),
    [("private", True), ("confidential", True), ("public", False), ("default", False), (["private"], False)],
)
def test_private_events_are_marked(visibility: object, private: bool) -> None:
    """Both words mean private."""
    assert event_of(timed(visibility=visibility), ZURICH).private is private


@pytest.mark.pitfall(15)
@pytest.mark.parametrize(
    ("zone", "first", "end", "start", "hours"),
    [
        ("America/Los_Angeles", "2026-10-06", "2026-10-07", "2026-10-06T07:00:00Z", 24),
        ("Pacific/Auckland", "2026-10-06", "2026-10-07", "2026-10-05T11:00:00Z", 24),
        ("Europe/Zurich", "2026-10-25", "2026-10-26", "2026-10-24T22:00:00Z", 25),
        ("Europe/Zurich", "2026-03-29", "2026-03-30", "2026-03-28T23:00:00Z", 23),
        ("Europe/Zurich", "2026-10-06", "2026-10-09", "2026-10-05T22:00:00Z", 72),
        ("Europe/Zurich", "2026-10-06", "2026-10-06", "2026-10-05T22:00:00Z", 24),
    ],
)
def test_an_all_day_event_takes_the_calendars_days(
    zone: str, first: str, end: str, start: str, hours: int
) -> None:
    """Midnight is the calendar's own, the end day is outside, no end day is one day (pitfall 15)."""
    item = timed(start={"date": first}, end={"date": end})

    event = event_of(item, GoogleContext.of([zone], Detail.TIMES))

    assert (event.start, event.end - event.start) == (datetime.fromisoformat(start), timedelta(hours=hours))
    assert event.all_day is not None
    assert event.all_day[0] == date.fromisoformat(first)


@pytest.mark.pitfall(15)
def test_a_moment_takes_no_time() -> None:
    """An event without length is kept and never blocks (pitfall 15)."""
    event = event_of(timed(end=timed()["start"]), ZURICH)

    assert (event.start, event.end, event.span) == (TEN, TEN, None)


BAD_ZONES = [
    "tzone://Microsoft/Custom",
    "Customized Time Zone",
    "",
    "W. Europe Standard Time",
    "GMT+25",
    "../../etc/passwd",
    "/etc/localtime",
    "Mars/Olympus",
    "UTC\x00",
    "europe zurich",
    None,
    7,
]


@pytest.mark.pitfall(16)
@pytest.mark.parametrize("name", BAD_ZONES)
def test_a_bad_zone_costs_no_event(name: object) -> None:
    """The offset says when; the zone's name is not needed for it (pitfall 16)."""
    item = timed()
    item["start"]["timeZone"] = item["end"]["timeZone"] = name

    event = event_of(item, GoogleContext.of([name], Detail.TIMES))

    assert event.span == Interval(TEN, ELEVEN)


@pytest.mark.pitfall(16)
def test_a_time_without_offset_is_a_wall_clock() -> None:
    """The event's zone places it, else the calendar's (pitfall 16)."""
    item = timed(
        start={"dateTime": "2026-10-06T06:00:00", "timeZone": "America/New_York"},
        end={"dateTime": "2026-10-06T13:00:00", "timeZone": "odd"},
    )

    assert event_of(item, ZURICH).span == Interval(TEN, ELEVEN)


@pytest.mark.pitfall(16)
def test_the_first_zone_that_exists_is_taken() -> None:
    """The stored zone, then the one in the answer, then UTC (pitfall 16)."""
    assert GoogleContext.of(["odd", "Asia/Tokyo"], Detail.TIMES).zone == ZoneInfo("Asia/Tokyo")
    assert GoogleContext.of([None, 3], Detail.TIMES).zone == ZoneInfo("UTC")


@pytest.mark.pitfall(14)
@pytest.mark.parametrize(
    ("original", "key"),
    [
        ({"dateTime": "2026-10-06T12:00:00+02:00"}, "s1#20261006T100000Z"),
        ({"dateTime": "2026-10-06T12:00:00", "timeZone": "Europe/Zurich"}, "s1#20261006T100000Z"),
        ({"date": "2026-10-06"}, "s1#20261006"),
    ],
)
def test_an_occurrence_is_named_by_its_original_start(original: dict[str, str], key: str) -> None:
    """Two occurrences moved to the same time stay two (pitfall 14)."""
    event = event_of(timed(recurringEventId="s1", originalStartTime=original), ZURICH)

    assert (event.key, event.unit, event.kind) == (key, "s1", Kind.OCCURRENCE)


@pytest.mark.pitfall(12)
@pytest.mark.parametrize(
    ("text", "marker"),
    [
        ("b1.3", Marker("b1", 3)),
        ("t.b.12", Marker("t.b", 12)),
        ("b1", None),
        ("b1.", None),
        (".3", None),
        ("b1.-3", None),
        ("b1.x", None),
        ("b1.²", None),
        ("b1." + "9" * 5_000, None),
        ("\ud83d.3", None),
        ("", None),
        (7, None),
    ],
)
def test_our_mark_is_read(text: object, marker: Marker | None) -> None:
    """The mark names booking and epoch; anything else is no mark (pitfall 12)."""
    assert event_of(timed(extendedProperties={"private": {"slotbridge": text}}), ZURICH).marker == marker


@pytest.mark.parametrize("properties", [None, 7, {}, {"private": None}, {"shared": {"slotbridge": "b.1"}}])
def test_a_mark_elsewhere_is_none(properties: object) -> None:
    """Only this calendar's own copy is marked, never the guests' copies."""
    assert event_of(timed(extendedProperties=properties), ZURICH).marker is None


@pytest.mark.pitfall(25)
def test_times_only_drops_texts_that_came_all_the_same() -> None:
    """A server that ignores the mask fills nothing in (pitfall 25)."""
    item = timed(summary="Canary", description="Canary", location="Canary", iCalUID="Canary")

    event = event_of(item, GoogleContext.of(["UTC"], Detail.TIMES))

    assert (event.title, event.description) == (None, None)
