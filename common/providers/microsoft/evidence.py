"""Asks Graph what one answer leaves open: which event is meant, whether it is gone, who is mailed."""

from __future__ import annotations

from common.domain.account import CalendarRef
from common.domain.event import Gone
from common.domain.own_ids import id_signature
from common.errors import Forbidden
from common.providers.microsoft import pages
from common.providers.microsoft.client import GraphClient
from common.providers.microsoft.items import listed
from common.providers.microsoft.mapping import written_of
from common.providers.microsoft.wire import Ask, calendar_path
from common.providers.refusals import Outcome


def found_as(client: GraphClient, token: str, calendar: CalendarRef, event_id: str) -> str | Gone:
    """Graph's id of an event that may be named by the id that we chose; a copy of it is not meant."""
    if id_signature(event_id) is None:
        return event_id
    ask: Ask | None = pages.kept_under(calendar.provider_id, event_id)
    page: str | None = None
    while ask:
        reply = client.read(token, ask)
        for item in listed(reply.get("value")):
            if isinstance(item, dict) and item.get("transactionId") == event_id:
                return written_of(item).id
        page = pages.link_of(reply.get("@odata.nextLink"), own=client.own, page=page)
        ask = pages.more(page) if page else None
    return Gone(event_id)


def need_silence(client: GraphClient, token: str, path: str) -> None:
    """Refuse what would be mailed: Exchange tells every guest of a meeting that its organizer changes.

    https://learn.microsoft.com/graph/api/event-update and https://learn.microsoft.com/graph/api/event-delete

    Raises:
        Forbidden: There are guests.
    """
    reply = client.attempt(token, Ask("GET", path, pages.GUESTS), accept={Outcome.MISSING})
    if isinstance(reply, Outcome) or reply.get("isOrganizer") is False:
        return
    if reply.get("attendees"):
        raise Forbidden("guests would be mailed", code="cannot_be_silent")


def proven(client: GraphClient, token: str, calendar: CalendarRef, event_id: str) -> Gone:
    """Gone, because the calendar itself is still there to be read."""
    asked = {"$select": pages.CALENDAR_FIELDS}
    client.read(token, Ask("GET", calendar_path(calendar.provider_id), asked))
    return Gone(event_id)
