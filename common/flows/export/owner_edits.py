"""Applies, proposes or undoes what a calendar's owner changed in an exported event, as the policy says."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from common.domain.booking.booking import (
    Booking,
    Proposal,
    Source,
    kept_proposal,
    proposal_expiry,
    without_time,
)
from common.domain.booking.booking_change import BookingChange
from common.domain.booking.cells import LONGEST_CLAIM, whole_cells
from common.domain.calendar.connection import Connection
from common.domain.calendar.event import ExternalEvent
from common.domain.calendar.interval import Interval
from common.domain.catalogue.records import EditPolicy
from common.domain.export.exported_event import ExportLink, LinkState
from common.domain.export.own_events import (
    DESCRIPTION,
    MOST_REWRITES,
    TIME,
    TITLE,
    Edited,
    Impossible,
    as_shown,
    as_written,
    proposed_fingerprint,
    rewrites,
    seen,
    seen_fingerprint,
)
from common.domain.notify import Notice, NoticeKind, new_notice
from common.domain.shared.outbox import export_entries, proposal_entries
from common.errors import SlotTaken
from common.flows.booking.commit import commit_past_expired_holds
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What an edit leads to: the booking, our record of the event, notices, and whether to rewrite it."""

    booking: Booking
    link: ExportLink
    notices: tuple[NoticeKind, ...] = ()
    rewrite: bool = False


def follow_edit(
    ports: Ports, exported: ExportedBooking, event: ExternalEvent, verdict: Edited | Impossible
) -> None:
    """Apply, propose or undo an owner's edit; exactly once, however often it is reported.

    Raises:
        Conflict: The booking was changed meanwhile; judge again.
    """
    policy = ports.catalogue.tenant(exported.booking.tenant).owner_edits
    if isinstance(verdict, Impossible):
        left = replace(exported.booking, proposal=_proposal_without_time(exported))
        _commit_edit(ports, exported, _restore_time(_Outcome(left, seen(exported.link, event)), event))
        return
    texts = _apply_texts(ports, exported, event, verdict, policy.text)
    try:
        _commit_edit(
            ports, exported, _apply_time(ports, exported, texts, event, verdict=verdict, policy=policy.time)
        )
    except SlotTaken:
        # Somebody else has that time here: the calendar is restored, not the other customer's booking.
        _commit_edit(ports, exported, _restore_time(texts, event))


def _apply_texts(
    ports: Ports, exported: ExportedBooking, event: ExternalEvent, verdict: Edited, policy: EditPolicy
) -> _Outcome:
    """The owner's own words; what was proposed before is proposed anew where the event still shows it."""
    link = seen(exported.link, event)
    booking = replace(exported.booking, proposal=_proposal_kept(exported))
    if verdict.title is None and verdict.description is None:
        return _Outcome(booking, link)
    if policy is EditPolicy.APPLY:
        title = booking.title if verdict.title is None else verdict.title
        description = booking.description if verdict.description is None else verdict.description
        return _Outcome(replace(booking, title=title, description=description), link)
    if policy is EditPolicy.REVERT:
        return _Outcome(booking, link, (NoticeKind.EDIT_REVERTED,), rewrite=True)
    words = {"title": verdict.title, "description": verdict.description}
    booking = with_proposal(ports, exported, booking, **words)
    return _Outcome(booking, _keep_written(exported, link, (TITLE, DESCRIPTION)), (NoticeKind.EDIT_PROPOSED,))


def _proposal_kept(exported: ExportedBooking) -> Proposal | None:
    """What was proposed elsewhere, and words that this look did not compare because ours are under way."""
    before = exported.booking.proposal
    if before is None or before.connection != exported.connection.id:
        return before
    return without_time(before) if exported.link.state is LinkState.PENDING else None


def _proposal_without_time(exported: ExportedBooking) -> Proposal | None:
    """What is in question still, where this event's time cannot be."""
    before = exported.booking.proposal
    return without_time(before) if before and before.connection == exported.connection.id else before


def with_proposal(ports: Ports, exported: ExportedBooking, booking: Booking, **parts: Any) -> Booking:
    """The booking with a change of its event to be decided, beside what is in question there already."""
    here, now = exported.connection.id, ports.clock.now()
    known = booking.proposal if booking.proposal and booking.proposal.connection == here else None
    fresh = known or Proposal(
        connection=here, proposed_at=now, expires_at=proposal_expiry(booking.interval.start, now)
    )
    wanted = replace(fresh, proposed_at=now, expires_at=proposal_expiry(booking.interval.start, now), **parts)
    return replace(booking, proposal=kept_proposal(exported.booking.proposal, wanted))


def _apply_time(
    ports: Ports,
    exported: ExportedBooking,
    before: _Outcome,
    event: ExternalEvent,
    *,
    verdict: Edited,
    policy: EditPolicy,
) -> _Outcome:
    """The time, beside what became of the words."""
    booking, span = before.booking, verdict.interval
    if verdict.overtaken:
        return replace(before, rewrite=True)
    if span is None or span == booking.interval:
        return before
    claimed = time_to_claim(ports, booking, span)
    if policy is EditPolicy.REVERT or claimed.length > LONGEST_CLAIM:
        return _restore_time(before, event)
    if policy is EditPolicy.PROPOSE:
        return replace(
            before,
            booking=with_proposal(ports, exported, booking, interval=span),
            link=_keep_written(exported, before.link, (TIME,)),
            notices=(*before.notices, NoticeKind.EDIT_PROPOSED),
        )
    return replace(
        before,
        booking=replace(
            booking, interval=span, claimed=claimed, conflict=None, proposal=without_time(booking.proposal)
        ),
        notices=(*before.notices, NoticeKind.BOOKING_MOVED),
    )


def time_to_claim(ports: Ports, booking: Booking, span: Interval) -> Interval:
    """What a booking takes at another time."""
    service = ports.catalogue.service(booking.tenant, booking.service)
    return whole_cells(span.pad(service.buffer_before, service.buffer_after))


def _restore_time(before: _Outcome, event: ExternalEvent) -> _Outcome:
    """Our time is written again: what we see differs from what we want, so the export finds it to do."""
    # An event without length has no time to remember: anything but ours makes the export write it.
    link = as_shown(before.link, {TIME: seen_fingerprint(event).get(TIME, "none")})
    notices = (*before.notices, NoticeKind.EDIT_REVERTED)
    return _Outcome(before.booking, link, notices, rewrite=True)


def _keep_written(exported: ExportedBooking, link: ExportLink, fields: tuple[str, ...]) -> ExportLink:
    """Proposed parts stay as the owner wrote them: no later export touches what it did not change."""
    return as_written(link, exported.link, fields)


def _commit_edit(ports: Ports, exported: ExportedBooking, outcome: _Outcome) -> None:
    """Commit at once: the booking with its cells, our record of the event, outbox entries, and notices."""
    now, before = ports.clock.now(), exported.booking
    if outcome.booking.proposal == before.proposal:
        # The same is proposed once more: whoever has to decide was notified.
        notices = tuple(kind for kind in outcome.notices if kind is not NoticeKind.EDIT_PROPOSED)
        outcome = replace(outcome, notices=notices)
    if outcome.rewrite:
        outcome = _limit_rewrites(exported, outcome, now)
    after, link = outcome.booking, outcome.link
    if after == before and not outcome.rewrite and not outcome.notices:
        ports.bookings.save_link(link)
        return
    targets, ended = list[Connection](), EndedProposal()
    if after != before or outcome.rewrite:
        source = before.source if after == before else Source.EXTERNAL
        edited = before.edited_in if after == before else exported.connection.id
        after = replace(after, revision=before.revision + 1, updated_at=now, source=source, edited_in=edited)
        # Everybody who shows the booking learns of each revision: a link behind it means "still to write".
        targets = other_connections(ports, exported.connection)
        ended = end_proposal_elsewhere(ports, exported, after, now=now)
    if outcome.rewrite:
        targets.append(exported.connection)
    elif link.revision == before.revision:
        link = replace(link, revision=after.revision)
    commit_past_expired_holds(
        ports,
        BookingChange(
            before=before,
            after=after,
            outbox=(*export_entries(after, targets, now=now), *proposal_entries(before, after)),
            links=(link, *ended.links),
            notices=(*edit_notices(exported, after, outcome.notices, link=link, now=now), *ended.notices),
        ),
    )


def _limit_rewrites(exported: ExportedBooking, outcome: _Outcome, now: datetime) -> _Outcome:
    """Stop rewriting where another program undoes it each time: the event stays as it is, with one notice."""
    count = rewrites(exported.link, exported.booking, now=now)
    link = replace(outcome.link, attempts=count)
    if count <= MOST_REWRITES:
        return replace(outcome, link=link)
    notices = tuple(kind for kind in outcome.notices if kind is not NoticeKind.EDIT_REVERTED)
    if count == MOST_REWRITES + 1:
        notices = (*notices, NoticeKind.EDIT_CONTESTED)
    ours = as_written(link, exported.link, exported.link.written)
    return replace(outcome, link=ours, rewrite=False, notices=notices)


@dataclass(frozen=True, slots=True)
class ExportedBooking:
    """A booking and its event at one connection's provider."""

    connection: Connection
    booking: Booking
    link: ExportLink


@dataclass(frozen=True, slots=True)
class EndedProposal:
    """What the end of another calendar's proposal leaves to write, and the notices to its owner."""

    links: tuple[ExportLink, ...] = ()
    notices: tuple[Notice, ...] = ()


def links_to_restore(ports: Ports, booking: Booking, proposal: Proposal) -> tuple[ExportLink, ...]:
    """The link of a proposal's event, so that the event shows the booking again with the next export.

    What the event shows differs from what we want, so the export finds it to do. A deleted event needs no
    help: its link is behind the booking, so it is made anew.
    """
    link = ports.bookings.link(booking.tenant, proposal.connection, booking.id)
    if link is None or proposal.deletion:
        return ()
    return (as_shown(link, proposed_fingerprint(proposal)),)


def end_proposal_elsewhere(
    ports: Ports, exported: ExportedBooking, after: Booking, *, now: datetime
) -> EndedProposal:
    """The latest change alone is decided: what was proposed in another calendar before is undone there.

    Else nobody's decision would ever reach that copy.
    """
    before, here = exported.booking, exported.connection
    ended = before.proposal
    if ended is None or ended.connection == here.id:
        return EndedProposal()
    if after.proposal is not None and after.proposal.connection == ended.connection:
        return EndedProposal()
    for other in other_connections(ports, here):
        link = ports.bookings.link(before.tenant, other.id, before.id)
        if other.id == ended.connection and link is not None:
            notices = edit_notices(
                ExportedBooking(other, before, link), after, (NoticeKind.EDIT_REVERTED,), link=link, now=now
            )
            return EndedProposal(links_to_restore(ports, before, ended), notices)
    return EndedProposal()


def other_connections(ports: Ports, connection: Connection) -> list[Connection]:
    """The other connections of the resource, which may show the booking too."""
    found = ports.connections.of_resource(connection.tenant, connection.resource)
    return [other for other in found if other.id != connection.id]


def edit_notices(
    exported: ExportedBooking, after: Booking, kinds: Iterable[NoticeKind], *, link: ExportLink, now: datetime
) -> tuple[Notice, ...]:
    """The notices about an edit, named after the event's state: a repeated report notifies nobody twice."""
    cause = f"{after.id}-{exported.connection.id}-{after.revision}-{_event_state(link)}"
    return tuple(
        new_notice(
            kind,
            tenant=after.tenant,
            cause=cause,
            at=now,
            connection=exported.connection.id,
            booking=after.id,
        )
        for kind in dict.fromkeys(kinds)
    )


def _event_state(link: ExportLink) -> str:
    return hashlib.sha256(f"{link.event_id}\n{link.etag or link.updated}".encode()).hexdigest()[:12]
