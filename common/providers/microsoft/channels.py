"""Clears away subscriptions that Graph holds and nobody here remembers."""

from __future__ import annotations

from common.errors import Conflict
from common.providers.microsoft import pages
from common.providers.microsoft.client import GraphClient
from common.providers.microsoft.items import listed
from common.providers.microsoft.wire import Ask, channel_path
from common.providers.refusals import Outcome

MOST_PAGES = 10


def clear_twins(client: GraphClient, token: str, *, resource: str) -> None:
    """Close the account's other subscriptions to ``resource``: Graph allows one for each kind of change.

    https://learn.microsoft.com/graph/change-notifications-delivery-webhooks

    Raises:
        Conflict: There is none that could be seen.
    """
    ask: Ask | None = Ask("GET", "/subscriptions", page_size=pages.PAGE_SIZE)
    twins: list[str] = []
    page: str | None = None
    for _ in range(MOST_PAGES):
        if ask is None:
            break
        reply = client.read(token, ask)
        found = [item for item in listed(reply.get("value")) if isinstance(item, dict)]
        twins += [str(item.get("id")) for item in found if _same(item.get("resource"), resource)]
        page = pages.link_of(reply.get("@odata.nextLink"), own=client.own, page=page)
        ask = pages.more(page) if page else None
    if not twins:
        raise Conflict("there is such a subscription, and it is not shown", code="channel_exists")
    for twin in twins:
        client.tell(token, Ask("DELETE", channel_path(twin)), accept={Outcome.MISSING})


def _same(named: object, resource: str) -> bool:
    return isinstance(named, str) and named.strip("/") == resource.strip("/")
