"""Lets a booking follow what its owner did to the exported event, as far as the tenant's policy allows."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from common.domain.account import Connection
from common.domain.booking import Booking, BookingStatus, ExportLink, LinkState, Source
from common.domain.catalogue import EditPolicy, OwnerEditPolicy
from common.domain.cells import LONGEST_CLAIM, outward
from common.domain.event import ExternalEvent
from common.domain.interval import Interval
from common.domain.ownership import DESCRIPTION, TIME, TITLE, Edited, Impossible, seen, seen_fingerprint
from common.domain.work import Notice, NoticeKind
from common.errors import SlotTaken
from common.flows.steps.outbox import promises
from common.flows.steps.own_events import event_id
from common.flows.steps.settled import settle
from common.ports import BookingChange, Ports


@dataclass(frozen=True, slots=True)
class Exported:
    """A booking and its event at one connection's provider."""

    connection: Connection
    booking: Booking
    link: ExportLink


@dataclass(frozen=True, slots=True)
class _Outcome:
    """What is committed: the booking's changes, our view of the event, and what must be written back."""

    booking: Booking
    link: ExportLink
    notices: tuple[NoticeKind, ...] = ()
    rewrite: bool = False


def follow_edit(ports: Ports, exported: Exported, event: ExternalEvent, verdict: Edited | Impossible) -> None:
    """Apply, propose or undo an owner's edit; exactly once, however often it is reported.

    Raises:
        Conflict: The booking was changed meanwhile; judge again.
    """
    policy = ports.catalogue.tenant(exported.booking.tenant).owner_edits
    if isinstance(verdict, Impossible):
        _commit(ports, exported, _undone(exported, exported.booking, event))
        return
    texts = _texts(exported, event, verdict, policy)
    try:
        _commit(ports, exported, _moved(ports, exported, texts, event, verdict=verdict, policy=policy.time))
    except SlotTaken:
        # Somebody else has that time here: the calendar is put right, not the other customer's booking.
        undone = _undone(exported, texts.booking, event)
        _commit(ports, exported, replace(undone, notices=(*texts.notices, *undone.notices)))


def _texts(exported: Exported, event: ExternalEvent, verdict: Edited, policy: OwnerEditPolicy) -> _Outcome:
    """The owner's own words."""
    booking, link = exported.booking, seen(exported.link, event)
    if verdict.title is None and verdict.description is None:
        return _Outcome(booking, link)
    if policy.text is EditPolicy.APPLY:
        title = booking.title if verdict.title is None else verdict.title
        description = booking.description if verdict.description is None else verdict.description
        return _Outcome(replace(booking, title=title, description=description), link)
    if policy.text is EditPolicy.REVERT:
        return _Outcome(booking, link, (NoticeKind.EDIT_REVERTED,), rewrite=True)
    return _Outcome(booking, _unread(exported, link, (TITLE, DESCRIPTION)), (NoticeKind.EDIT_PROPOSED,))


def _moved(
    ports: Ports,
    exported: Exported,
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
    if policy is EditPolicy.PROPOSE:
        return replace(
            before,
            booking=replace(booking, proposal=span),
            link=_unread(exported, before.link, (TIME,)),
            notices=(*before.notices, NoticeKind.EDIT_PROPOSED),
        )
    claimed = _claim(ports, booking, span)
    if policy is EditPolicy.REVERT or claimed.length > LONGEST_CLAIM:
        undone = _undone(exported, booking, event)
        return replace(undone, notices=(*before.notices, *undone.notices))
    return replace(
        before,
        booking=replace(booking, interval=span, claimed=claimed, proposal=None, conflict=None),
        notices=(*before.notices, NoticeKind.BOOKING_MOVED),
    )


def _claim(ports: Ports, booking: Booking, span: Interval) -> Interval:
    service = ports.catalogue.service(booking.tenant, booking.service)
    return outward(span.pad(service.buffer_before, service.buffer_after))


def _undone(exported: Exported, booking: Booking, event: ExternalEvent) -> _Outcome:
    """Our time is written again: what we see differs from what we want, so the export finds it to do."""
    link = seen(exported.link, event)
    # An event without length has no time to remember: anything but ours makes the export write it.
    written = {**link.written, TIME: seen_fingerprint(event).get(TIME, "none")}
    return _Outcome(booking, replace(link, written=written), (NoticeKind.EDIT_REVERTED,), rewrite=True)


def _unread(exported: Exported, link: ExportLink, fields: tuple[str, ...]) -> ExportLink:
    """Proposed parts stay as the owner wrote them: no later export touches what it did not change."""
    ours = {name: exported.link.written[name] for name in fields if name in exported.link.written}
    return replace(link, written={**link.written, **ours})


def _commit(ports: Ports, exported: Exported, outcome: _Outcome) -> None:
    """One commit: the booking with its cells, our view of the event, promises to write, and notices."""
    now, before, after, link = ports.clock.now(), exported.booking, outcome.booking, outcome.link
    if after == before and not outcome.rewrite and not outcome.notices:
        ports.bookings.save_link(link)
        return
    targets: list[Connection] = []
    if after != before or outcome.rewrite:
        source = before.source if after == before else Source.EXTERNAL
        after = replace(after, revision=before.revision + 1, updated_at=now, source=source)
        # Everybody who shows the booking learns of each revision: a link behind it means "still to write".
        targets = _others(ports, exported.connection)
    if outcome.rewrite:
        targets.append(exported.connection)
    elif link.revision == before.revision:
        link = replace(link, revision=after.revision)
    settle(
        ports,
        BookingChange(
            before=before,
            after=after,
            outbox=promises(after, targets, now=now),
            links=(link,),
            notices=_notices(exported, after, outcome.notices, link=link, now=now),
        ),
    )


def _others(ports: Ports, connection: Connection) -> list[Connection]:
    found = ports.connections.of_resource(connection.tenant, connection.resource)
    return [other for other in found if other.id != connection.id]


def _notices(
    exported: Exported, after: Booking, kinds: Iterable[NoticeKind], *, link: ExportLink, now: datetime
) -> tuple[Notice, ...]:
    """Named after the state of the event that caused them, so that a repeated report tells nobody twice."""
    cause = f"{after.id}-{exported.connection.id}-{after.revision}-{_state(link)}"
    return tuple(
        Notice(
            id=f"{kind}-{cause}",
            tenant=after.tenant,
            kind=kind,
            at=now,
            connection=exported.connection.id,
            booking=after.id,
        )
        for kind in dict.fromkeys(kinds)
    )


def _state(link: ExportLink) -> str:
    return event_state(link.etag or str(link.updated), link.event_id)


def event_state(*parts: str) -> str:
    """A short name for one state of an event."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def follow_deletion(ports: Ports, exported: Exported) -> None:
    """The event is gone for good: the booking follows as the policy says; nothing is deleted in return.

    Raises:
        Conflict: The booking was changed meanwhile; judge again.
    """
    booking, now = exported.booking, ports.clock.now()
    policy = ports.catalogue.tenant(booking.tenant).owner_edits.deletion
    gone = replace(exported.link, state=LinkState.GONE, missing_since=None)
    kind, after, targets = NoticeKind.EDIT_PROPOSED, booking, []
    if policy is EditPolicy.APPLY:
        kind, targets = NoticeKind.BOOKING_CANCELLED, _others(ports, exported.connection)
        after = replace(
            booking,
            status=BookingStatus.CANCELLED,
            source=Source.EXTERNAL,
            revision=booking.revision + 1,
            updated_at=now,
            proposal=None,
        )
        gone = replace(gone, revision=after.revision)
    elif policy is EditPolicy.REVERT:
        kind = NoticeKind.EDIT_REVERTED
        targets = [exported.connection, *_others(ports, exported.connection)]
        after = replace(booking, revision=booking.revision + 1, updated_at=now)
        gone = _next_epoch(ports, gone)
    settle(
        ports,
        BookingChange(
            before=booking,
            after=after,
            outbox=promises(after, targets, now=now),
            links=(gone,),
            notices=_notices(exported, after, (kind,), link=exported.link, now=now),
        ),
    )


def _next_epoch(ports: Ports, link: ExportLink) -> ExportLink:
    """A link that wants a new event: providers never free the id of a deleted one."""
    epoch = link.epoch + 1
    return replace(
        link,
        state=LinkState.PENDING,
        epoch=epoch,
        event_id=event_id(ports.keys, tenant=link.tenant, booking=link.booking, epoch=epoch),
        revision=0,
        written={},
        etag=None,
        updated=None,
    )
