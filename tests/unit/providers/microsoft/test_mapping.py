from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest

from common.domain.account import Role
from common.domain.blocking import Effect, effect
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
from common.domain.feed import Channel
from common.domain.interval import Interval
from common.domain.settings import BusyRules
from common.errors import UnexpectedReply
from common.ports.provider import ChannelRequest
from common.providers.microsoft import mapping
from common.providers.microsoft.entries import calendar_of, channel_of
from common.providers.microsoft.items import item_of
from common.providers.microsoft.mapping import (
    Place,
    Unmappable,
    inside,
    moment_of,
    written_of,
    zone_of,
)
from common.providers.microsoft.wire import KEY, MARKER
from common.providers.microsoft.zones import WINDOWS_ZONES

ZURICH = Place.of("Europe/Zurich", Detail.FULL)
TIMES = Place.of("Europe/Zurich", Detail.TIMES)
START = datetime(2026, 10, 5, 8, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


def event_of(item: dict[str, Any], place: Place) -> ExternalEvent:
    found = item_of(item)
    assert found is not None
    return mapping.event_of(found, place)


def change_of(item: object, place: Place) -> Change:
    return mapping.change_of(item_of(item), place)


def at(text: str, zone: str | None = "UTC") -> dict[str, str]:
    return {"dateTime": text, **({"timeZone": zone} if zone is not None else {})}


def item(**changes: Any) -> dict[str, Any]:
    made = {
        "@odata.etag": 'W/"1"',
        "id": "AAkA",
        "start": at("2026-10-05T08:00:00.0000000"),
        "end": at("2026-10-05T09:00:00.0000000"),
        "isAllDay": False,
        "showAs": "busy",
        "sensitivity": "normal",
        "isCancelled": False,
        "isOrganizer": True,
        "type": "singleInstance",
        "seriesMasterId": None,
        "responseStatus": {"response": "organizer", "time": "0001-01-01T00:00:00Z"},
        "lastModifiedDateTime": "2026-10-01T08:00:00.1234567Z",
        "subject": "Meeting",
        "body": {"contentType": "text", "content": "Words"},
        "location": {"displayName": "Room 1"},
        "iCalUId": "uid",
    }
    return {**made, **changes}


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

    event = event_of(item(isAllDay=True, **days), Place.of(zone, Detail.TIMES))

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
        assert effect(event, BusyRules()) is Effect.BLOCKS


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


OCCURRENCE = {"type": "occurrence", "seriesMasterId": "M"}


@pytest.mark.pitfall(14)
@pytest.mark.parametrize(
    ("changes", "change"),
    [
        ({"type": "seriesMaster"}, SeriesTouched("AAkA")),
        (OCCURRENCE, SeriesTouched("M")),
        ({**OCCURRENCE, "type": "exception"}, SeriesTouched("M")),
        ({**OCCURRENCE, "type": "unheardOf"}, SeriesTouched("M")),
        ({**OCCURRENCE, "start": None}, SeriesTouched("M")),
        ({"type": "seriesMaster", "start": 7}, SeriesTouched("AAkA")),
        ({"start": None}, Unreadable("AAkA", "no_times")),
        ({"end": at("2026-10-05T07:00:00")}, Unreadable("AAkA", "ends_before_start")),
        ({"start": at("someday")}, Unreadable("AAkA", "no_times")),
        (
            {"isAllDay": True, "start": at("2026-10-06T00:00:00"), "end": at("2026-10-05T00:00:00")},
            Unreadable("AAkA", "bad_days"),
        ),
        ({"id": ""}, Unreadable("", "no_id")),
        ({"id": 7}, Unreadable("", "no_id")),
    ],
)
def test_a_change_is_one_of_four(changes: dict[str, Any], change: Change) -> None:
    """Series are named, bad items quarantined, whatever their kind is called (pitfall 14)."""
    assert change_of(item(**changes), TIMES) == change


@pytest.mark.pitfall(7)
def test_a_removal_proves_nothing_and_is_no_event() -> None:
    """A tombstone has no times: it is no event of now, and may only have left the window (pitfalls 7, B9)."""
    assert change_of({"id": "x", "@removed": {"reason": "deleted"}}, TIMES) == Removal("x", proven=False)
    assert change_of({"id": "x", "@removed": None}, TIMES) == Removal("x", proven=False)


@pytest.mark.parametrize("odd", [None, 7, "x", [], ["id"]])
def test_what_is_no_item_is_quarantined(odd: object) -> None:
    """One bad item harms no other."""
    assert change_of(odd, TIMES) == Unreadable("", "not_an_object")


def test_a_single_event_is_an_upsert() -> None:
    """Its whole state; a cancelled one says that it is."""
    change = change_of(item(isCancelled=True), TIMES)

    assert isinstance(change, Upsert)
    assert change.event.cancelled


@pytest.mark.pitfall(14)
def test_a_bare_occurrence_has_no_state_of_its_own() -> None:
    """A delta shows its times alone; an exception, and the series, bring everything (pitfall 14)."""
    bare = {
        name: value
        for name, value in item(**OCCURRENCE).items()
        if name in {"id", "type", "start", "end", "seriesMasterId"}
    }

    slim, full = change_of(bare, TIMES), change_of(item(**{**OCCURRENCE, "type": "exception"}), TIMES)

    assert isinstance(slim, SeriesTouched)
    assert isinstance(full, SeriesTouched)
    assert (slim.id, slim.occurrence, full.occurrence is not None) == ("AAkA", None, True)


@pytest.mark.pitfall(14)
@pytest.mark.parametrize(
    ("changes", "original"),
    [
        ({"originalStart": "2026-10-04T08:00:00Z"}, "20261004T080000Z"),
        ({"originalStart": "2026-10-04T10:00:00+02:00", "type": "exception"}, "20261004T080000Z"),
        ({}, "20261005T080000Z"),
        ({"type": "exception"}, "AAkA"),
    ],
)
def test_an_occurrence_keeps_its_identity(changes: dict[str, Any], original: str) -> None:
    """Its original start, or what else never changes (pitfall 14)."""
    event = event_of(item(**{**OCCURRENCE, **changes}), TIMES)

    assert (event.kind, event.series_id, event.key) == (Kind.OCCURRENCE, "M", f"M#{original}")


def test_an_event_without_identity_cannot_be_read() -> None:
    """Its text is a stable word."""
    with pytest.raises(Unmappable, match="no_id"):
        event_of(item(id=None), TIMES)


@pytest.mark.parametrize("text", [None, 7, "", "soon", "2026-13-01T00:00:00Z", "0001-01-01T00:00:00+14:00"])
def test_a_moment_that_is_none(text: object) -> None:
    """Nothing is guessed."""
    assert moment_of(text) is None


@pytest.mark.parametrize(
    ("changes", "role"),
    [
        ({"canEdit": True, "canShare": True}, Role.OWNER),
        ({"canEdit": True, "canShare": False, "isDefaultCalendar": True}, Role.OWNER),
        ({"canEdit": True, "canShare": False, "canViewPrivateItems": True}, Role.WRITER),
        ({"canEdit": True, "canShare": False, "canViewPrivateItems": False}, Role.WRITER_WITHOUT_PRIVATE),
        ({"canEdit": False, "canShare": True}, Role.READER),
        ({}, Role.READER),
        ({"canEdit": "yes"}, Role.READER),
    ],
)
def test_what_may_be_done_in_a_calendar(changes: dict[str, Any], role: Role) -> None:
    """Nothing is written where Graph does not plainly allow it."""
    entry = calendar_of({"id": "C", "name": "Work", **changes})

    assert entry is not None
    assert (entry.provider_id, entry.name, entry.zone, entry.role) == ("C", "Work", None, role)


def test_a_calendar_without_identity_is_left_out() -> None:
    """There is nothing to ask about it."""
    assert calendar_of({"name": "Work"}) is None


REQUEST = ChannelRequest("c1", "https://hooks.example.org/", "t", START, START + timedelta(days=30))


def test_a_channel_is_ours_by_name_and_graphs_by_life() -> None:
    """The id that is in our token, Graph's own name for it, and the end that Graph gave it."""
    reply = {"id": "sub-1", "expirationDateTime": "2026-10-12T07:00:00Z"}

    assert channel_of(reply, REQUEST) == Channel(
        "c1",
        "sub-1",
        expires_at=datetime(2026, 10, 12, 7, tzinfo=UTC),
        created_at=START,
        verified_at=START,
    )


@pytest.mark.parametrize(
    "reply",
    [
        {},
        {"id": "s"},
        {"id": "s", "expirationDateTime": "soon"},
        {"expirationDateTime": "2026-10-12T07:00:00Z"},
    ],
)
def test_a_channel_without_end_is_none(reply: dict[str, Any]) -> None:
    """The returned life counts, so there has to be one."""
    with pytest.raises(UnexpectedReply):
        channel_of(reply, REQUEST)


def test_a_write_says_what_was_written() -> None:
    """The answer to a write names the event, or is no answer."""
    assert written_of(item()).etag == 'W/"1"'
    with pytest.raises(UnexpectedReply):
        written_of({})


@pytest.mark.pitfall(7)
@pytest.mark.parametrize(
    ("start", "end", "there"),
    [
        (-2, -1, False),
        (-1, 0, False),
        (-1, 1, True),
        (0, 0, True),
        (1, 2, True),
        (2, 3, False),
        (2, 2, False),
    ],
)
def test_the_edges_of_a_window(start: int, end: int, there: bool) -> None:
    """Half open, and what has no length counts where it lies (pitfall 7)."""
    event = ExternalEvent("x", Kind.SINGLE, START + start * HOUR, START + end * HOUR)

    assert inside(event, Interval(START, START + 2 * HOUR)) is there
