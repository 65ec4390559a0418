"""Calendars, channels and answers to writes, as Graph tells them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.domain.calendar.connection import AccessRole
from common.domain.calendar.sync_state import Channel
from common.errors import UnexpectedReply
from common.ports.provider import ChannelRequest
from common.providers.answers import moment_of
from common.providers.microsoft.events_to_domain import calendar_of, channel_of, written_of
from tests.unit.providers.microsoft.events_setup import START, item


@pytest.mark.parametrize("text", [None, 7, "", "soon", "2026-13-01T00:00:00Z"])
def test_a_moment_that_is_none(text: object) -> None:
    """Nothing is guessed."""
    assert moment_of(text) is None


@pytest.mark.parametrize(
    ("changes", "role"),
    [
        ({"canEdit": True, "canShare": True}, AccessRole.OWNER),
        ({"canEdit": True, "canShare": False, "isDefaultCalendar": True}, AccessRole.OWNER),
        ({"canEdit": True, "canShare": False, "canViewPrivateItems": True}, AccessRole.WRITER),
        (
            {"canEdit": True, "canShare": False, "canViewPrivateItems": False},
            AccessRole.WRITER_WITHOUT_PRIVATE,
        ),
        ({"canEdit": False, "canShare": True}, AccessRole.READER),
        ({}, AccessRole.READER),
        ({"canEdit": "yes"}, AccessRole.READER),
    ],
)
def test_what_may_be_done_in_a_calendar(changes: dict[str, Any], role: AccessRole) -> None:
    """Nothing is written where Graph does not plainly allow it."""
    entry = calendar_of({"id": "C", "name": "Work", **changes})

    assert entry is not None
    assert (entry.provider_id, entry.name, entry.zone, entry.role) == ("C", "Work", None, role)


def test_a_calendar_without_identity_is_left_out() -> None:
    """There is nothing to ask about it."""
    assert calendar_of({"name": "Work"}) is None
    assert calendar_of({"id": "C\ud83d", "name": "Work"}) is None


def test_a_name_with_half_a_character_costs_no_calendar() -> None:
    """Whoever cuts an emoji in two must not keep the account's other calendars from being listed."""
    entry = calendar_of({"id": "C", "name": "Party \ud83d"})

    assert entry is not None
    assert entry.name == "Party ?"


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
