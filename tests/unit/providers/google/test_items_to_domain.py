"""What an item of a feed says, however odd it is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.domain.calendar.event import Change, Flaw, Removal, SeriesTouched, Unreadable, Upsert
from common.domain.calendar.interval import Interval
from common.providers.google import events_to_domain
from common.providers.google.event_structs import item_of
from common.providers.google.events_to_domain import GoogleContext
from tests.unit.providers.google.events_setup import ELEVEN, TEN, ZURICH, event_of, timed


def change_of(item: object, place: GoogleContext, *, snapshot: bool) -> Change | None:
    return events_to_domain.change_of(item_of(item), place, snapshot=snapshot)


@pytest.mark.parametrize(
    ("item", "snapshot", "expected"),
    [
        (7, True, Unreadable("", Flaw.NOT_AN_OBJECT)),
        ({"status": "confirmed"}, True, Unreadable("", Flaw.NO_ID)),
        ({"id": ["e"]}, False, Unreadable("", Flaw.NO_ID)),
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
    """Whatever the provider sends, an item with an id is an event, the others are counted."""
    change = change_of(item, ZURICH, snapshot=snapshot)

    assert change is None or isinstance(change, Upsert | SeriesTouched | Removal | Unreadable)


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

    assert event_of(item, ZURICH).inside(Interval(TEN, ELEVEN)) is expected


def test_half_a_character_becomes_a_text_that_can_be_stored() -> None:
    """Whoever cuts an emoji in two leaves a half that no document holds; its page must not wait for ever."""
    found = event_of(timed(summary="Party \ud83d", description="\ud83c\udf89 \udf89"), ZURICH)

    assert (found.title or "").encode() == b"Party ?"
    assert (found.description or "").encode().endswith(b"?")
