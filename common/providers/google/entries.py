"""Turns Google's calendars and push channels into the domain's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from common.domain.account import CalendarEntry, Role, calendar_key
from common.domain.feed import Channel
from common.errors import UnexpectedReply
from common.ports.provider import ChannelRequest
from common.providers.google.mapping import text_of, zones_of
from common.providers.google.wire import ROLES, Reply

_MILLISECONDS = re.compile("[0-9]{1,14}")


def calendar_of(item: Mapping[str, Any]) -> CalendarEntry | None:
    """One entry of the account's list, or None for one that was removed; the owner's own name comes first."""
    id_ = text_of(item, "id")
    if id_ is None or item.get("deleted") is True:
        return None
    place = next(zones_of([item.get("timeZone")]), None)
    primary, role = item.get("primary") is True, text_of(item, "accessRole")
    return CalendarEntry(
        key=calendar_key(id_),
        provider_id=id_,
        name=text_of(item, "summaryOverride") or text_of(item, "summary") or "",
        zone=place.key if place else None,
        # Unknown roles come with new kinds of access; reading is what all of them had in common so far.
        role=Role.OWNER if primary and role is None else ROLES.get(role or "none", Role.READER),
        primary=primary,
    )


def channel_of(reply: Reply, request: ChannelRequest) -> Channel:
    """An open push channel, with the life that Google gave it.

    Raises:
        UnexpectedReply: It does not say what it watches, or until when.
    """
    resource, expiration = text_of(reply, "resourceId"), str(reply.get("expiration"))
    if resource is None or not _MILLISECONDS.fullmatch(expiration):
        raise UnexpectedReply("a channel without resource or end")
    expires_at = datetime.fromtimestamp(int(expiration) // 1000, UTC)
    return Channel(request.id, resource, expires_at=expires_at, created_at=request.created_at)
