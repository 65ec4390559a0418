"""The next step of an export, as it follows from booking and link."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from common.domain.booking.booking import BookingStatus
from common.domain.export.exported_event import (
    WITHOUT_ATTENDEE,
    ExportLink,
    ExportStep,
    Leftover,
    LinkState,
    answered,
    leftover,
    may_invite,
    next_step,
    on_its_way,
    traces,
    with_leftover,
    with_renamed_leftover,
    without_leftover,
)
from tests.unit.domain.export.test_draft import BOOKING

LINK = ExportLink(
    tenant="t1",
    connection="c1",
    booking=BOOKING.id,
    calendar="k1",
    calendar_id="anna@example.com",
    event_id="sbid",
    epoch=0,
    state=LinkState.LIVE,
    revision=1,
    written={"title": "x"},
)
CANCELLED = replace(BOOKING, status=BookingStatus.CANCELLED, revision=2)


def step(link: ExportLink | None, *, booking: Any = BOOKING, target: str = "k1") -> ExportStep:
    """The next step for this booking, link and export calendar."""
    return next_step(booking, link, target=target)


def test_a_booking_without_a_link_gets_an_event() -> None:
    """The first export creates the event."""
    assert step(None) is ExportStep.CREATE


def test_a_live_event_is_updated_in_its_calendar() -> None:
    """No second event is created."""
    assert step(LINK) is ExportStep.UPDATE


@pytest.mark.pitfall(24)
def test_a_new_export_calendar_moves_the_event() -> None:
    """Pitfall 24: the link names the present calendar, the settings the wanted one."""
    assert step(LINK, target="k2") is ExportStep.MOVE


@pytest.mark.pitfall(24)
def test_a_cancellation_deletes_the_event_from_its_calendar() -> None:
    """Pitfall 24: the export calendar of the settings does not matter for a cancelled booking."""
    assert step(LINK, booking=CANCELLED, target="k2") is ExportStep.REMOVE


@pytest.mark.pitfall(13)
def test_after_a_lost_response_the_event_is_read_first() -> None:
    """Pitfall 13: whether the write succeeded is found out by reading."""
    assert step(replace(LINK, state=LinkState.PENDING)) is ExportStep.READ


def test_a_refused_event_is_created_by_the_next_export() -> None:
    """A calendar that can be written again gets the event."""
    assert step(replace(LINK, state=LinkState.FAILED)) is ExportStep.CREATE


@pytest.mark.pitfall(4)
def test_a_missing_event_is_searched_for_and_not_recreated() -> None:
    """Pitfall 4: the owner may have deleted it."""
    assert step(replace(LINK, state=LinkState.MISSING)) is ExportStep.SEARCH


def test_a_removed_event_is_recreated_only_for_a_newer_booking() -> None:
    """The owner deleted it and the booking was kept: only a later change creates an event."""
    gone = replace(LINK, state=LinkState.GONE)

    assert (step(gone), step(gone, booking=replace(BOOKING, revision=2))) == (
        ExportStep.NOTHING,
        ExportStep.CREATE_ANEW,
    )


@pytest.mark.parametrize("link", [None, replace(LINK, state=LinkState.GONE)])
def test_a_cancelled_booking_without_an_event_needs_nothing(link: ExportLink | None) -> None:
    """Also when it is exported a second time."""
    assert step(link, booking=CANCELLED) is ExportStep.NOTHING


def test_the_old_event_of_a_moved_one_is_remembered_until_deleted() -> None:
    """A crash between creating the new event and deleting the old one leaves no orphan."""
    moved = with_leftover(replace(LINK, calendar="k2", epoch=1), LINK)

    twin = Leftover(0, "k1", LINK.event_id)
    assert leftover(moved) == twin
    assert leftover(answered(moved, {"title": "y"}, shown={}, sent=())) == twin
    assert traces(moved) == {"leftover": f"0/k1/{LINK.event_id}"}
    assert leftover(replace(LINK, written={"leftover": "0/k1"})) == Leftover(0, "k1")
    assert without_leftover(moved).written == {"title": "x"}
    assert leftover(LINK) is None


def test_the_note_of_an_old_event_follows_its_calendar_to_another_id() -> None:
    """Only where that calendar has one; what else the note says stays."""
    moved = with_leftover(replace(LINK, calendar="k2", epoch=1), LINK)

    assert leftover(with_renamed_leftover(moved, {"k1": "k9"})) == Leftover(0, "k9", LINK.event_id)
    assert with_renamed_leftover(moved, {"k2": "k9"}) is moved
    assert with_renamed_leftover(LINK, {"k1": "k9"}) is LINK


def test_a_cancellation_also_deletes_the_old_event() -> None:
    """The event in the former calendar is deleted as well."""
    gone = with_leftover(replace(LINK, state=LinkState.GONE, calendar="k2"), LINK)

    assert step(gone, booking=CANCELLED) is ExportStep.REMOVE


def test_a_refused_invitation_is_remembered() -> None:
    """The next write of this booking invites nobody."""
    refused = replace(LINK, left_out={"guest": "zoe"})
    of_an_earlier_release = replace(LINK, error=WITHOUT_ATTENDEE)

    assert [may_invite(link, guest="zoe") for link in (None, LINK, refused, of_an_earlier_release)] == [
        True,
        True,
        False,
        False,
    ]
    assert may_invite(refused, guest="yan")


def test_a_write_is_known_only_once_it_was_answered() -> None:
    """Until then the former fingerprint stays; then what the provider stored otherwise is remembered."""
    sent = on_its_way(LINK, {"title": "y", "description": "long"})
    done = answered(sent, sent.sending, shown={"title": "y", "description": "short"}, sent={"description"})

    assert (sent.written, sent.sent["title"], sent.state) == ({"title": "x"}, "y", LinkState.PENDING)
    assert (done.written, done.shown, done.sending) == (
        {"title": "y", "description": "long"},
        {"description": "short"},
        {},
    )
