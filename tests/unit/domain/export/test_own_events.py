"""Reports about exported events: Slotbridge's own write, or an edit of the owner."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.domain.booking.booking import Booking, BookingStatus, Customer
from common.domain.calendar.event import Detail, ExternalEvent, Gone, Kind, Response
from common.domain.calendar.interval import Interval
from common.domain.export.exported_event import EventDraft, ExportLink, LinkState
from common.domain.export.own_events import (
    Deleted,
    Echo,
    Edited,
    Impossible,
    Stale,
    fingerprint,
    judge,
    normalised,
    seen,
    seen_fingerprint,
)
from common.providers.google.event_structs import item_of
from common.providers.google.events_to_domain import GoogleContext, event_of

START = datetime(2027, 3, 22, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
SPAN = Interval(START, START + HOUR)
WROTE = datetime(2027, 3, 20, tzinfo=UTC)
BOOKING = Booking(
    id="b1",
    tenant="t1",
    resource="anna",
    service="cut",
    interval=SPAN,
    claimed=SPAN,
    status=BookingStatus.CONFIRMED,
    customer=Customer("Carla"),
    created_at=WROTE,
    updated_at=WROTE,
    revision=3,
)
DRAFT = EventDraft(
    event_id="sb1", booking="b1", epoch=0, interval=SPAN, zone="UTC", title="Cut: Carla", description="note"
)
LINK = ExportLink(
    tenant="t1",
    connection="c1",
    booking="b1",
    calendar="k1",
    calendar_id="cal",
    event_id="sb1",
    epoch=0,
    state=LinkState.LIVE,
    revision=3,
    written=fingerprint(DRAFT),
    etag="e1",
    updated=WROTE,
)
EVENT = ExternalEvent(
    id="sb1",
    kind=Kind.SINGLE,
    start=SPAN.start,
    end=SPAN.end,
    title="Cut: Carla",
    description="note",
    etag="e2",
    updated=WROTE + HOUR,
)


@pytest.mark.pitfall(12)
@pytest.mark.parametrize(
    ("wrote", "shown"),
    [
        ("a\nb", "a\r\nb"),
        ("a\nb", "a<br>b"),
        ("a\n\nb", "<p>a</p><p>b</p>"),
        ("a b  \n", "a b"),
        ("a & b < c", "a &amp; b &lt; c"),
        ("Gru\u0308\u00dfe", "Gr\u00fc\u00dfe"),
        ("\u2702\ufe0f cut", "\u2702 cut"),
        ("\U0001f469\u200d\U0001f4bb", "\U0001f469\U0001f4bb"),
        ("fat", "<b>fat</b>"),
        ("see https://x.example", '<a href="https://x.example">see https://x.example</a>'),
        ("a\u00a0b", "a b"),
        ("long " * 2000, ("long " * 2000)[:8192]),
    ],
)
def test_a_providers_reformatted_text_has_the_same_fingerprint(wrote, shown):
    """Pitfall 12: line breaks, markup and characters that providers change do not matter."""
    assert normalised(wrote) == normalised(shown)


@pytest.mark.pitfall(12)
@given(st.text(max_size=200))
def test_normalising_twice_changes_nothing(text):
    """Pitfall 12: a normalised text stays as it is."""
    once = normalised(re.sub("[&<>]", "", text))

    assert once == normalised(once)


@pytest.mark.pitfall(12)
def test_different_texts_stay_different():
    """Pitfall 12: normalising hides no edit."""
    assert len({normalised(text) for text in ("a", "b", "a b", "A", "ab", "")}) == 6


def test_the_fingerprint_has_a_hash_for_each_part_of_the_event():
    """It holds no text."""
    assert {"time", "title", "description", "attendee", "reminder"} == set(fingerprint(DRAFT))
    assert "Carla" not in str(fingerprint(DRAFT))
    assert fingerprint(DRAFT)["time"] == seen_fingerprint(EVENT)["time"]
    assert fingerprint(DRAFT)["reminder"] != fingerprint(replace(DRAFT, reminder=0))["reminder"]


@pytest.mark.pitfall(12)
@pytest.mark.parametrize(
    "event",
    [
        EVENT,
        EVENT._replace(etag="e1", title="whatever"),
        EVENT._replace(title=None, description=None),
        EVENT._replace(description="note \r\n"),
        EVENT._replace(updated=None),
    ],
)
def test_an_own_write_is_an_echo(event):
    """Pitfall 12: recognised by the known etag, or by the content."""
    assert Echo() == judge(LINK, event, BOOKING)


@pytest.mark.pitfall(22)
def test_reports_older_than_the_last_write_are_stale():
    """Pitfall 22: they never change a booking, not even a deletion."""
    old = EVENT._replace(updated=WROTE - HOUR, start=START + HOUR, end=START + 2 * HOUR)

    assert Stale() == judge(LINK, old, BOOKING)
    assert Stale() == judge(LINK, old._replace(cancelled=True), BOOKING)


@pytest.mark.pitfall(22)
def test_only_what_changed_is_an_edit():
    """Pitfall 22: time, length and title are compared separately."""
    longer = EVENT._replace(end=SPAN.end + HOUR)
    both = longer._replace(title="Carla!")

    assert Edited(interval=Interval(START, START + 2 * HOUR)) == judge(LINK, longer, BOOKING)
    assert Edited(title="Carla!") == judge(LINK, EVENT._replace(title="Carla!"), BOOKING)
    assert Edited(interval=longer.span, title="Carla!") == judge(LINK, both, BOOKING)


@pytest.mark.pitfall(22)
def test_a_rescheduled_booking_overrules_an_edited_time():
    """Pitfall 22: until the new time is written, the owner's title counts but not the owner's time."""
    moved = EVENT._replace(end=SPAN.end + HOUR, title="Carla!")
    rescheduled = replace(BOOKING, revision=4, interval=Interval(START - HOUR, START))

    assert Edited(title="Carla!", overtaken=True) == judge(LINK, moved, rescheduled)


@pytest.mark.pitfall(22)
def test_another_change_of_the_booking_does_not_overrule_an_edited_time():
    """Pitfall 22: a note that is not exported yet does not affect the time."""
    moved = EVENT._replace(end=SPAN.end + HOUR)

    assert Edited(interval=moved.span) == judge(LINK, moved, replace(BOOKING, revision=4))


@pytest.mark.pitfall(22)
def test_the_event_before_an_unfinished_write_is_no_edit():
    """Pitfall 22: while a write is pending, the former content is not taken for an edit of the owner."""
    pending = replace(LINK, state=LinkState.PENDING, written=fingerprint(replace(DRAFT, title="New")))
    later = Interval(START + HOUR, START + 2 * HOUR)
    moving = replace(pending, written=fingerprint(replace(DRAFT, interval=later)))

    assert Echo() == judge(pending, EVENT, BOOKING)
    assert Edited(overtaken=True) == judge(moving, EVENT, replace(BOOKING, revision=4, interval=later))


@pytest.mark.pitfall(22)
def test_an_event_without_length_is_impossible():
    """Pitfall 22: it is corrected instead of ignored."""
    assert Impossible() == judge(LINK, EVENT._replace(end=EVENT.start), BOOKING)


@pytest.mark.pitfall(22)
def test_a_declined_invitation_is_no_cancellation():
    """Pitfall 22: what guests answer changes no booking."""
    guest = {"email": "carla@example.com", "responseStatus": "declined"}
    times = {"dateTime": "2027-03-22T09:00:00Z"}, {"dateTime": "2027-03-22T10:00:00Z"}
    item = {"id": "sb1", "start": times[0], "end": times[1], "attendees": [guest]}
    read = event_of(item_of(item), GoogleContext.of(["UTC"], Detail.FULL))
    declined = EVENT._replace(response=read.response)

    assert Response.OWNER == read.response
    assert Echo() == judge(LINK, declined, BOOKING)


@pytest.mark.pitfall(22)
@pytest.mark.parametrize("event", [Gone("sb1"), EVENT._replace(cancelled=True)])
def test_a_missing_event_is_deleted_unless_slotbridge_deleted_it(event):
    """Pitfall 22: Slotbridge's own deletion is an echo."""
    cancelled = replace(BOOKING, status=BookingStatus.CANCELLED)

    assert Deleted() == judge(LINK, event, BOOKING)
    assert Echo() == judge(LINK, event, cancelled)
    assert Echo() == judge(replace(LINK, state=LinkState.GONE), event, BOOKING)


@pytest.mark.pitfall(22)
def test_a_missing_event_that_reappears_is_revived():
    """Pitfall 22: also with the known etag, as nothing else changed then."""
    missing = replace(LINK, state=LinkState.MISSING, missing_since=WROTE)

    assert Edited(revived=True) == judge(missing, EVENT._replace(etag="e1"), BOOKING)


def test_an_accepted_edit_is_an_echo_afterwards():
    """The link remembers the edited event."""
    moved = EVENT._replace(end=SPAN.end + HOUR)
    known = seen(replace(LINK, missing_since=WROTE), moved)

    assert Echo() == judge(known, moved._replace(etag="e3"), BOOKING)
    assert (LinkState.LIVE, None, "e2") == (known.state, known.missing_since, known.etag)
    assert LINK.written["reminder"] == known.written["reminder"]
