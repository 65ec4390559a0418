"""An exported booking whose owner did something: who else shows it, what is told, what is put right."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from common.domain.account import Connection
from common.domain.booking import Booking, ExportLink, Proposal
from common.domain.ownership import proposed_fingerprint
from common.domain.work import Notice, NoticeKind
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class Exported:
    """A booking and its event at one connection's provider."""

    connection: Connection
    booking: Booking
    link: ExportLink


@dataclass(frozen=True, slots=True)
class Overruled:
    """What an ended proposal of another calendar leaves to write, and to tell its owner."""

    links: tuple[ExportLink, ...] = ()
    notices: tuple[Notice, ...] = ()


def put_right(ports: Ports, booking: Booking, proposal: Proposal) -> tuple[ExportLink, ...]:
    """The link of a proposal's event, so that the event shows the booking again with the next export.

    What the event shows differs from what we want, so the export finds it to do. A deleted event needs no
    help: its link is behind the booking, so it is made anew.
    """
    link = ports.bookings.link(booking.tenant, proposal.connection, booking.id)
    if link is None or proposal.deletion:
        return ()
    return (replace(link, written={**link.written, **proposed_fingerprint(proposal)}),)


def overruled(ports: Ports, exported: Exported, after: Booking, *, now: datetime) -> Overruled:
    """The latest change alone is decided: what was proposed in another calendar before is undone there.

    Else nobody's decision would ever reach that copy.
    """
    before, here = exported.booking, exported.connection
    ended = before.proposal
    if ended is None or ended.connection == here.id:
        return Overruled()
    if after.proposal is not None and after.proposal.connection == ended.connection:
        return Overruled()
    for other in others(ports, here):
        link = ports.bookings.link(before.tenant, other.id, before.id)
        if other.id == ended.connection and link is not None:
            told = notices_of(
                Exported(other, before, link), after, (NoticeKind.EDIT_REVERTED,), link=link, now=now
            )
            return Overruled(put_right(ports, before, ended), told)
    return Overruled()


def others(ports: Ports, connection: Connection) -> list[Connection]:
    """The other connections of the resource, which may show the booking too."""
    found = ports.connections.of_resource(connection.tenant, connection.resource)
    return [other for other in found if other.id != connection.id]


def notices_of(
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
    return hashlib.sha256(f"{link.event_id}\n{link.etag or link.updated}".encode()).hexdigest()[:12]
