"""What an event of Graph's says: its time, its owner's answer, its marks."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest

from common.domain.calendar.event import Detail, EventType, ExternalEvent, Kind, Marker, Response, ShowAs
from common.domain.connect.settings import ImportSettings
from common.domain.slots.blocking import Effect, effect
from common.providers.microsoft.events_to_domain import GraphContext
from common.providers.microsoft.request_bodies import KEY, MARKER
from common.providers.microsoft.zones import WINDOWS_ZONES, zone_of
from tests.unit.providers.microsoft.events_setup import HOUR, START, TIMES, at, event_of, item

ZURICH = GraphContext.of("Europe/Zurich", Detail.FULL)


def test_an_event_is_read_whole() -> None:
    """Every field that is known has its place."""
    event = event_of(item(transactionId="key"), ZURICH)

    assert event == ExternalEvent(
        id="AAkA",
        kind=Kind.SINGLE,
        start=START,
        end=START + HOUR,
        title="Meeting",
        description="Words",
        etag='W/"1"',
        updated=datetime(2026, 10, 1, 8, 0, 0, 123456, tzinfo=UTC),
        created_as="key",
    )


@pytest.mark.pitfall(25)
def test_times_only_keeps_no_text() -> None:
    """A delta sends texts unasked: they go no further (pitfall 25)."""
    event = event_of(item(), TIMES)

    assert (event.title, event.description) == (None, None)


@pytest.mark.parametrize(
    "changes", [{"subject": None}, {"body": None}, {"body": 7}, {"body": {"content": None}}]
)
def test_a_text_that_is_not_there_is_empty(changes: dict[str, Any]) -> None:
    """An asked-for text is never None, so that it can be compared."""
    event = event_of(item(**changes), ZURICH)

    assert None not in {event.title, event.description}


@pytest.mark.pitfall(16)
@pytest.mark.parametrize(
    ("zone", "hour"),
    [
        ("UTC", 8),
        ("utc", 8),
        (None, 8),
        ("", 8),
        ("Etc/UTC", 8),
        ("tzone://Microsoft/Utc", 8),
        ("W. Europe Standard Time", 6),
        ("Europe/Zurich", 6),
        ("Pacific Standard Time", 15),
        ("America/New_York", 12),
        ("India Standard Time", 2),
        ("tzone://Microsoft/Custom", 6),
        ("Customized Time Zone", 6),
        ("Greenwich Mean Time", 6),
        ("Mars/Olympus Mons", 6),
        ("../../etc/passwd", 6),
        ("(UTC+01:00) Amsterdam, Berlin", 6),
    ],
)
def test_a_wall_time_is_an_instant_whatever_its_zone_is_called(zone: str | None, hour: int) -> None:
    """Windows and IANA names are known; any other zone is the owner's, never skipped (pitfall 16)."""
    event = event_of(item(start=at("2026-10-05T08:00:00", zone), end=at("2026-10-05T20:00:00", zone)), ZURICH)

    day = hour if zone != "India Standard Time" else 2
    minutes = 30 if zone == "India Standard Time" else 0
    assert (event.start.hour, event.start.minute) == (day, minutes)


def test_every_windows_zone_exists() -> None:
    """Each of the names stands for a zone that this machine knows."""
    assert set(WINDOWS_ZONES.values()) <= available_timezones()
    assert len(WINDOWS_ZONES) > 130
    assert zone_of("W. Europe Standard Time") == ZoneInfo("Europe/Berlin")


@pytest.mark.pitfall(15)
@pytest.mark.parametrize("zone", ["America/Los_Angeles", "Pacific/Auckland", "Europe/Zurich", "UTC"])
@pytest.mark.parametrize("named", ["UTC", "Tokyo Standard Time", "tzone://Microsoft/Custom"])
def test_days_are_dates_whatever_zone_they_name(zone: str, named: str) -> None:
    """Midnights of an all-day event are not instants: its dates are the owner's (pitfall 15)."""
    days = {
        "start": at("2026-10-24T00:00:00.0000000", named),
        "end": at("2026-10-27T00:00:00.0000000", named),
    }

    event = event_of(item(isAllDay=True, **days), GraphContext.of(zone, Detail.TIMES))

    place = ZoneInfo(zone)
    assert event.all_day == (date(2026, 10, 24), date(2026, 10, 27))
    assert event.start == datetime(2026, 10, 24, tzinfo=place)
    assert event.end == datetime(2026, 10, 27, tzinfo=place)


@pytest.mark.pitfall(15)
def test_odd_days_still_take_their_time() -> None:
    """A day without end is that day; one that is not at midnight is the time that it says (pitfall 15)."""
    one = event_of(
        item(isAllDay=True, start=at("2026-10-24T00:00:00"), end=at("2026-10-24T00:00:00")), ZURICH
    )
    shifted = event_of(
        item(isAllDay=True, start=at("2026-10-23T22:00:00"), end=at("2026-10-24T22:00:00")), ZURICH
    )

    assert one.all_day == (date(2026, 10, 24), date(2026, 10, 25))
    assert (shifted.start, shifted.end) == (one.start, one.end)


def test_an_event_without_length_has_none() -> None:
    """It is read, and takes no time."""
    assert event_of(item(end=at("2026-10-05T08:00:00")), ZURICH).span is None


SHOWN = {
    "free": ShowAs.FREE,
    "tentative": ShowAs.TENTATIVE,
    "busy": ShowAs.BUSY,
    "oof": ShowAs.OUT_OF_OFFICE,
    "workingElsewhere": ShowAs.WORKING_ELSEWHERE,
    "unknown": ShowAs.UNKNOWN,
    "unknownFutureValue": ShowAs.UNKNOWN,
    None: ShowAs.UNKNOWN,
    7: ShowAs.UNKNOWN,
}


@pytest.mark.pitfall(18)
@pytest.mark.parametrize(("said", "shown"), list(SHOWN.items()))
def test_what_nobody_knows_takes_time(said: object, shown: ShowAs) -> None:
    """Only what is plainly free is free (pitfall 18)."""
    event = event_of(item(showAs=said), TIMES)

    assert (event.show_as, event.type) == (shown, EventType.DEFAULT)
    if shown is ShowAs.UNKNOWN:
        assert effect(event, ImportSettings()) is Effect.BLOCKS


@pytest.mark.pitfall(18)
@pytest.mark.parametrize(
    ("status", "organizer", "response"),
    [
        ({"response": "organizer"}, True, Response.OWNER),
        ({"response": "none"}, True, Response.OWNER),
        ({"response": "none"}, False, Response.NEEDS_ACTION),
        (None, True, Response.OWNER),
        ({"response": "accepted"}, False, Response.ACCEPTED),
        ({"response": "tentativelyAccepted"}, False, Response.TENTATIVE),
        ({"response": "declined"}, False, Response.DECLINED),
        ({"response": "notResponded"}, False, Response.NEEDS_ACTION),
        ({"response": "unknownFutureValue"}, False, Response.NEEDS_ACTION),
        ("odd", False, Response.NEEDS_ACTION),
    ],
)
def test_the_owners_answer(status: object, organizer: bool, response: Response) -> None:
    """The owner's own answer, as one word (pitfall 18)."""
    assert event_of(item(responseStatus=status, isOrganizer=organizer), TIMES).response is response


@pytest.mark.parametrize(
    ("sensitivity", "private"),
    [
        ("normal", False),
        (None, False),
        ("private", True),
        ("confidential", True),
        ("personal", True),
        ("odd", True),
    ],
)
def test_what_is_not_plainly_normal_is_private(sensitivity: str | None, private: bool) -> None:
    """An unknown word never shows what its owner hid."""
    assert event_of(item(sensitivity=sensitivity), TIMES).private is private


@pytest.mark.pitfall(12)
@pytest.mark.parametrize(
    ("value", "marker"),
    [
        ("b1.3", Marker("b1", 3)),
        ("a.b.0", Marker("a.b", 0)),
        ("b1", None),
        (".3", None),
        ("b1.x", None),
        (7, None),
    ],
)
def test_the_marker_is_found(value: object, marker: Marker | None) -> None:
    """What we wrote invisibly, among whatever others wrote (pitfall 12)."""
    held = [{"id": KEY, "value": "k"}, 7, {"id": MARKER, "value": value}]

    assert event_of(item(singleValueExtendedProperties=held), TIMES).marker == marker
