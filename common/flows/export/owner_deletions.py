"""Cancels a booking whose exported event its owner deleted, proposes that, or makes the event anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from common.domain.booking.booking import BookingStatus, Proposal, Source, proposal_expiry
from common.domain.booking.booking_change import BookingChange
from common.domain.catalogue.records import EditPolicy
from common.domain.export.exported_event import ExportLink, LinkState
from common.domain.export.own_events import MOST_REWRITES, rewrites
from common.domain.notify import NoticeKind
from common.domain.shared.outbox import export_entries, proposal_entries
from common.flows.booking.commit import commit_change
from common.flows.export.owner_edits import (
    EndedProposal,
    ExportedBooking,
    edit_notices,
    end_proposal_elsewhere,
    other_connections,
)
from common.flows.shared.own_events import link_to_new_event
from common.ports import Ports


def follow_deletion(ports: Ports, exported: ExportedBooking) -> None:
    """The event is gone for good: the booking follows as the policy says; nothing is deleted in return.

    Raises:
        Conflict: The booking was changed meanwhile; judge again.
    """
    booking, now = exported.booking, ports.clock.now()
    policy = ports.catalogue.tenant(booking.tenant).owner_edits.deletion
    gone = replace(exported.link, state=LinkState.GONE, missing_since=None)
    changed = replace(
        booking,
        revision=booking.revision + 1,
        updated_at=now,
        source=Source.EXTERNAL,
        edited_in=exported.connection.id,
    )
    targets = other_connections(ports, exported.connection)
    if policy is EditPolicy.PROPOSE:
        kind, after = NoticeKind.EDIT_PROPOSED, replace(changed, proposal=_deletion_proposal(exported, now))
        gone = replace(gone, revision=after.revision)
    elif policy is EditPolicy.APPLY:
        kind = NoticeKind.BOOKING_CANCELLED
        after = replace(changed, status=BookingStatus.CANCELLED, proposal=None)
        gone = replace(gone, revision=after.revision)
    else:
        gone = replace(gone, attempts=rewrites(exported.link, booking, now=now))
        if gone.attempts > MOST_REWRITES:
            _stop_recreating(ports, exported, gone, now=now)
            return
        left = _proposal_elsewhere(exported)
        kind, after = NoticeKind.EDIT_REVERTED, replace(changed, source=booking.source, proposal=left)
        targets = [exported.connection, *targets]
        gone = link_to_new_event(ports, gone)
    ended = end_proposal_elsewhere(ports, exported, after, now=now) if after.active else EndedProposal()
    commit_change(
        ports,
        BookingChange(
            before=booking,
            after=after,
            outbox=(*export_entries(after, targets, now=now), *proposal_entries(booking, after)),
            links=(gone, *ended.links),
            notices=(*edit_notices(exported, after, (kind,), link=exported.link, now=now), *ended.notices),
        ),
    )


def _proposal_elsewhere(exported: ExportedBooking) -> Proposal | None:
    """What is in question in another calendar; whatever was proposed here went with the event."""
    before = exported.booking.proposal
    return before if before and before.connection != exported.connection.id else None


def _stop_recreating(ports: Ports, exported: ExportedBooking, gone: ExportLink, *, now: datetime) -> None:
    """Stop making an event that is deleted each time; the booking stays, and one notice says so."""
    booking = exported.booking
    kinds = (NoticeKind.EDIT_CONTESTED,) if gone.attempts == MOST_REWRITES + 1 else ()
    commit_change(
        ports,
        BookingChange(
            before=booking,
            after=booking,
            # Not behind the booking: only its next change makes an event again.
            links=(replace(gone, revision=booking.revision),),
            notices=edit_notices(exported, booking, kinds, link=exported.link, now=now),
        ),
    )


def _deletion_proposal(exported: ExportedBooking, now: datetime) -> Proposal:
    """The question whether the appointment is off; whatever else was in question went with the event."""
    return Proposal(
        exported.connection.id, now, proposal_expiry(exported.booking.interval.start, now), deletion=True
    )
