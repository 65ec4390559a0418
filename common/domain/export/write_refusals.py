"""The table of what follows from a refused write: what stops, when it is tried again, who is told.

A refusal of one event never stops its neighbours. Before the table is asked, what is refused is written
without the part that is at fault (`part_to_leave_out`): the guest, the name of the zone, the reminder.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from common.domain.export.exported_event import EventDraft, ExportLink, ExportStep, LinkState, Part, Refusal
from common.errors import (
    AccountClosed,
    CalendarGone,
    Conflict,
    Forbidden,
    GrantDoubted,
    GrantRevoked,
    OperatorFault,
    PartRefused,
    ProviderUnavailable,
    RateLimited,
    Stop,
    StoreUnavailable,
    SyncError,
    UnexpectedReply,
    UsageExhausted,
)


class Operation(StrEnum):
    """What was to be done with the event."""

    INSERT = "insert"
    PATCH = "patch"
    DELETE = "delete"
    MOVE = "move"
    READ = "read"


class Stops(StrEnum):
    """What stops because of a refusal; health shows all three until the write goes through."""

    ITEM = "item"
    CREATIONS = "creations"
    CONNECTION = "connection"


@dataclass(frozen=True, slots=True)
class Reaction:
    """What follows from a refusal.

    Attributes:
        stops: What is not tried before the next try.
        waits: The pauses before the next tries; the last one repeats.
        told_after: How long after the first refusal the owner is told by a notice. None: never, it passes by
            itself. A customer whom the provider was to mail is mailed by us after `LONGEST_SILENCE`.
        given_up_after: How long after the first refusal the next one is the last; a dead letter keeps it.
            None: it is tried for as long as it takes, because a person was told what to do.
        queued: How many of the first tries are left to the queue, which spreads them over some minutes.
    """

    stops: Stops
    waits: tuple[timedelta, ...]
    told_after: timedelta | None
    given_up_after: timedelta | None
    queued: int = 0


_SECOND, _MINUTE, _HOUR, _DAY = (
    timedelta(seconds=1),
    timedelta(minutes=1),
    timedelta(hours=1),
    timedelta(days=1),
)
_AT_ONCE = timedelta(0)
_GROWING = (10 * _SECOND, 30 * _SECOND, 2 * _MINUTE, 5 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE, _HOUR)
# Seen on calendars that were made seconds ago, with both providers' words for "not there" and "not allowed".
FRESH_FOR = timedelta(minutes=10)
_FRESH = Reaction(
    Stops.ITEM,
    tuple(seconds * _SECOND for seconds in (2, 4, 8, 15, 30, 60)),
    told_after=None,
    given_up_after=None,
)
# A calendar that is not there or not open: its owner chooses another one.
_NO_CALENDAR = Reaction(Stops.ITEM, (_HOUR,), told_after=_AT_ONCE, given_up_after=None)
_ITEM = Reaction(Stops.ITEM, _GROWING, told_after=10 * _MINUTE, given_up_after=_DAY)
_LIMIT_OF_ITEM = Reaction(
    Stops.ITEM, (15 * _MINUTE, _HOUR, 2 * _HOUR, 6 * _HOUR), told_after=10 * _MINUTE, given_up_after=2 * _DAY
)
_LIMIT = Reaction(Stops.CREATIONS, (6 * _HOUR,), told_after=_AT_ONCE, given_up_after=None)
_UNAVAILABLE = Reaction(
    Stops.ITEM,
    (5 * _MINUTE, 15 * _MINUTE, 30 * _MINUTE, _HOUR),
    told_after=_HOUR,
    given_up_after=_DAY,
    queued=6,
)
_NEEDS_PERSON = Reaction(Stops.ITEM, (15 * _MINUTE, _HOUR), told_after=_HOUR, given_up_after=None)
# By the reaction that an error needs; the row of the nearest class counts, and of an operation before of all.
TABLE: Mapping[tuple[Operation | None, type[SyncError]], Reaction] = {
    (None, Forbidden): _ITEM,
    (None, PartRefused): _ITEM,
    (None, UnexpectedReply): _ITEM,
    (None, CalendarGone): _ITEM,
    (Operation.INSERT, UsageExhausted): _LIMIT,
    (None, UsageExhausted): _LIMIT_OF_ITEM,
    (None, ProviderUnavailable): _UNAVAILABLE,
    (None, AccountClosed): _NEEDS_PERSON,
    (None, Stop): _NEEDS_PERSON,
}
# Limits, races and the store's own failures pass in a moment; the grant and the operator's settings are not
# the event's.
_OF_THE_TASK = (RateLimited, Conflict, StoreUnavailable, GrantDoubted, GrantRevoked, OperatorFault)
# What we know ourselves of the chosen calendar, without having asked the provider to write.
_OF_THE_CALENDAR = frozenset({"no_target", "target_read_only"})


def reaction_to(operation: Operation, error: SyncError, *, fresh: bool) -> Reaction | None:
    """The row of the table for a refusal; None where it concerns the task and not the event.

    Args:
        operation: What was to be done.
        error: What was raised instead.
        fresh: Whether the calendar was made by us less than `FRESH_FOR` ago.
    """
    if isinstance(error, _OF_THE_TASK):
        return None
    if error.reason in _OF_THE_CALENDAR:
        return _NO_CALENDAR
    if fresh and isinstance(error, (Forbidden, CalendarGone)):
        return _FRESH
    for kind in type(error).__mro__:
        for one in (operation, None):
            if row := TABLE.get((one, kind)):
                return row
    return None


def refused(before: Refusal | None, code: str, *, revision: int, now: datetime) -> Refusal:
    """The refusal of an event after one more try; another revision of the booking has all its tries again."""
    if before is None:
        return Refusal(code, since=now, revision=revision)
    if before.revision != revision:
        return replace(before, code=code, since=now, revision=revision, tries=1)
    return replace(before, code=code, tries=before.tries + 1)


def next_state(link: ExportLink, refusal: Refusal, error: SyncError) -> ExportLink:
    """The link after a refused write: a refusal proves that nothing was written, a lost answer does not."""
    link = replace(link, refused=refusal)
    if link.state is not LinkState.PENDING or isinstance(error, (ProviderUnavailable, UnexpectedReply)):
        return link
    if link.revision:
        return replace(link, state=LinkState.LIVE, sending={})
    return replace(link, state=LinkState.FAILED, sending={}, error=error.reason)


def operation_of(step: ExportStep, link: ExportLink | None) -> Operation:
    """What the next step of an export does to the event."""
    if step is ExportStep.READ:
        return Operation.PATCH if link is not None and link.revision else Operation.INSERT
    return _OPERATIONS[step]


_OPERATIONS = {
    ExportStep.NOTHING: Operation.READ,
    ExportStep.SEARCH: Operation.READ,
    ExportStep.CREATE: Operation.INSERT,
    ExportStep.CREATE_ANEW: Operation.INSERT,
    ExportStep.UPDATE: Operation.PATCH,
    ExportStep.MOVE: Operation.MOVE,
    ExportStep.REMOVE: Operation.DELETE,
}


def next_try(reaction: Reaction, refusal: Refusal, *, now: datetime) -> datetime:
    """When a refused write is tried again."""
    number = max(0, refusal.tries - 1 - reaction.queued)
    return now + reaction.waits[min(number, len(reaction.waits) - 1)]


def is_due(after: timedelta | None, refusal: Refusal, *, now: datetime) -> bool:
    """Whether a refusal has lasted for so long."""
    return after is not None and now - refusal.since >= after


_PARTS = {"guest_refused": Part.GUEST, "zone_refused": Part.ZONE, "reminder_refused": Part.REMINDER}


def part_to_leave_out(error: SyncError, draft: EventDraft) -> Part | None:
    """Without which part a refused draft is written next; None where none is at fault, or it is left out.

    A limit on invitations concerns the guest alone: writes with guests use up a limit of their own.
    """
    part = _PARTS.get(error.reason) if isinstance(error, PartRefused) else None
    if isinstance(error, UsageExhausted) and error.reason in {UsageExhausted.code, "invitations_exhausted"}:
        part = Part.GUEST
    there = {
        Part.GUEST: draft.attendee is not None,
        Part.ZONE: draft.zone != UTC_NAME,
        Part.REMINDER: Part.REMINDER not in draft.left_out,
    }
    return part if part is not None and there[part] else None


UTC_NAME = "UTC"


def without_parts(draft: EventDraft, left_out: Mapping[str, str], keys: Mapping[Part, str]) -> EventDraft:
    """The draft without what was refused before, as long as that would be the same again.

    Args:
        draft: The event as it is wanted.
        left_out: The parts that were refused, each with what it was then.
        keys: What each part is now.
    """
    refused_parts = frozenset(part for part in Part if left_out.get(part.value) == keys[part])
    return replace(
        draft,
        attendee=None if Part.GUEST in refused_parts else draft.attendee,
        accepted=draft.accepted and Part.GUEST not in refused_parts,
        notify=draft.notify and Part.GUEST not in refused_parts,
        zone=UTC_NAME if Part.ZONE in refused_parts else draft.zone,
        left_out=refused_parts,
    )


def leave_out(link: ExportLink, part: Part, key: str) -> ExportLink:
    """The link once a part of its event was refused as it is now."""
    return replace(link, left_out={**link.left_out, part.value: key})
