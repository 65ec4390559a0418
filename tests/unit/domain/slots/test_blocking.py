from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from common.domain.calendar.event import EventType, ExternalEvent, Kind, Response, ShowAs
from common.domain.connect.settings import BusyRules, ImportSettings, PrivateMode
from common.domain.slots.blocking import BLOCKING_RULES, Effect, effect, offers_free_time

START = datetime(2027, 3, 22, 9, tzinfo=UTC)
PAGE = Path(__file__).parents[4] / "docs" / "what-blocks.md"
SWITCHES = ("tentative", "needs_action", "out_of_office", "focus_time", "working_elsewhere")
ALL_ON = ImportSettings(busy=BusyRules(**dict.fromkeys(SWITCHES, True)))
ALL_OFF = ImportSettings(busy=BusyRules(**dict.fromkeys(SWITCHES, False)))


def event(minutes=60, **parts):
    end = START + timedelta(minutes=minutes)
    return ExternalEvent(id="e", kind=Kind.SINGLE, start=START, end=end, **parts)


CELLS = [
    (event(cancelled=True), "ignored", "ignored"),
    (event(response=Response.DECLINED), "ignored", "ignored"),
    (event(minutes=0), "shown", "shown"),
    (event(type=EventType.WORKING_LOCATION), "shown", "shown"),
    (event(type=EventType.BIRTHDAY), "shown", "shown"),
    (event(show_as=ShowAs.FREE), "shown", "shown"),
    (event(response=Response.NEEDS_ACTION), "blocks", "shown"),
    (event(response=Response.TENTATIVE), "blocks", "shown"),
    (event(show_as=ShowAs.TENTATIVE), "blocks", "shown"),
    (event(show_as=ShowAs.OUT_OF_OFFICE), "blocks", "shown"),
    (event(type=EventType.OUT_OF_OFFICE), "blocks", "shown"),
    (event(type=EventType.FOCUS_TIME), "blocks", "shown"),
    (event(show_as=ShowAs.WORKING_ELSEWHERE), "blocks", "shown"),
    (event(show_as=ShowAs.UNKNOWN), "blocks", "blocks"),
    (event(type=EventType.UNKNOWN), "blocks", "blocks"),
    (event(type=EventType.FROM_MAIL), "blocks", "blocks"),
    (event(response=Response.ACCEPTED), "blocks", "blocks"),
    (event(), "blocks", "blocks"),
]


@pytest.mark.pitfall(18)
@pytest.mark.parametrize(("found", "on", "off"), CELLS)
def test_every_cell_of_the_table(found, on, off):
    """Pitfall 18: one table decides, and unknown values are on the safe side."""
    assert (Effect(on), Effect(off)) == (effect(found, ALL_ON), effect(found, ALL_OFF))


@pytest.mark.pitfall(18)
@pytest.mark.parametrize(("found", "on", "off"), CELLS)
@pytest.mark.parametrize("mode", PrivateMode)
def test_a_private_event_follows_the_table_or_is_ignored(found, on, off, mode):
    """C5: under the mode *none* a private event counts for nothing; under any other it is like any event."""
    private = found._replace(private=True)
    effects = [effect(private, replace(rules, private=mode)) for rules in (ALL_ON, ALL_OFF)]

    assert effects == ([Effect.IGNORED] * 2 if mode is PrivateMode.NONE else [Effect(on), Effect(off)])


@pytest.mark.pitfall(18)
def test_what_is_not_an_appointment_never_blocks_whatever_else_it_says():
    """Pitfall 18: a declined or free event stays so, even if it is tentative or out of office."""
    declined = event(response=Response.DECLINED, show_as=ShowAs.OUT_OF_OFFICE)
    free = event(show_as=ShowAs.FREE, response=Response.NEEDS_ACTION)

    assert (Effect.IGNORED, Effect.SHOWN) == (effect(declined, ALL_ON), effect(free, ALL_ON))


@pytest.mark.pitfall(18)
def test_the_documented_table_is_the_table_of_the_code():
    """Pitfall 18: docs/what-blocks.md lists the same lines with the same effects, switches and defaults."""
    rows = [
        [cell.strip() for cell in line.strip("|\n ").split("|")]
        for line in PAGE.read_text().partition("## Events with odd dates")[0].splitlines()
        if line.startswith("| ") and not line.startswith("| event")
    ]
    documented = [(row[0], row[3], row[4] if len(row) > 4 else "") for row in rows]

    assert documented == [(rule.event, rule.effect.value, switch_of(rule)) for rule in BLOCKING_RULES]


def switch_of(rule):
    if rule.switch is None:
        return ""
    return f"`{rule.switch}` ({'on' if getattr(BusyRules(), rule.switch) else 'off'})"


def test_every_switch_is_in_the_table():
    """A switch without a line would do nothing."""
    assert set(SWITCHES) == {rule.switch for rule in BLOCKING_RULES} - {None}


@pytest.mark.parametrize(
    ("found", "offered"),
    [
        (event(show_as=ShowAs.FREE), True),
        (event(show_as=ShowAs.FREE, type=EventType.WORKING_LOCATION), False),
        (event(show_as=ShowAs.FREE, type=EventType.BIRTHDAY), False),
        (event(show_as=ShowAs.FREE, response=Response.DECLINED), False),
        (event(show_as=ShowAs.FREE, minutes=0), False),
        (event(), False),
        (event(show_as=ShowAs.WORKING_ELSEWHERE), False),
        (event(show_as=ShowAs.FREE, private=True), True),
    ],
)
def test_only_what_its_owner_marked_free_is_offered(found, offered):
    """Free times of a calendar are events that somebody marked free, not places or birthdays."""
    assert offered == offers_free_time(found, ALL_OFF)
    hidden = found._replace(private=True)
    assert not offers_free_time(hidden, replace(ALL_OFF, private=PrivateMode.NONE))
