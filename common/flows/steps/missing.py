"""Own events that are not where we wrote them: noted, held where too many vanish, looked for later."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from common.domain import breaker
from common.domain.account import CalendarRef, Connection
from common.domain.booking import ExportLink, LinkState
from common.domain.event import Detail, Gone
from common.domain.feed import Feed, Held
from common.domain.own_ids import id_signature
from common.domain.upkeep import LAGGING_GRACE
from common.domain.work import Lane, Notice, NoticeKind, Task, Work
from common.errors import Conflict
from common.flows.steps.access import authorized
from common.flows.steps.pacing import pace
from common.flows.steps.reading import Reading
from common.ports import Ports

PAGE = 200
UNSEEN_FOR = timedelta(minutes=2)
_ALIVE = frozenset({LinkState.LIVE, LinkState.MISSING})


def noted(ports: Ports, link: ExportLink) -> ExportLink:
    """Remember since when an own event is missing; an event may also be on its way to another calendar."""
    if link.missing_since is not None:
        return link
    return ports.bookings.save_link(replace(link, state=LinkState.MISSING, missing_since=ports.clock.now()))


def unseen_until(ports: Ports, connection: Connection, link: ExportLink) -> datetime | None:
    """Until when an event that is not shown may be there all the same; None where it is certainly not.

    Where changes are shown late one look proves nothing: an event whose creation was not answered would
    stay for ever.
    """
    now = ports.clock.now()
    since = link.missing_since or now
    if not ports.providers[connection.provider].calendar.abilities.lags or now - since >= UNSEEN_FOR:
        return None
    ports.bookings.save_link(replace(link, missing_since=since))
    return since + UNSEEN_FOR


def need_shown(ports: Ports, connection: Connection, link: ExportLink, calendar: CalendarRef) -> None:
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
    pace(ports, connection, units=1, lane=Lane.BACKFILL)
    found = authorized(
        ports,
        connection,
        lambda token: provider.get_event(token, calendar, link.event_id, detail=Detail.TIMES),
    )
    if isinstance(found, Gone) and (until := unseen_until(ports, connection, link)):
        pause = (until - ports.clock.now()).total_seconds()
        raise Conflict("an event may be shown in a moment", code="event_unseen", retry_after=pause)


def vanished(ports: Ports, reading: Reading, feed: Feed, lost: Sequence[ExportLink]) -> Held | None:
    """Have missing events looked for after a grace, or hold them where too many vanished at once."""
    if holding(feed):
        return None
    if len(lost) > breaker.ALWAYS_FINE:
        known = [link for link in links_of(ports, reading.connection) if _alive(link, reading)]
        held = breaker.held(missing=len(lost), known=len(known), now=ports.clock.now())
        if held and not (feed.held and feed.held.released):
            tell_held(ports, feed)
            return held
    look_for(ports, reading.connection, lost)
    return None


def missing_in(ports: Ports, connection: Connection, key: str) -> tuple[ExportLink, ...]:
    """The links of one calendar whose events are missing."""
    return tuple(
        link
        for link in links_of(ports, connection)
        if link.calendar == key and link.state is LinkState.MISSING
    )


def look_for(ports: Ports, connection: Connection, links: Iterable[ExportLink]) -> None:
    """Queue the search for missing events, each once per disappearance."""
    grace = timedelta(seconds=ports.tuning.move_grace_seconds)
    if ports.providers[connection.provider].calendar.abilities.lags:
        grace = max(grace, LAGGING_GRACE)
    for link in links:
        since = link.missing_since or ports.clock.now()
        ports.queue.enqueue(
            Task(
                work=Work.EXPORT,
                lane=Lane.LIVE,
                payload={
                    "kind": "verify",
                    "tenant": link.tenant,
                    "connection": link.connection,
                    "booking": link.booking,
                },
                name=f"verify/{link.tenant}/{link.connection}/{link.booking}/{since.isoformat()}",
                not_before=since + grace,
            )
        )


def holding(feed: Feed) -> bool:
    """Whether the breaker holds deletions of this calendar."""
    return feed.held is not None and not feed.held.released


def tell_held(ports: Ports, feed: Feed) -> None:
    """Tell people, once a listing, that deletions are held."""
    ports.ledger.tell(
        Notice(
            id=f"held-{feed.connection}-{feed.key}-{feed.generation}-{feed.done_request}",
            tenant=feed.tenant,
            kind=NoticeKind.MASS_DELETION_HELD,
            at=ports.clock.now(),
            connection=feed.connection,
        )
    )
    ports.log.warning("mass_deletion_held", tenant=feed.tenant, connection=feed.connection, calendar=feed.key)


def links_of(ports: Ports, connection: Connection) -> Iterable[ExportLink]:
    """All links of a connection, page by page."""
    after: str | None = None
    while True:
        page = ports.bookings.links(connection.tenant, connection.id, after=after, limit=PAGE)
        yield from page
        if len(page) < PAGE:
            return
        after = page[-1].booking


def _alive(link: ExportLink, reading: Reading) -> bool:
    return link.calendar == reading.entry.key and link.state in _ALIVE
