from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from common.domain.calendar.event import Detail
from common.domain.calendar.interval import Interval
from common.domain.calendar.sync_state import Channel, Cursor
from common.domain.export.exported_event import EventDraft
from common.domain.export.own_events import fingerprint
from common.errors import UnexpectedReply
from common.ports.provider import ChannelRequest
from common.providers.microsoft import list_events
from common.providers.microsoft.event_structs import listing_of, read_listing
from common.providers.microsoft.events_to_domain import shows
from common.providers.microsoft.request_bodies import (
    KEY,
    MARKER,
    GraphRequest,
    changed_event,
    events_path,
    new_event,
    renewal_request,
    subscription_body,
)

START = datetime(2026, 10, 5, 8, 0, tzinfo=UTC)
WINDOW = Interval(START, START + timedelta(days=30))
DRAFT = EventDraft(
    event_id="sb0",
    booking="b1",
    epoch=2,
    interval=Interval(START, START + timedelta(hours=1)),
    zone="Europe/Zurich",
    title="Haircut",
    description="Ada",
)
INVITED = replace(DRAFT, attendee=("ada@example.org", "Ada"), notify=True)


def test_a_new_event_says_everything() -> None:
    """Our key, our marker, busy, in UTC, with an explicit reminder and no guests."""
    assert new_event(DRAFT) == {
        "transactionId": "sb0",
        "singleValueExtendedProperties": [
            {"id": MARKER, "value": "b1.2"},
            {"id": KEY, "value": "sb0"},
        ],
        "subject": "Haircut",
        "body": {"contentType": "text", "content": "Ada"},
        "isAllDay": False,
        "start": {"dateTime": "2026-10-05T08:00:00", "timeZone": "UTC"},
        "end": {"dateTime": "2026-10-05T09:00:00", "timeZone": "UTC"},
        "isReminderOn": True,
        "showAs": "busy",
        "allowNewTimeProposals": False,
    }


@pytest.mark.pitfall(21)
def test_nobody_is_invited_who_may_not_be_mailed() -> None:
    """Exchange cannot keep an invitation to itself (pitfall 21)."""
    quiet = replace(INVITED, notify=False)

    assert "attendees" not in new_event(quiet)
    assert "attendees" not in changed_event(quiet, fingerprint(quiet))
    assert changed_event(quiet, {"attendee"}) == {}


@pytest.mark.parametrize(("accepted", "asked"), [(False, True), (True, False)])
def test_a_guest_who_has_agreed_is_not_asked(accepted: bool, asked: bool) -> None:
    """Nobody can accept for a guest; not asking for an answer is as far as it goes."""
    body = new_event(replace(INVITED, accepted=accepted))

    assert body["responseRequested"] is asked
    assert body["attendees"] == [
        {"emailAddress": {"address": "ada@example.org", "name": "Ada"}, "type": "required"}
    ]


@pytest.mark.pitfall(21)
@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("title", {"subject"}),
        ("description", {"body"}),
        ("time", {"start", "end", "isAllDay"}),
        ("attendee", {"attendees", "responseRequested"}),
        ("reminder", {"isReminderOn"}),
        ("status", set()),
        ("tag", set()),
    ],
)
def test_a_change_names_its_own_fields_only(name: str, keys: set[str]) -> None:
    """Whatever else the owner wrote stays (pitfall 21)."""
    assert set(changed_event(INVITED, {name})) == keys


def test_the_key_is_never_changed() -> None:
    """A transactionId is for creating only."""
    body = changed_event(INVITED, {"title", "time", "description", "attendee", "reminder", "status"})

    assert {"transactionId", "singleValueExtendedProperties"} & set(body) == set()


@pytest.mark.parametrize(
    ("at", "shown"),
    [
        (START, "2026-10-05T08:00:00"),
        (START.replace(microsecond=999_999), "2026-10-05T08:00:00"),
        (datetime.fromisoformat("2026-10-25T02:30:00+01:00"), "2026-10-25T01:30:00"),
    ],
)
def test_times_are_written_in_utc(at: datetime, shown: str) -> None:
    """Exchange refuses many zones; UTC it knows (pitfall 16)."""
    body = changed_event(replace(DRAFT, interval=Interval(at, at + timedelta(hours=1))), {"time"})

    assert body["start"] == {"dateTime": shown, "timeZone": "UTC"}


def test_an_address_keeps_every_id_as_it_is() -> None:
    """Ids are case-sensitive, and may hold what means something else in an address."""
    assert events_path("AbC/=+ x", "é?#") == "/me/calendars/AbC%2F%3D%2B%20x/events/%C3%A9%3F%23"


def test_parameters_have_no_plus() -> None:
    """A blank is %20 and an offset is no blank."""
    target = GraphRequest("GET", "/x", {"$filter": "a eq 'b c'", "at": "+01:00"}).target

    assert "+" not in target
    assert parse_qs(urlsplit(target).query) == {"$filter": ["a eq 'b c'"], "at": ["+01:00"]}


@pytest.mark.pitfall(16)
def test_a_request_says_how_it_wants_its_answer() -> None:
    """Ids, zone, page size, plain text, and the state that it is about (pitfall 16)."""
    ask = GraphRequest("PATCH", "/x", body={}, etag='W/"1"', page_size=5, texts=True)

    assert ask.headers == {
        "Prefer": (
            'IdType="ImmutableId", outlook.timezone="UTC", outlook.body-content-type="text", '
            "odata.maxpagesize=5"
        ),
        "Content-Type": "application/json",
        "If-Match": 'W/"1"',
    }


REQUEST = ChannelRequest("c1", "https://hooks.example.org/g", "state", START, START + timedelta(days=30))


@pytest.mark.pitfall(9)
def test_a_subscription_tells_of_its_own_end_as_well() -> None:
    """An address for lifecycle events cannot be added later (pitfall 9)."""
    assert subscription_body("Cal", REQUEST) == {
        "changeType": "created,updated,deleted",
        "resource": "/me/calendars/Cal/events",
        "notificationUrl": "https://hooks.example.org/g",
        "lifecycleNotificationUrl": "https://hooks.example.org/g",
        "clientState": "state",
        "expirationDateTime": "2026-10-12T06:40:00Z",
    }


@pytest.mark.parametrize(("days", "end"), [(1, "2026-10-06T08:00:00Z"), (30, "2026-10-12T06:40:00Z")])
def test_a_life_is_wished_no_longer_than_allowed(days: int, end: str) -> None:
    """Over the maximum the whole request would fail (pitfall 8)."""
    held = Channel("c1", "sub/1", expires_at=START, created_at=START)
    ask = renewal_request(held, now=START, until=START + timedelta(days=days))

    assert (ask.method, ask.path, ask.body) == (
        "PATCH",
        "/subscriptions/sub%2F1",
        {"expirationDateTime": end},
    )


@pytest.mark.pitfall(13)
@pytest.mark.parametrize(
    ("changes", "same"),
    [
        ({}, True),
        ({"body": {"content": "<p>Ada</p>\r\n"}}, True),
        ({"subject": "Other"}, False),
        ({"body": {"content": "Bob"}}, False),
        ({"start": {"dateTime": "2026-10-05T07:00:00", "timeZone": "UTC"}}, False),
        ({"start": None}, False),
    ],
)
def test_an_answer_shows_whether_it_is_of_this_attempt(changes: dict[str, Any], same: bool) -> None:
    """The same transaction answers with the event as an earlier attempt left it (pitfall 13)."""
    reply = {"id": "x", **new_event(DRAFT), **changes}

    assert shows(reply, DRAFT) is same


@pytest.mark.pitfall(7)
def test_a_feed_starts_with_its_window_and_then_follows_links() -> None:
    """The window is frozen in the links, which are followed as they are (pitfall 7)."""
    start = Cursor.start(WINDOW)
    first = list_events.delta_request("Cal", start, Detail.TIMES)
    page = list_events.delta_request(
        "Cal", Cursor(snapshot=True, window=WINDOW, page="https://p"), Detail.TIMES
    )
    delta = list_events.delta_request(
        "Cal", Cursor(snapshot=False, window=WINDOW, token="https://d"), Detail.FULL
    )
    later = list_events.delta_request(
        "Cal", Cursor(snapshot=False, window=WINDOW, token="https://d", page="https://p"), Detail.FULL
    )

    assert first.target == (
        "/me/calendars/Cal/calendarView/delta?startDateTime=2026-10-04T08%3A00%3A00Z"
        "&endDateTime=2026-11-05T08%3A00%3A00Z"
    )
    assert [ask.target for ask in (page, delta, later)] == ["https://p", "https://d", "https://p"]
    assert {ask.page_size for ask in (first, page, delta, later)} == {list_events.PAGE_SIZE}
    assert [ask.texts for ask in (first, delta)] == [False, True]


@pytest.mark.pitfall(25)
def test_times_only_selects_no_texts() -> None:
    """What is not asked for is not sent (pitfall 25)."""
    times, full = (list_events.SELECTED[detail].split(",") for detail in (Detail.TIMES, Detail.FULL))

    assert set(full) - set(times) == {"subject", "body"}
    assert not {"attendees", "organizer", "location", "iCalUId", "onlineMeeting"} & set(full)
    assert list_events.fields_version(Detail.TIMES) != list_events.fields_version(Detail.FULL)


@pytest.mark.parametrize("reply", [{}, {"value": None}, {"value": {}}, {"error": {}}])
def test_an_answer_that_is_no_listing_is_not_an_empty_one(reply: dict[str, Any]) -> None:
    """Without a list there is nothing to believe."""
    with pytest.raises(UnexpectedReply):
        listing_of(reply)
    with pytest.raises(UnexpectedReply):
        read_listing(json.dumps(reply).encode(), texts=False)
