"""Calendars, channels and answers to writes, as Google tells them."""

from __future__ import annotations

from typing import Any

import pytest

from common.domain.calendar.connection import AccessRole
from common.errors import UnexpectedReply
from common.ports.provider import ChannelRequest
from common.providers.answers import moment_of
from common.providers.google.events_to_domain import calendar_of, channel_of, written_of
from tests.unit.providers.google.events_setup import ELEVEN, TEN


@pytest.mark.parametrize(
    ("word", "role"),
    [
        ("none", AccessRole.NONE),
        ("freeBusyReader", AccessRole.FREE_BUSY),
        ("reader", AccessRole.READER),
        ("writerWithoutPrivateAccess", AccessRole.WRITER_WITHOUT_PRIVATE),
        ("writer", AccessRole.WRITER),
        ("owner", AccessRole.OWNER),
        ("inventedTomorrow", AccessRole.READER),
        (None, AccessRole.NONE),
    ],
)
def test_the_roles(word: object, role: AccessRole) -> None:
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
    assert (entry.name, entry.zone, entry.primary, entry.use) == ("Mine", None, True, "none")


def test_a_name_with_half_a_character_costs_no_calendar() -> None:
    """Whoever cuts an emoji in two must not keep the account's other calendars from being listed."""
    entry = calendar_of({"id": "c@x", "summary": "Party \ud83d"})

    assert entry is not None
    assert entry.name == "Party ?"


@pytest.mark.parametrize("item", [{}, {"id": 3}, {"id": "c", "deleted": True}, {"id": "c\ud83d"}])
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


@pytest.mark.parametrize("text", ["", "soon", "2026-13-01T00:00:00Z", 7, None, []])
def test_what_is_no_moment_is_none(text: object) -> None:
    """Odd time stamps are absent ones."""
    assert moment_of(text) is None
