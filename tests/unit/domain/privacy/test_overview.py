"""Titles where the person chose so, and times otherwise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from common.domain.calendar.connection import AccessRole, CalendarEntry, Connection, ProviderKind, Status
from common.domain.calendar.event import Detail, ExternalEvent, Kind, Response, ShowAs
from common.domain.calendar.interval import LONGEST_RANGE, Interval, asked_range
from common.domain.connect.settings import ImportSettings, PrivateMode, Settings
from common.domain.privacy.overview import detail, titled, untitled
from common.errors import InvalidRequest

NOON = datetime(2027, 3, 15, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def connection(*, show=True, private=PrivateMode.FULL):
    settings = Settings(imports=ImportSettings(private=private), show_events=show)
    return Connection("c", "t", "r", ProviderKind.GOOGLE, "a", Status.ACTIVE, NOON, settings)


def event(name="e", *, length=HOUR, **values):
    return ExternalEvent(name, Kind.SINGLE, NOON, NOON + length, title="Dentist", **values)


def shown(*events, role=AccessRole.OWNER, copied=(), **chosen):
    entry = CalendarEntry("k", "id", "Anna", None, role)
    return titled(events, connection(**chosen), entry, name="c/k", copied=copied)


def test_titles_are_asked_for_only_where_they_may_be_shown():
    """The switch decides what leaves the provider at all."""
    assert detail(connection(show=False)) is Detail.TIMES
    assert detail(connection(show=True)) is Detail.FULL


@pytest.mark.parametrize("role", list(AccessRole))
@pytest.mark.parametrize("private", list(PrivateMode))
def test_a_private_title_needs_both_the_mode_and_the_right(role, private):
    """Whoever may not write to a calendar never sees what its private events are about."""
    blocks = shown(event(private=True), role=role, private=private)
    allowed = private is PrivateMode.FULL and role in {AccessRole.WRITER, AccessRole.OWNER}
    title = "Dentist" if allowed else None
    seen = [(block.title, block.private, block.busy) for block in blocks]

    assert seen == ([] if private is PrivateMode.NONE else [(title, True, True)])


def test_what_is_cancelled_or_declined_is_not_shown_and_free_is_not_busy():
    """The one table decides here too."""
    blocks = shown(
        event("a", cancelled=True),
        event("b", response=Response.DECLINED),
        event("c", show_as=ShowAs.FREE),
        event("d", length=timedelta()),
        event("e"),
        copied={"e"},
    )

    assert [(block.busy, block.imported) for block in blocks] == [
        (False, False),
        (False, False),
        (True, True),
    ]


def test_taken_times_do_not_show_how_many_events_there_are():
    """Touching and overlapping ones are one block without a word."""
    spans = [Interval(NOON + HOUR * number, NOON + HOUR * (number + 1)) for number in (1, 0, 3)]
    blocks = untitled([*spans, spans[0]], name="c/k")

    assert [(block.start, block.end, block.title) for block in blocks] == [
        (NOON, NOON + 2 * HOUR, None),
        (NOON + 3 * HOUR, NOON + 4 * HOUR, None),
    ]


@pytest.mark.parametrize(
    ("start", "end", "code"),
    [
        (NOON, NOON, "window"),
        (NOON, NOON - HOUR, "window"),
        (NOON.replace(tzinfo=None), NOON, "window"),
        (NOON.replace(year=1), NOON.replace(year=1) + HOUR, "window"),
        (NOON.replace(year=9999), NOON.replace(year=9999) + HOUR, "window"),
        (NOON, NOON + LONGEST_RANGE + timedelta(microseconds=1), "window_too_long"),
    ],
    ids=str,
)
def test_a_range_that_is_not_possible_is_refused(start, end, code):
    """Empty, naive, endless or too long."""
    with pytest.raises(InvalidRequest) as refused:
        asked_range(start, end)
    assert refused.value.reason == code
    assert asked_range(NOON, NOON + LONGEST_RANGE).length == LONGEST_RANGE
