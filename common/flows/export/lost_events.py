"""Exported events that are not where they were written: noted, searched for, held where too many vanish."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from common.domain.calendar.connection import CalendarRef, Connection
from common.domain.calendar.event import Detail, Gone, id_signature
from common.domain.calendar.sync_state import ALWAYS_FINE, CalendarSync, Held, deletions_to_hold
from common.domain.export.exported_event import ExportLink, LinkState
from common.domain.notify import NoticeKind, new_notice
from common.domain.shared.task_records import VerifyMoved
from common.domain.shared.tasks import Lane, task_for
from common.domain.sync.schedule import LAGGING_GRACE, absence_proven_after, time_bucket
from common.errors import Conflict
from common.flows.shared.calendar_access import CalendarAccess, reserve_requests
from common.flows.shared.own_events import all_links
from common.flows.shared.tokens import authorized
from common.ports import Ports

# Seconds in which one search for a missing event is enough.
SEARCHED_EVERY = 600
# A calendar that answers no search for a day hardly comes back by itself.
UNANSWERED_PATIENCE = timedelta(days=1)
_THERE = frozenset({LinkState.LIVE, LinkState.MISSING})


def mark_missing(ports: Ports, link: ExportLink) -> ExportLink:
    """Remember since when an exported event is missing; it may be on its way to another calendar."""
    if link.missing_since is not None:
        return link
    return ports.bookings.save_link(replace(link, state=LinkState.MISSING, missing_since=ports.clock.now()))


def maybe_visible_until(ports: Ports, connection: Connection, link: ExportLink) -> datetime | None:
    """Until when an event that is not shown may be there all the same; None where it is certainly not.

    Not finding an event once proves nothing: a provider may show it late, and may say so once of an event
    that is there. One whose creation was not answered would stay for ever.
    """
    now = ports.clock.now()
    since = link.missing_since or now
    lags = ports.providers[connection.provider].calendar.abilities.lags
    until = since + absence_proven_after(lags=lags)
    if now >= until:
        return None
    ports.bookings.save_link(replace(link, missing_since=since))
    return until


def require_visible(ports: Ports, connection: Connection, link: ExportLink, calendar: CalendarRef) -> None:
    """Wait for an event that may be there under an id that nobody has heard yet.

    Raises:
        Conflict: It may be shown in a moment.
    """
    provider = ports.providers[connection.provider].calendar
    if (
        link.state is not LinkState.PENDING
        or id_signature(link.event_id) is None
        or not provider.abilities.lags
    ):
        return
    reserve_requests(ports, connection, units=1, lane=Lane.BACKFILL)
    found = authorized(
        ports,
        connection,
        lambda token: provider.get_event(token, calendar, link.event_id, detail=Detail.TIMES),
    )
    if isinstance(found, Gone) and (until := maybe_visible_until(ports, connection, link)):
        pause = (until - ports.clock.now()).total_seconds()
        raise Conflict("an event may be shown in a moment", code="event_unseen", retry_after=pause)


def handle_missing_events(
    ports: Ports, access: CalendarAccess, state: CalendarSync, lost: Sequence[ExportLink]
) -> Held | None:
    """Have missing events looked for after a grace, or hold them where too many vanished at once."""
    if state.deletions_held:
        return None
    if len(lost) > ALWAYS_FINE:
        known = [link for link in all_links(ports, access.connection) if _counts_as_there(link, access)]
        held = deletions_to_hold(missing=len(lost), known=len(known), now=ports.clock.now())
        if held and not (state.held and state.held.released):
            notify_deletions_held(ports, state)
            return held
    enqueue_searches(ports, access.connection, lost)
    return None


def missing_links(ports: Ports, connection: Connection, key: str) -> tuple[ExportLink, ...]:
    """The links of one calendar whose events are missing."""
    return tuple(
        link
        for link in all_links(ports, connection)
        if link.calendar == key and link.state is LinkState.MISSING
    )


def enqueue_searches(
    ports: Ports, connection: Connection, links: Iterable[ExportLink], *, cause: str = ""
) -> None:
    """Queue the search for missing events, each once in ten minutes.

    A search that was held back, or lost, is made again: the queue takes a name once for up to a day. With
    ``cause`` it is made at once more.
    """
    now = ports.clock.now()
    grace = timedelta(seconds=ports.tuning.move_grace_seconds)
    if ports.providers[connection.provider].calendar.abilities.lags:
        grace = max(grace, LAGGING_GRACE)
    for link in links:
        since = link.missing_since or now
        bucket = cause or str(time_bucket(now, seconds=SEARCHED_EVERY))
        ports.queue.enqueue(
            task_for(
                VerifyMoved(link.tenant, link.connection, link.booking),
                name=f"verify/{link.tenant}/{link.connection}/{link.booking}/{since.isoformat()}/{bucket}",
                not_before=since + grace,
            )
        )


def enqueue_further_search(ports: Ports, link: ExportLink, at: datetime) -> None:
    """Queue one more search for an event that was not found everywhere, or nowhere only once."""
    ports.queue.enqueue(
        task_for(
            VerifyMoved(link.tenant, link.connection, link.booking),
            name=f"verify/{link.tenant}/{link.connection}/{link.booking}/again/{int(at.timestamp())}",
            not_before=at,
        )
    )


def notify_unanswered_search(ports: Ports, link: ExportLink) -> None:
    """Notify the owner, once, of an event that calendars do not answer for since a day: its booking stays."""
    now, since = ports.clock.now(), link.missing_since
    if since is None or now - since < UNANSWERED_PATIENCE:
        return
    ports.ledger.record_notice(
        new_notice(
            NoticeKind.SYNC_STALLED,
            tenant=link.tenant,
            cause=f"{link.connection}-{link.booking}-{int(since.timestamp())}",
            at=now,
            connection=link.connection,
        )
    )
    ports.log.warning(
        "search_unanswered", tenant=link.tenant, connection=link.connection, booking=link.booking
    )


def notify_deletions_held(ports: Ports, state: CalendarSync) -> None:
    """Notify people, once a listing, that deletions are held."""
    ports.ledger.record_notice(
        new_notice(
            NoticeKind.MASS_DELETION_HELD,
            tenant=state.tenant,
            cause=f"{state.connection}-{state.key}-{state.generation}-{state.done_request}",
            at=ports.clock.now(),
            connection=state.connection,
        )
    )
    ports.log.warning(
        "mass_deletion_held", tenant=state.tenant, connection=state.connection, calendar=state.key
    )


def _counts_as_there(link: ExportLink, access: CalendarAccess) -> bool:
    return link.calendar == access.entry.key and link.state in _THERE
