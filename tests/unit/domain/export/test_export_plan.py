"""What an export does next."""

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
    leftover,
    may_invite,
    next_step,
    traces,
    with_leftover,
    without_leftover,
    written,
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
    return next_step(booking, link, target=target)


def test_a_booking_without_a_link_is_created() -> None:
    """The first export makes the event."""
    assert step(None) is ExportStep.CREATE


def test_a_live_event_is_updated_where_it_lives() -> None:
    """Nothing is made twice."""
    assert step(LINK) is ExportStep.UPDATE


@pytest.mark.pitfall(24)
def test_another_target_moves_the_event() -> None:
    """Pitfall 24: the link says where the event lives, the settings where it should live."""
    assert step(LINK, target="k2") is ExportStep.MOVE


@pytest.mark.pitfall(24)
def test_a_removal_goes_to_where_the_event_lives() -> None:
    """Pitfall 24: a cancelled booking never asks for the current target."""
    assert step(LINK, booking=CANCELLED, target="k2") is ExportStep.REMOVE


@pytest.mark.pitfall(13)
def test_a_lost_answer_is_read_before_anything_is_written() -> None:
    """Pitfall 13: an ambiguous write is resolved by reading."""
    assert step(replace(LINK, state=LinkState.PENDING)) is ExportStep.READ


def test_a_refused_event_is_tried_again() -> None:
    """A calendar that can be written to again gets the event."""
    assert step(replace(LINK, state=LinkState.FAILED)) is ExportStep.CREATE


@pytest.mark.pitfall(4)
def test_a_missing_event_is_searched_not_made_again() -> None:
    """Pitfall 4: an event that its owner may have deleted does not come back by itself."""
    assert step(replace(LINK, state=LinkState.MISSING)) is ExportStep.SEARCH


def test_a_removed_event_comes_back_only_with_a_newer_booking() -> None:
    """The owner removed it and the booking was kept: only a later change shows it again."""
    gone = replace(LINK, state=LinkState.GONE)

    assert (step(gone), step(gone, booking=replace(BOOKING, revision=2))) == (
        ExportStep.NOTHING,
        ExportStep.CREATE_ANEW,
    )


@pytest.mark.parametrize("link", [None, replace(LINK, state=LinkState.GONE)])
def test_a_cancelled_booking_without_an_event_is_done(link: ExportLink | None) -> None:
    """Cancelling twice is fine."""
    assert step(link, booking=CANCELLED) is ExportStep.NOTHING


def test_the_older_twin_of_a_moved_event_is_remembered_until_removed() -> None:
    """A crash between making the new event and removing the old one leaves no orphan."""
    moved = with_leftover(replace(LINK, calendar="k2", epoch=1), LINK)

    twin = Leftover(0, "k1", LINK.event_id)
    assert leftover(moved) == twin
    assert leftover(written(moved, {"title": "y"})) == twin
    assert traces(moved) == {"leftover": f"0/k1/{LINK.event_id}"}
    assert leftover(replace(LINK, written={"leftover": "0/k1"})) == Leftover(0, "k1")
    assert without_leftover(moved).written == {"title": "x"}
    assert leftover(LINK) is None


def test_a_cancelled_booking_with_an_older_twin_is_not_done() -> None:
    """Both events are removed."""
    gone = with_leftover(replace(LINK, state=LinkState.GONE, calendar="k2"), LINK)

    assert step(gone, booking=CANCELLED) is ExportStep.REMOVE


def test_a_refused_invitation_is_remembered() -> None:
    """The next write of this booking does not try to invite again."""
    assert (may_invite(None), may_invite(LINK), may_invite(replace(LINK, error=WITHOUT_ATTENDEE))) == (
        True,
        True,
        False,
    )
