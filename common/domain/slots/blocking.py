"""The one table of what an external event does to bookable time, the same for every provider."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from common.domain.calendar.event import EventType, ExternalEvent, Response, ShowAs
from common.domain.connect.settings import BusyRules, ImportSettings
from common.domain.sync.import_privacy import may_keep


class Effect(StrEnum):
    """What an event does to the resource's time."""

    IGNORED = "ignored"
    SHOWN = "shown"
    BLOCKS = "blocks"


class EventFacts(NamedTuple):
    """All that the table looks at: few different ones, however many events there are."""

    cancelled: bool
    timed: bool
    response: Response
    show_as: ShowAs
    type: EventType


@dataclass(frozen=True, slots=True)
class BlockingRule:
    """One line of the table; with a ``switch`` that is off, a blocking event is only shown."""

    event: str
    applies: Callable[[EventFacts], bool]
    effect: Effect
    switch: str | None = None


# The first line that applies decides. docs/what-blocks.md shows the same table to people.
BLOCKING_RULES: tuple[BlockingRule, ...] = (
    BlockingRule("cancelled", lambda event: event.cancelled, Effect.IGNORED),
    BlockingRule("declined by the owner", lambda event: event.response is Response.DECLINED, Effect.IGNORED),
    BlockingRule("without length", lambda event: not event.timed, Effect.SHOWN),
    BlockingRule("working location", lambda event: event.type is EventType.WORKING_LOCATION, Effect.SHOWN),
    BlockingRule("birthday", lambda event: event.type is EventType.BIRTHDAY, Effect.SHOWN),
    BlockingRule("marked free", lambda event: event.show_as is ShowAs.FREE, Effect.SHOWN),
    BlockingRule(
        "not answered yet",
        lambda event: event.response is Response.NEEDS_ACTION,
        Effect.BLOCKS,
        "needs_action",
    ),
    BlockingRule(
        "tentative",
        lambda event: event.response is Response.TENTATIVE or event.show_as is ShowAs.TENTATIVE,
        Effect.BLOCKS,
        "tentative",
    ),
    BlockingRule(
        "out of office",
        lambda event: event.type is EventType.OUT_OF_OFFICE or event.show_as is ShowAs.OUT_OF_OFFICE,
        Effect.BLOCKS,
        "out_of_office",
    ),
    BlockingRule("focus time", lambda event: event.type is EventType.FOCUS_TIME, Effect.BLOCKS, "focus_time"),
    BlockingRule(
        "working elsewhere",
        lambda event: event.show_as is ShowAs.WORKING_ELSEWHERE,
        Effect.BLOCKS,
        "working_elsewhere",
    ),
    # What a provider may invent tomorrow blocks as well: a time too few is better than one sold twice.
    BlockingRule("everything else", lambda _: True, Effect.BLOCKS),
)
_NEVER_FREE = frozenset({EventType.WORKING_LOCATION, EventType.BIRTHDAY})


def effect(event: ExternalEvent, settings: ImportSettings) -> Effect:
    """What an event does to the time it takes, under a connection's settings.

    Live answers, stored copies and previews all ask here, so that none of them can say anything else.
    """
    if not may_keep(settings, private=event.private):
        return Effect.IGNORED
    timed = event.start < event.end
    facts = EventFacts(event.cancelled, timed, event.response, event.show_as, event.type)
    return _decided(facts, settings.busy)


@lru_cache(maxsize=1024)
def _decided(facts: EventFacts, rules: BusyRules) -> Effect:
    rule = next(rule for rule in BLOCKING_RULES if rule.applies(facts))
    if rule.switch is not None and not getattr(rules, rule.switch):
        return Effect.SHOWN
    return rule.effect


def offers_free_time(event: ExternalEvent, settings: ImportSettings) -> bool:
    """Whether an event is free time that its owner offers (option "use the calendar's free times").

    A working place or a birthday is marked free as well, but offers nothing.
    """
    return (
        event.show_as is ShowAs.FREE
        and event.start < event.end
        and event.type not in _NEVER_FREE
        and effect(event, settings) is Effect.SHOWN
    )
