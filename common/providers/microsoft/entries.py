"""Turns Graph's calendars and subscriptions into the domain's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from common.domain.account import CalendarEntry, Role, calendar_key
from common.domain.feed import Channel
from common.errors import UnexpectedReply
from common.ports.provider import ChannelRequest
from common.providers.microsoft.mapping import moment_of, text_of
from common.providers.microsoft.wire import Reply


def calendar_of(item: Mapping[str, Any]) -> CalendarEntry | None:
    """One calendar of the account, or None for one without identity; Graph's calendars have no zone."""
    id_ = text_of(item, "id")
    if id_ is None:
        return None
    primary = item.get("isDefaultCalendar") is True
    return CalendarEntry(
        key=calendar_key(id_),
        provider_id=id_,
        name=text_of(item, "name") or "",
        zone=None,
        role=_role(item, primary=primary),
        primary=primary,
    )


def _role(item: Mapping[str, Any], *, primary: bool) -> Role:
    """Only who made a calendar can share it: https://learn.microsoft.com/graph/api/resources/calendar."""
    if item.get("canEdit") is not True:
        return Role.READER
    if primary or item.get("canShare") is True:
        return Role.OWNER
    blind = item.get("canViewPrivateItems") is False
    return Role.WRITER_WITHOUT_PRIVATE if blind else Role.WRITER


def channel_of(reply: Reply, request: ChannelRequest) -> Channel:
    """An open subscription under our own id, with the life that Graph gave it.

    It works: Graph opens none before its address has answered.
    """
    now = request.created_at
    opened = Channel(request.id, "", expires_at=request.expires_at, created_at=now, verified_at=now)
    return renewed_of(reply, opened)


def renewed_of(reply: Reply, channel: Channel) -> Channel:
    """A subscription with the life that Graph gives it now.

    Raises:
        UnexpectedReply: It does not say which it is, or until when.
    """
    resource, expires_at = text_of(reply, "id"), moment_of(reply.get("expirationDateTime"))
    if resource is None or expires_at is None:
        raise UnexpectedReply("a subscription without id or end")
    return replace(channel, resource_id=resource, expires_at=expires_at)
