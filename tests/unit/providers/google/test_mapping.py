from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.domain.account import Role
from common.domain.event import (
    Change,
    Detail,
    EventType,
    ExternalEvent,
    Kind,
    Marker,
    Removal,
    Response,
    SeriesTouched,
    ShowAs,
    Unreadable,
    Upsert,
)
from common.domain.interval import Interval
from common.errors import UnexpectedReply
from common.ports.provider import ChannelRequest
from common.providers.google import mapping
from common.providers.google.entries import calendar_of, channel_of
from common.providers.google.items import item_of
from common.providers.google.mapping import Place, inside, moment_of, written_of

ZURICH = Place.of(["Europe/Zurich"], Detail.FULL)
TEN, ELEVEN = datetime(2026, 10, 6, 10, tzinfo=UTC), datetime(2026, 10, 6, 11, tzinfo=UTC)


def event_of(item: dict[str, Any], place: Place) -> ExternalEvent:
    found = item_of(item)
    assert found is not None
    return mapping.event_of(found, place)


def change_of(item: object, place: Place, *, snapshot: bool) -> Change | None:
    return mapping.change_of(item_of(item), place, snapshot=snapshot)


def timed(**changes: Any) -> dict[str, Any]:
    return {
        "id": "e1",
        "status": "confirmed",
        "start": {"dateTime": "2026-10-06T12:00:00+02:00", "timeZone": "Europe/Zurich"},
        "end": {"dateTime": "2026-10-06T13:00:00+02:00", "timeZone": "Europe/Zurich"},
        **changes,
    }


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

    event = event_of(item, Place.of([zone], Detail.TIMES))

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

    event = event_of(item, Place.of([name], Detail.TIMES))

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
    assert Place.of(["odd", "Asia/Tokyo"], Detail.TIMES).zone == ZoneInfo("Asia/Tokyo")
    assert Place.of([None, 3], Detail.TIMES).zone == ZoneInfo("UTC")


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

    event = event_of(item, Place.of(["UTC"], Detail.TIMES))

    assert (event.title, event.description) == (None, None)


@pytest.mark.parametrize(
    ("item", "snapshot", "expected"),
    [
        (7, True, Unreadable("", "not_an_object")),
        ({"status": "confirmed"}, True, Unreadable("", "no_id")),
        ({"id": ["e"]}, False, Unreadable("", "no_id")),
        ({"id": "e1"}, False, Unreadable("e1", "no_times")),
        (timed(end={"date": "2026-10-07"}), False, Unreadable("e1", "no_times")),
        (timed(start={"date": "2026-13-99"}), False, Unreadable("e1", "no_times")),
        (timed(end={"dateTime": "2026-10-06T11:59:59+02:00"}), False, Unreadable("e1", "ends_before_start")),
        (
            timed(start={"date": "2026-10-08"}, end={"date": "2026-10-06"}),
            False,
            Unreadable("e1", "bad_days"),
        ),
        (
            timed(start={"date": "9999-12-31"}, end={"date": "9999-12-31"}),
            False,
            Unreadable("e1", "bad_days"),
        ),
        (
            timed(start={"date": "9999-12-30"}, end={"date": "9999-12-31"}),
            False,
            Unreadable("e1", "bad_days"),
        ),
        ({"id": "e1", "status": "cancelled"}, False, Removal("e1")),
        (timed(status="cancelled", summary="still there"), False, Removal("e1")),
        (timed(status="cancelled", recurrence=["RRULE:FREQ=DAILY"]), False, Removal("e1")),
        ({"id": "e1", "status": "cancelled"}, True, None),
        (timed(recurrence=["RRULE:FREQ=DAILY"]), True, SeriesTouched("e1")),
        (timed(recurrence=["RRULE:DATE;odd"]), False, SeriesTouched("e1")),
        ({"id": "e1_1", "status": "cancelled", "recurringEventId": "s1"}, True, SeriesTouched("s1")),
        ({"id": "e1_1", "status": "cancelled", "recurringEventId": "s1"}, False, SeriesTouched("s1")),
        (timed(id="e1_1", recurringEventId="s1"), True, SeriesTouched("s1")),
    ],
)
def test_what_an_item_of_a_feed_says(item: object, snapshot: bool, expected: object) -> None:
    """Cancelled singles are removals in a delta only; whatever belongs to a series touches it."""
    assert change_of(item, ZURICH, snapshot=snapshot) == expected


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=6,
)
TIMES = st.fixed_dictionaries(
    {},
    optional={
        "date": JSON | st.sampled_from(["2026-10-06", "9999-12-31", "0001-01-01"]),
        "dateTime": JSON | st.sampled_from(["2026-10-06T10:00:00Z", "9999-12-31T23:59:59-23:00", "2026"]),
        "timeZone": JSON,
    },
)
ITEMS = st.fixed_dictionaries(
    {"id": st.just("e1") | JSON},
    optional={
        "start": st.just(timed()["start"]) | TIMES | JSON,
        "end": st.just(timed()["end"]) | TIMES | JSON,
        "recurringEventId": st.just("s1") | JSON,
        **dict.fromkeys(
            ["status", "transparency", "visibility", "eventType", "originalStartTime", "recurrence"], JSON
        ),
        **dict.fromkeys(["attendees", "extendedProperties", "updated", "etag", "summary", "iCalUID"], JSON),
    },
)


@given(item=ITEMS | JSON, snapshot=st.booleans())
def test_no_item_breaks_its_page(item: object, snapshot: bool) -> None:
    """Whatever the provider sends, an item is understood, skipped, or named as unreadable."""
    change = change_of(item, ZURICH, snapshot=snapshot)

    assert change is None or isinstance(change, Upsert | SeriesTouched | Removal | Unreadable)


@pytest.mark.parametrize(
    ("word", "role"),
    [
        ("none", Role.NONE),
        ("freeBusyReader", Role.FREE_BUSY),
        ("reader", Role.READER),
        ("writerWithoutPrivateAccess", Role.WRITER_WITHOUT_PRIVATE),
        ("writer", Role.WRITER),
        ("owner", Role.OWNER),
        ("inventedTomorrow", Role.READER),
        (None, Role.NONE),
    ],
)
def test_the_roles(word: object, role: Role) -> None:
    """Every role that Google names; a new one may read, and nothing more is assumed."""
    entry = calendar_of({"id": "c@x", "summary": "C", "accessRole": word})

    assert entry is not None
    assert entry.role is role


def test_a_calendar_has_the_name_that_its_owner_gave() -> None:
    """The own name comes before the common one; an odd zone is none."""
    entry = calendar_of(
        {"id": "c@x", "summary": "Common", "summaryOverride": "Mine", "timeZone": "odd", "primary": True}
    )

    assert entry is not None
    assert (entry.name, entry.zone, entry.primary, entry.enabled) == ("Mine", None, True, False)


@pytest.mark.parametrize("item", [{}, {"id": 3}, {"id": "c", "deleted": True}])
def test_what_is_no_calendar_is_left_out(item: dict[str, Any]) -> None:
    """Removed entries and entries without id are not listed."""
    assert calendar_of(item) is None


def test_a_write_names_its_event() -> None:
    """An answer without id is no answer."""
    with pytest.raises(UnexpectedReply):
        written_of({"etag": '"1"'})


@pytest.mark.parametrize(
    "reply",
    [
        {"resourceId": "r"},
        {"expiration": "1800000000000"},
        {"resourceId": "r", "expiration": "soon"},
        {"resourceId": "r", "expiration": "9" * 5000},
        {"resourceId": "r", "expiration": -5},
    ],
)
@pytest.mark.pitfall(8)
def test_a_channel_names_its_end(reply: dict[str, Any]) -> None:
    """The end of a channel is never guessed (pitfall 8)."""
    request = ChannelRequest("c", "https://x", "t", created_at=TEN, expires_at=ELEVEN)
    with pytest.raises(UnexpectedReply):
        channel_of(reply, request)


@pytest.mark.parametrize(
    "text", ["", "soon", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+23:00", 7, None, []]
)
def test_what_is_no_moment_is_none(text: object) -> None:
    """Odd time stamps are absent ones."""
    assert moment_of(text) is None


@pytest.mark.pitfall(7)
@pytest.mark.parametrize(
    ("start", "minutes", "expected"),
    [
        (-60, 60, False),
        (-60, 61, True),
        (0, 0, True),
        (59, 0, True),
        (60, 0, False),
        (60, 5, False),
        (-1, 0, False),
    ],
)
def test_overlap_is_half_open(start: int, minutes: int, expected: bool) -> None:
    """What touches the window is outside, what began before it and reaches in is inside (pitfall 7)."""
    begin = TEN + timedelta(minutes=start)
    end = begin + timedelta(minutes=minutes)
    item = timed(start={"dateTime": begin.isoformat()}, end={"dateTime": end.isoformat()})

    assert inside(event_of(item, ZURICH), Interval(TEN, ELEVEN)) is expected
