"""What an item of a feed says, however odd it is."""

from __future__ import annotations

from typing import Any

import pytest

from common.domain.calendar.event import (
    Change,
    Detail,
    ExternalEvent,
    Flaw,
    Kind,
    Removal,
    SeriesTouched,
    Unreadable,
    Upsert,
)
from common.domain.calendar.interval import Interval
from common.providers.answers import NamelessEvent
from common.providers.microsoft import events_to_domain
from common.providers.microsoft.event_structs import item_of
from common.providers.microsoft.events_to_domain import GraphContext
from tests.unit.providers.microsoft.events_setup import HOUR, START, TIMES, event_of, item


def change_of(item: object, place: GraphContext) -> Change:
    return events_to_domain.change_of(item_of(item), place)


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
        ({"id": ""}, Unreadable("", Flaw.NO_ID)),
        ({"id": 7}, Unreadable("", Flaw.NO_ID)),
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
    assert change_of(odd, TIMES) == Unreadable("", Flaw.NOT_AN_OBJECT)


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
    with pytest.raises(NamelessEvent, match="no_id"):
        event_of(item(id=None), TIMES)


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

    assert event.inside(Interval(START, START + 2 * HOUR)) is there


def test_half_a_character_becomes_a_text_that_can_be_stored() -> None:
    """Whoever cuts an emoji in two leaves a half that no document holds; its page must not wait for ever."""
    full = GraphContext.of("UTC", Detail.FULL)
    found = event_of(item(subject="Party \ud83d", body={"content": "\ud83c\udf89 \udf89"}), full)

    assert (found.title or "").encode() == b"Party ?"
    assert (found.description or "").encode().endswith(b"?")
