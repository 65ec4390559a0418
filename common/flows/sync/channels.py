"""Keeps exactly one live push channel per wanted calendar; without one, polling carries on alone."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta

from common.domain.calendar.connection import CalendarEntry, CalendarRef, Connection, ProviderKind
from common.domain.calendar.event import Detail
from common.domain.calendar.sync_state import CalendarSync, Channel
from common.domain.shared.tasks import Lane
from common.domain.sync.imported_events import SyncPurpose
from common.domain.sync.push import CHANNEL_LENGTH, PURPOSE, Cause, PushClaims, encoded
from common.errors import Forbidden, UnknownResource, UnreadableDocument
from common.flows.shared.calendar_access import CalendarAccess, ask, reference
from common.flows.shared.lease import leased
from common.flows.sync.fan_out import RELEASED, hand_over
from common.ports import Ports
from common.ports.provider import ChannelRequest

LATEST_RENEWAL = 0.8
JITTER = 0.1
# A row that was stored before the provider answered, and never completed: the answer was lost.
PENDING = timedelta(minutes=10)


def ensure(ports: Ports, reading: CalendarAccess, feed: CalendarSync) -> CalendarSync:
    """Open, renew or tidy up the calendar's channel where that is due; the feed as stored.

    Where the provider can, a channel gets a longer life in place. Elsewhere a new channel comes first, and
    the old one is stopped once the new one has proved itself. Both report meanwhile, which is harmless: a
    push only says "look".
    """
    now = ports.clock.now()
    address = _address(ports, reading)
    if feed.push_unsupported or not address:
        return feed
    if _due(feed, now):
        return _prolonged(ports, reading, feed) or _open(ports, reading, feed, address)
    if feed.old_channels and feed.channel and feed.channel.verified_at:
        return _stop_old(ports, reading, feed)
    return feed


def heard(ports: Ports, feed: CalendarSync, *, channel: str) -> CalendarSync:
    """The feed after a push: whatever a channel says, it works.

    Stored at once only where it is news and nobody is at work: a write would take the worker's lease away.
    A message of a channel that nobody knows any more is counted, and otherwise harmless.
    """
    now = ports.clock.now()
    known = (*((feed.channel,) if feed.channel else ()), *feed.old_channels)
    if channel not in {one.id for one in known}:
        ports.log.info("push_of_unknown_channel", tenant=feed.tenant, connection=feed.connection)
        return feed
    after = replace(feed, last_push_at=now)
    current = feed.channel
    if current is None or current.id != channel or current.verified_at:
        return after
    after = replace(after, channel=replace(current, verified_at=now))
    return after if leased(feed, now=now) else ports.sync_states.save(after)


def told(feed: CalendarSync, *, channel: str | None, cause: str, now: datetime) -> CalendarSync:
    """The feed after what a provider said of a channel, to be stored together with the lease.

    A channel that was taken away is forgotten, and opened anew by the look that follows. One that has to be
    authorized again is prolonged, which does both; asking for both would be refused. One that was shared and
    is closed is prolonged as well, which shows that it is gone, and opened anew:
    https://learn.microsoft.com/graph/change-notifications-lifecycle-events
    """
    if feed.channel is not None and cause == RELEASED:
        return replace(feed, renew_at=now)
    if feed.channel is None or feed.channel.id != channel:
        return feed
    if cause == Cause.REMOVED:
        return replace(feed, channel=None, renew_at=None)
    return replace(feed, renew_at=now) if cause == Cause.REAUTHORIZE else feed


def stop_all(ports: Ports, reading: CalendarAccess, feed: CalendarSync) -> CalendarSync:
    """Close every channel of a calendar; the feed without them, still to be stored."""
    for channel in (feed.channel, *feed.old_channels):
        _stop(ports, reading, channel)
    hand_over(ports, reading.connection, feed.key)
    return replace(feed, channel=None, old_channels=(), renew_at=None)


def _due(feed: CalendarSync, now: datetime) -> bool:
    channel = feed.channel
    if channel is None or channel.expires_at <= now:
        return True
    if not channel.resource_id:
        return channel.created_at + PENDING <= now
    return feed.renew_at is not None and feed.renew_at <= now


def _prolonged(ports: Ports, reading: CalendarAccess, feed: CalendarSync) -> CalendarSync | None:
    """The feed with its channel's longer life; None where there is none, or it has to be replaced."""
    now, channel = ports.clock.now(), feed.channel
    if channel is None or not channel.resource_id or channel.expires_at <= now:
        return None
    until = now + timedelta(days=ports.tuning.channel_days)
    longer = ask(ports, reading, lambda provider, token: provider.renew(token, channel, now=now, until=until))
    if longer is None:
        return None
    return ports.sync_states.save(replace(feed, channel=longer, renew_at=renewal(longer, since=now)))


def _open(ports: Ports, reading: CalendarAccess, feed: CalendarSync, address: str) -> CalendarSync:
    now = ports.clock.now()
    until = now + timedelta(days=ports.tuning.channel_days)
    pending = Channel(
        id=ports.keys.token()[:CHANNEL_LENGTH], resource_id="", expires_at=until, created_at=now
    )
    # Stored before it is asked for: the provider's first message may come before its answer.
    # https://developers.google.com/workspace/calendar/api/guides/push (sync message)
    old = tuple(
        known
        for known in (feed.channel, *feed.old_channels)
        if known and known.resource_id and known.expires_at > now
    )
    feed = ports.sync_states.save(replace(feed, channel=pending, old_channels=old, renew_at=until))
    request = ChannelRequest(
        id=pending.id,
        address=address,
        token=_token(ports, feed, pending.id),
        created_at=now,
        expires_at=until,
    )
    try:
        opened = ask(ports, reading, lambda provider, token: provider.watch(token, reading.calendar, request))
    except Forbidden as refused:
        if refused.reason != "push_unsupported":
            raise
        return ports.sync_states.save(replace(feed, channel=None, renew_at=None, push_unsupported=True))
    return ports.sync_states.save(replace(feed, channel=opened, renew_at=renewal(opened)))


def renewal(channel: Channel, *, since: datetime | None = None) -> datetime:
    """When to replace a channel: at most 80 % of the life that the provider returned, spread by its id.

    The life of a channel that was prolonged in place counts from then, ``since``.
    """
    dice = int.from_bytes(hashlib.sha256(channel.id.encode()).digest()[:6]) / float(1 << 48)
    begun = since or channel.created_at
    return begun + (channel.expires_at - begun) * (LATEST_RENEWAL - JITTER * dice)


def _token(ports: Ports, feed: CalendarSync, channel: str) -> str:
    parts = (feed.tenant, feed.connection, feed.key, channel)
    return encoded(PushClaims(*parts, signature=ports.keys.sign(PURPOSE, *parts)))


def _address(ports: Ports, reading: CalendarAccess) -> str:
    google = reading.connection.provider is ProviderKind.GOOGLE
    return ports.tuning.webhook_google if google else ports.tuning.webhook_graph


def _stop_old(ports: Ports, reading: CalendarAccess, feed: CalendarSync) -> CalendarSync:
    for channel in feed.old_channels:
        _stop(ports, reading, channel)
    return ports.sync_states.save(replace(feed, old_channels=()))


def _stop(ports: Ports, reading: CalendarAccess, channel: Channel | None) -> None:
    if channel is None or not channel.resource_id or channel.expires_at <= ports.clock.now():
        return
    ask(ports, reading, lambda provider, token: provider.unwatch(token, channel))


# A calendar's zone places whole days; who only takes something away needs none.
NOWHERE = "UTC"


def close(ports: Ports, connection: Connection, feed: CalendarSync) -> int:
    """Stop the calendar's channels while the grant still allows it, and store that; how many there were.

    Raises:
        GrantRevoked: The account does not let us in any more; the channels end by themselves.
    """
    known = [channel for channel in (feed.channel, *feed.old_channels) if channel]
    entry = connection.calendars.get(feed.key)
    if not known or entry is None:
        return 0
    reading = CalendarAccess(
        connection=connection,
        entry=entry,
        calendar=parting(ports, connection, entry),
        wanted=SyncPurpose(imports=False, own=False),
        detail=Detail.TIMES,
        fields="",
        lane=Lane.BACKFILL,
    )
    ports.sync_states.save(stop_all(ports, reading, feed))
    # One that never was opened has nothing to stop.
    return sum(bool(channel.resource_id) for channel in known)


def parting(ports: Ports, connection: Connection, entry: CalendarEntry) -> CalendarRef:
    """What a provider needs to know of a calendar from which something is taken away."""
    try:
        return reference(ports, connection, entry)
    except (UnknownResource, UnreadableDocument):
        return CalendarRef(entry.provider_id, zone=NOWHERE, role=entry.role)
