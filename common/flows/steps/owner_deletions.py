"""Lets a booking follow the deletion of its exported event, as far as the tenant's policy allows."""

from __future__ import annotations

from dataclasses import replace

from common.domain.booking import BookingStatus, ExportLink, LinkState, Source
from common.domain.catalogue import EditPolicy
from common.domain.work import NoticeKind
from common.flows.steps.outbox import promises
from common.flows.steps.own_events import event_id
from common.flows.steps.owner_edits import Exported, notices_of, others
from common.flows.steps.settled import settle
from common.ports import BookingChange, Ports


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
        kind, targets = NoticeKind.BOOKING_CANCELLED, others(ports, exported.connection)
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
        targets = [exported.connection, *others(ports, exported.connection)]
        after = replace(booking, revision=booking.revision + 1, updated_at=now)
        gone = _next_epoch(ports, gone)
    settle(
        ports,
        BookingChange(
            before=booking,
            after=after,
            outbox=promises(after, targets, now=now),
            links=(gone,),
            notices=notices_of(exported, after, (kind,), link=exported.link, now=now),
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
