from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.domain.calendar.event import Detail
from common.domain.calendar.interval import Interval
from common.domain.calendar.sync_state import Cursor
from common.domain.export.exported_event import EventDraft
from common.errors import UnexpectedReply
from common.providers.google.event_structs import listing_of, read_listing
from common.providers.google.list_events import (
    fields_version,
    free_busy_chunk,
    next_page,
    page_fields,
    sync_parameters,
    window_parameters,
)
from common.providers.google.request_bodies import (
    GoogleRefusal,
    changed_event,
    new_event,
    read_refusal,
    retry_after,
)

START = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
WINDOW = Interval(START, START + timedelta(days=150))
# https://developers.google.com/workspace/calendar/api/guides/sync
FORBIDDEN = {
    "iCalUID",
    "orderBy",
    "privateExtendedProperty",
    "q",
    "sharedExtendedProperty",
    "timeMin",
    "timeMax",
    "updatedMin",
}


def draft(**changes: Any) -> EventDraft:
    fields: dict[str, Any] = {
        "event_id": "abc0123",
        "booking": "b1",
        "epoch": 2,
        "interval": Interval(START, START + timedelta(hours=2)),
        "zone": "Europe/Zurich",
        "title": "Title",
        "description": "Text",
        **changes,
    }
    return EventDraft(**fields)


@pytest.mark.pitfall(7)
def test_a_delta_asks_what_its_listing_asked() -> None:
    """Except for the window, which a token forbids, the parameters are the same (pitfall 7)."""
    full = sync_parameters(Cursor.start(WINDOW), Detail.TIMES)
    delta = sync_parameters(Cursor(snapshot=False, window=WINDOW, token="t"), Detail.TIMES)

    assert delta.keys() & FORBIDDEN == set()
    assert full.keys() & FORBIDDEN == {"timeMin"}
    assert {name: delta[name] for name in delta if name != "syncToken"} == {
        name: full[name] for name in full if name != "timeMin"
    }
    assert (full["singleEvents"], "showDeleted" in full) == (False, False)


def test_a_page_continues_with_the_same_question() -> None:
    """The page token is added, nothing else changes."""
    first = Cursor.start(WINDOW)

    assert sync_parameters(Cursor(snapshot=True, window=WINDOW, page="p"), Detail.FULL) == {
        **sync_parameters(first, Detail.FULL),
        "pageToken": "p",
    }


@pytest.mark.pitfall(25)
def test_the_mask_of_times_names_no_text() -> None:
    """Texts and addresses are not asked for where only times are wanted (pitfall 25)."""
    times, full = page_fields(Detail.TIMES), page_fields(Detail.FULL)

    for word in ("summary", "description"):
        assert (word in times, word in full) == (False, True)
    for word in ("email", "location", "iCalUID", "conferenceData", "organizer("):
        assert word not in full
    assert fields_version(Detail.TIMES) != fields_version(Detail.FULL)


def test_bounds_are_whole_seconds_around_the_window() -> None:
    """Google ignores fractions, so the window is widened, never narrowed."""
    window = Interval(START + timedelta(milliseconds=900), START + timedelta(seconds=60, milliseconds=1))

    assert window_parameters(window) == {"timeMin": "2026-10-25T00:30:00Z", "timeMax": "2026-10-25T00:31:01Z"}


def test_free_busy_chunks_leave_no_hole() -> None:
    """At most sixty days each, and each begins where the last one ended."""
    chunks, page = [], None
    while not chunks or chunks[-1].end < WINDOW.end:
        chunks.append(free_busy_chunk(WINDOW, page))
        page = chunks[-1].end.isoformat()

    assert [chunk.length.days for chunk in chunks] == [60, 60, 30]
    assert [chunk.start for chunk in chunks] == [WINDOW.start, *(chunk.end for chunk in chunks[:-1])]


def test_a_new_event_says_everything() -> None:
    """Our id and mark, wall-clock times with their zone, no guest rights, no attendee unless wanted."""
    body = new_event(draft())

    assert (body["id"], body["extendedProperties"]) == ("abc0123", {"private": {"slotbridge": "b1.2"}})
    assert body["start"] == {"dateTime": "2026-10-25T02:30:00+02:00", "timeZone": "Europe/Zurich"}
    assert body["end"] == {"dateTime": "2026-10-25T03:30:00+01:00", "timeZone": "Europe/Zurich"}
    assert (body["reminders"], "attendees" in body) == ({"useDefault": True}, False)
    assert not any(body[name] for name in body if name.startswith("guestsCan"))


@pytest.mark.pitfall(16)
def test_an_unknown_zone_is_written_as_utc() -> None:
    """The instant is right whatever the zone is called (pitfall 16)."""
    assert new_event(draft(zone="odd"))["start"] == {"dateTime": "2026-10-25T00:30:00Z", "timeZone": "UTC"}


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        (False, {"email": "a@example.com", "displayName": "A"}),
        (True, {"email": "a@example.com", "displayName": "A", "responseStatus": "accepted"}),
    ],
)
def test_the_attendee(accepted: bool, expected: dict[str, str]) -> None:
    """Name and address, and the answer where it is given for the customer."""
    assert new_event(draft(attendee=("a@example.com", "A"), accepted=accepted))["attendees"] == [expected]


@pytest.mark.parametrize(
    ("minutes", "written"), [(0, 0), (15, 15), (40_320, 40_320), (99_999, 40_320), (-5, 0)]
)
def test_reminders_stay_within_googles_limits(minutes: int, written: int) -> None:
    """At most four weeks ahead."""
    assert changed_event(draft(reminder=minutes), {"reminder"}) == {
        "reminders": {"useDefault": False, "overrides": [{"method": "popup", "minutes": written}]}
    }


@pytest.mark.parametrize(
    ("changed", "fields"),
    [
        ("title", {"summary"}),
        ("description", {"description"}),
        ("time", {"start", "end"}),
        ("attendee", {"attendees"}),
        ("reminder", {"reminders"}),
        ("status", {"status"}),
        ("unheardOf", set()),
    ],
)
def test_a_change_touches_its_own_fields(changed: str, fields: set[str]) -> None:
    """Everything else stays as the owner left it (pitfall 21)."""
    assert set(changed_event(draft(), {changed})) == fields


def test_a_time_takes_the_place_of_a_date() -> None:
    """An all-day event becomes a timed one, and loses its date."""
    body = changed_event(draft(), {"time"})

    assert (body["start"]["date"], body["end"]["date"]) == (None, None)


@pytest.mark.parametrize(
    ("body", "reasons"),
    [
        (b"", ()),
        (b"<html>", ()),
        (b"[1]", ()),
        (b'{"error": "invalid_token"}', ()),
        (b'{"error": {"errors": "odd", "details": [7, {"reason": 3}]}}', ("no_reason",)),
        (b'{"error": {"code": 404, "status": "NOT_FOUND"}}', ("NOT_FOUND", "no_reason")),
        (b'{"error": {"errors": [{"reason": "forbidden"}], "status": "PERMISSION_DENIED"}}',
         ("forbidden", "PERMISSION_DENIED")),
        (b"[" * 100_000, ()),
        (b"\xff\xfe", ()),
    ],
)  # fmt: skip
def test_reasons_of_odd_bodies(body: bytes, reasons: tuple[str, ...]) -> None:
    """Whatever comes with a refusal, the status at least is known."""
    assert read_refusal(403, {}, body, conditional=False).reasons == reasons


def test_the_more_exact_reason_comes_first() -> None:
    """The newer shape names a general reason in one list and the exact one in the other."""
    error = {
        "errors": [{"reason": "forbidden", "locationType": "parameter", "location": "syncToken"}],
        "details": [{"reason": "SERVICE_DISABLED"}],
    }

    refusal = read_refusal(403, {}, json.dumps({"error": error}).encode(), conditional=False)

    assert refusal.reasons == ("SERVICE_DISABLED", "forbidden", "@syncToken")


def test_the_word_that_is_shown_is_a_plain_one() -> None:
    """A reason is shown only if it cannot hold anything private."""
    assert GoogleRefusal(403, ("ada@example.com is away", "forbidden")).word == "forbidden"
    assert GoogleRefusal(403).word == "no reason"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Retry-After": "120"}, 120.0),
        ({"retry-after": " 7 "}, 7.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "-5"}, None),
        ({"Retry-After": "²"}, None),
        ({"Retry-After": "Tue, 06 Oct 2026 10:00:30 GMT"}, None),
        ({"Retry-After": "Tue, 06 Oct 2026 10:00:30 GMT", "Date": "Tue, 06 Oct 2026 10:00:00 GMT"}, 30.0),
        ({"Retry-After": "Tue, 06 Oct 2026 09:00:00 GMT", "Date": "Tue, 06 Oct 2026 10:00:00 GMT"}, 0.0),
    ],
)
def test_the_wished_pause(headers: dict[str, str], seconds: float | None) -> None:
    """Seconds, or a date by the other side's own clock."""
    assert retry_after(headers) == seconds


@pytest.mark.pitfall(1)
@pytest.mark.parametrize("reply", [{}, {"items": 7}, {"items": {}}, {"kind": "calendar#event"}])
def test_what_is_no_listing_is_not_an_empty_one(reply: dict[str, Any]) -> None:
    """An object without items is an error, unless it says that it is a listing (pitfall 1)."""
    with pytest.raises(UnexpectedReply):
        listing_of(reply)
    with pytest.raises(UnexpectedReply):
        read_listing(json.dumps(reply).encode())


def test_a_listing_may_leave_out_its_empty_items() -> None:
    """A listing that names itself is one."""
    assert listing_of({"kind": "calendar#events"}).items == []
    assert read_listing(b'{"kind": "calendar#events"}').items == []


@pytest.mark.parametrize("token", ["p", "", 7, []])
def test_a_page_never_leads_to_itself(token: object) -> None:
    """The same token again, or an odd one, ends the feed with an error instead of a loop."""
    with pytest.raises(UnexpectedReply):
        next_page(token, "p")
