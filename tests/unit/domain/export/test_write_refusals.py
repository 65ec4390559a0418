"""The table of refused writes: each error has its row, pauses grow, and parts are left out once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from common import errors
from common.domain.export.exported_event import ExportStep, LinkState, Part, Refusal
from common.domain.export.write_refusals import (
    Operation,
    Stops,
    next_state,
    next_try,
    operation_of,
    part_to_leave_out,
    reaction_to,
    refused,
    without_parts,
)
from tests.unit.domain.export.test_export_plan import LINK
from tests.unit.providers.google.test_request_bodies import draft

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
# They concern the task, the caller or the database, and not the event.
ELSEWHERE = (
    errors.RateLimited,
    errors.Conflict,
    errors.StoreUnavailable,
    errors.GrantDoubted,
    errors.GrantRevoked,
    errors.OperatorFault,
    errors.CursorExpired,
    errors.Rejected,
    errors.Degraded,
)


def all_errors(kind=errors.SyncError):
    """Every class of errors."""
    for each in kind.__subclasses__():
        if each.__module__ == errors.__name__:
            yield each
        yield from all_errors(each)


@pytest.mark.parametrize("operation", list(Operation))
def test_every_error_of_a_write_has_a_row(operation):
    """What no row covers is exactly what does not concern the event; a plain retry is the queue's."""
    without = {kind for kind in all_errors() if reaction_to(operation, made(kind), fresh=False) is None}

    assert without == {kind for kind in all_errors() if issubclass(kind, ELSEWHERE) or kind is errors.Retry}


def made(kind):
    """An error of a class."""
    if kind is errors.TooMany:
        return errors.TooMany("", code="x", quota=1, seconds=1, retry_after=1)
    return kind()


@pytest.mark.parametrize("operation", [Operation.PATCH, Operation.DELETE, Operation.MOVE])
def test_a_limit_of_the_account_stops_new_events_only(operation):
    """A change that hits it waits alone."""
    limit = errors.UsageExhausted()
    stopped = [reaction_to(each, limit, fresh=False).stops for each in (Operation.INSERT, operation)]

    assert stopped == [Stops.CREATIONS, Stops.ITEM]


def test_pauses_grow_and_stay_at_the_last():
    """Seconds at first, an hour in the end."""
    row = reaction_to(Operation.PATCH, errors.Forbidden(), fresh=False)
    pauses = []
    refusal = None
    for _ in range(9):
        refusal = refused(refusal, "forbidden", revision=1, now=NOW)
        pauses.append(next_try(row, refusal, now=NOW) - NOW)

    assert pauses == sorted(pauses)
    assert (pauses[0], pauses[-1]) == (timedelta(seconds=10), timedelta(hours=1))


def test_another_revision_has_all_its_tries():
    """They are counted, and their time measured, from then on."""
    before = Refusal("forbidden", since=NOW - timedelta(days=1), revision=1, tries=9)

    assert refused(before, "forbidden", revision=2, now=NOW) == replace(
        before, since=NOW, revision=2, tries=1
    )


def test_only_a_refusal_proves_that_nothing_was_written():
    """After a lost answer the event is read first."""
    pending = replace(LINK, state=LinkState.PENDING, revision=0, sending={"title": "y"})
    refusal = Refusal("x", since=NOW)
    states = [
        next_state(link, refusal, error).state
        for link in (pending, replace(pending, revision=1))
        for error in (errors.Forbidden(), errors.ProviderUnavailable(), errors.UnexpectedReply())
    ]

    assert states == ["failed", "pending", "pending", "live", "pending", "pending"]


@pytest.mark.parametrize(
    ("error", "part"),
    [
        (errors.PartRefused(code="guest_refused"), Part.GUEST),
        (errors.PartRefused(code="zone_refused"), Part.ZONE),
        (errors.PartRefused(code="reminder_refused"), Part.REMINDER),
        (errors.UsageExhausted(), Part.GUEST),
        (errors.UsageExhausted(code="invitations_exhausted"), Part.GUEST),
        (errors.UsageExhausted(code="mailbox_full"), None),
        (errors.Forbidden(), None),
    ],
)
def test_a_refused_part_is_left_out_once(error, part):
    """Once it is left out, the same refusal is the event's."""
    full = draft(attendee=("zoe@example.net", "Zoe"))
    keys = dict.fromkeys(Part, "now")
    lesser = without_parts(full, {part.value: "now"} if part else {}, keys)

    assert part_to_leave_out(error, full) == part
    assert part_to_leave_out(error, lesser) is None


def test_a_part_that_is_another_by_now_is_tried_again():
    """Another zone, address or reminder may be taken."""
    full = draft(attendee=("zoe@example.net", "Zoe"))

    assert without_parts(full, dict.fromkeys(Part, "before"), dict.fromkeys(Part, "now")) == full


def test_what_was_not_answered_counts_as_what_it_was():
    """A write that is read first was a creation where the event was never there."""
    pending = replace(LINK, state=LinkState.PENDING)

    assert operation_of(ExportStep.READ, replace(pending, revision=0)) is Operation.INSERT
    assert operation_of(ExportStep.READ, replace(pending, revision=1)) is Operation.PATCH
