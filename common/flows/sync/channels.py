"""Keeps exactly one live push channel per followed calendar; without one, polling carries on alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from common.domain.calendar.connection import CalendarEntry, CalendarRef, Connection, ProviderKind
from common.domain.calendar.event import Detail
from common.domain.calendar.sync_state import CalendarSync, Channel
from common.domain.shared.tasks import Lane
from common.domain.sync.followed_calendars import SyncPurpose
from common.domain.sync.push import CHANNEL_LENGTH, PURPOSE, Cause, PushClaims, encode_token
from common.domain.sync.schedule import hashed_fraction
from common.errors import (
    PACED,
    GrantDoubted,
    GrantRevoked,
    OperatorFault,
    Retry,
    StoreUnavailable,
    SyncError,
    UnknownResource,
    UnreadableDocument,
)
from common.flows.shared.calendar_access import CalendarAccess, ask, reference
from common.flows.shared.tokens import check_reachable
from common.flows.sync.fan_out import RELEASED, release_to_others
from common.ports import Ports
from common.ports.provider import CalendarProvider, ChannelRequest

T = TypeVar("T")
LATEST_RENEWAL = 0.8
JITTER = 0.1
# A channel was stored before the provider answered, and never completed: the answer was lost.
PENDING = timedelta(minutes=10)
# A subscription that vanished says nothing; renewing one shows whether it is there.
CHECKED_EVERY = timedelta(days=1)
# Until a channel is tried again: after an outage, after a refusal that may be our own fault or come from an
# outage of the sign-in, and after any other one.
RETRY_OUTAGE = timedelta(minutes=10)
RETRY_FAULT = timedelta(hours=1)
RETRY_REFUSED = timedelta(days=1)
# A calendar's zone places whole days; who only takes something away needs none.
ANY_ZONE = "UTC"


def ensure_channel(ports: Ports, access: CalendarAccess, state: CalendarSync) -> CalendarSync:
    """Open, renew or tidy up the calendar's channel where that is due; the state as stored.

    Where the provider can, a channel gets a longer life in place. Elsewhere a new channel comes first, and
    the old one is stopped once the new one has proved itself. Both report meanwhile, which is harmless: a
    push message only asks for a sync.

    A channel only makes a sync come sooner: whatever the provider says about it is noted and tried again,
    and never keeps the calendar from being read, nor says it anything about the account.

    Raises:
        GrantRevoked: The account must be connected again.
        GrantDoubted: The provider refused our tokens a moment ago.
        RateLimited: The provider wants the account to be left alone, or our own share of the limits is used
            up (``paced``).
        Conflict: Somebody else has the lease by now.
    """
    now = ports.clock.now()
    address = _address(ports, access)
    if not address:
        return state
    if _due(state, now):
        check_reachable(access.connection, now=now)
        return _kept(ports, access, state, address)
    if state.old_channels and state.channel and state.channel.verified_at:
        return _stop_old(ports, access, state)
    return state


def _address(ports: Ports, access: CalendarAccess) -> str:
    google = access.connection.provider is ProviderKind.GOOGLE
    return ports.tuning.webhook_google if google else ports.tuning.webhook_graph


def _due(state: CalendarSync, now: datetime) -> bool:
    channel = state.channel
    if state.push_refused is not None and state.renew_at is not None:
        return state.renew_at <= now
    if channel is None or channel.expires_at <= now:
        return True
    if not channel.resource_id:
        return channel.created_at + PENDING <= now
    return state.renew_at is not None and state.renew_at <= now


def _kept(ports: Ports, access: CalendarAccess, state: CalendarSync, address: str) -> CalendarSync:
    """The state with its channel renewed or replaced, or with the reason why neither worked."""
    state, failed = _renewed(ports, access, state)
    if failed is None and _due(state, ports.clock.now()):
        state, failed = _opened(ports, access, state, address)
    if failed is None:
        return state
    ports.log.warning(
        "push_refused",
        tenant=state.tenant,
        connection=state.connection,
        calendar=state.key,
        code=failed.reason,
    )
    again = _next_try(state.channel, failed, ports.clock.now())
    return ports.sync_states.save(replace(state, push_refused=failed.reason, renew_at=again))


def _next_try(channel: Channel | None, failed: SyncError, now: datetime) -> datetime:
    """When a channel is tried again; where one is still alive, not after its end."""
    if isinstance(failed, GrantDoubted | OperatorFault):
        pause = RETRY_FAULT
    else:
        pause = RETRY_OUTAGE if isinstance(failed, Retry) else RETRY_REFUSED
    last = max(channel.expires_at, now + RETRY_OUTAGE) if channel else now + pause
    return min(now + pause, last)


def _ask_for_channel(
    ports: Ports, access: CalendarAccess, call: Callable[[CalendarProvider, str], T]
) -> T | SyncError:
    """The provider's answer about a channel, or how it refused.

    Raises:
        GrantRevoked: The account must be connected again.
        StoreUnavailable: The database could not be asked.
        RateLimited: Our own share of the limits is used up (``paced``).
    """
    try:
        return ask(ports, access, call, whole_account=False)
    except (GrantRevoked, StoreUnavailable):
        raise
    except SyncError as failed:
        if failed.reason == PACED:
            raise
        return failed


def _renewed(
    ports: Ports, access: CalendarAccess, state: CalendarSync
) -> tuple[CalendarSync, SyncError | None]:
    """The state with its channel's longer life; without it where there is none, or it has to be replaced."""
    now, channel = ports.clock.now(), state.channel
    if channel is None or not channel.resource_id or channel.expires_at <= now:
        return state, None
    until = now + timedelta(days=ports.tuning.channel_days)
    longer = _ask_for_channel(
        ports, access, lambda provider, token: provider.renew(token, channel, now=now, until=until)
    )
    if isinstance(longer, SyncError):
        return state, longer
    if longer is None:
        # Where none is ever renewed it lives on until another one has proved itself.
        gone = ports.providers[access.connection.provider].calendar.abilities.renews_channels
        return replace(state, channel=None if gone else channel, push_refused=None, renew_at=now), None
    renewed = replace(
        state, channel=longer, renew_at=_next_renewal(longer, now), push_refused=None, unannounced=0
    )
    return ports.sync_states.save(renewed), None


def _next_renewal(channel: Channel, now: datetime) -> datetime:
    """When to renew a channel in place: daily, which also shows whether it is still there."""
    return min(renewal(channel, since=now), now + CHECKED_EVERY)


def _opened(
    ports: Ports, access: CalendarAccess, state: CalendarSync, address: str
) -> tuple[CalendarSync, SyncError | None]:
    now, before = ports.clock.now(), state
    until = now + timedelta(days=ports.tuning.channel_days)
    pending = Channel(
        id=ports.keys.token()[:CHANNEL_LENGTH], resource_id="", expires_at=until, created_at=now
    )
    # Stored before it is asked for: the provider's first message may come before its answer.
    # https://developers.google.com/workspace/calendar/api/guides/push (sync message)
    old = tuple(
        known
        for known in (state.channel, *state.old_channels)
        if known and known.resource_id and known.expires_at > now
    )
    state = ports.sync_states.save(replace(state, channel=pending, old_channels=old, renew_at=until))
    request = ChannelRequest(
        id=pending.id,
        address=address,
        token=_token(ports, state, pending.id),
        created_at=now,
        expires_at=until,
    )
    opened = _ask_for_channel(
        ports, access, lambda provider, token: provider.watch(token, access.calendar, request)
    )
    if isinstance(opened, SyncError):
        alive = before.channel if before.channel in old else None
        return replace(state, channel=alive, old_channels=before.old_channels), opened
    first = renewal(opened)
    if ports.providers[access.connection.provider].calendar.abilities.renews_channels:
        first = _next_renewal(opened, now)
    return ports.sync_states.save(
        replace(state, channel=opened, renew_at=first, push_refused=None, unannounced=0)
    ), None


def _token(ports: Ports, state: CalendarSync, channel: str) -> str:
    parts = (state.tenant, state.connection, state.key, channel)
    return encode_token(PushClaims(*parts, signature=ports.keys.sign(PURPOSE, *parts)))


def renewal(channel: Channel, *, since: datetime | None = None) -> datetime:
    """When to replace a channel: at most 80 % of the life that the provider returned, spread by its id.

    The life of a channel that was renewed in place counts from then, ``since``.
    """
    begun = since or channel.created_at
    share = LATEST_RENEWAL - JITTER * hashed_fraction(channel.id)
    return begun + (channel.expires_at - begun) * share


def confirm_channel(ports: Ports, state: CalendarSync, *, channel: str) -> CalendarSync:
    """The state after a push message of a channel: whatever the message says, the channel works.

    Stored at once only where it is news and nobody is at work: a write would take the worker's lease away.
    A message of a channel that nobody knows any more is counted, and otherwise harmless.
    """
    now = ports.clock.now()
    known = (*((state.channel,) if state.channel else ()), *state.old_channels)
    if channel not in {one.id for one in known}:
        ports.log.info("push_of_unknown_channel", tenant=state.tenant, connection=state.connection)
        return state
    after = replace(state, last_push_at=now, unannounced=0)
    current = state.channel
    if current is None or current.id != channel or current.verified_at:
        return after
    after = replace(after, channel=replace(current, verified_at=now))
    return after if state.leased(now=now) else ports.sync_states.save(after)


def apply_channel_report(
    state: CalendarSync, *, channel: str | None, reason: str, now: datetime
) -> CalendarSync:
    """The state after what a provider said about a channel, to be stored together with the lease.

    A channel that was taken away is forgotten, and opened anew by the sync that follows. One that has to be
    authorized again is renewed, which does both; asking for both would be refused. One that was shared and is
    closed is renewed as well, which shows that it is gone, and opened anew:
    https://learn.microsoft.com/graph/change-notifications-lifecycle-events

    Args:
        state: The calendar's state.
        channel: The channel that the provider named, if any.
        reason: Why the sync was asked for.
        now: The present instant.
    """
    if state.channel is not None and reason == RELEASED:
        return replace(state, renew_at=now)
    if state.channel is None or state.channel.id != channel:
        return state
    if reason == Cause.REMOVED:
        return replace(state, channel=None, renew_at=None)
    return replace(state, renew_at=now) if reason == Cause.REAUTHORIZE else state


def close_channels(ports: Ports, connection: Connection, state: CalendarSync) -> int:
    """Stop the calendar's channels while the grant still allows it, and store that; how many there were.

    Raises:
        GrantRevoked: The account does not let us in any more; the channels end by themselves.
    """
    known = [channel for channel in (state.channel, *state.old_channels) if channel]
    entry = connection.calendars.get(state.key)
    if not known or entry is None:
        return 0
    access = CalendarAccess(
        connection=connection,
        entry=entry,
        calendar=reference_for_removal(ports, connection, entry),
        purpose=SyncPurpose(imports=False, own=False),
        detail=Detail.TIMES,
        fields="",
        lane=Lane.BACKFILL,
    )
    stopped = 0
    for channel in known:
        failed = _stop(ports, access, channel)
        if isinstance(failed, Retry) and not isinstance(failed, GrantDoubted):
            raise failed
        # One that never was opened has nothing to stop, and one that may not be stopped ends by itself.
        stopped += bool(channel.resource_id) and failed is None
    release_to_others(ports, connection, state.key)
    ports.sync_states.save(replace(state, channel=None, old_channels=(), renew_at=None))
    return stopped


def _stop_old(ports: Ports, access: CalendarAccess, state: CalendarSync) -> CalendarSync:
    """The state without the channels that were replaced; one that may not be stopped ends by itself."""
    now = ports.clock.now()
    refused = {channel.id: _stop(ports, access, channel) for channel in state.old_channels}
    left = tuple(
        channel
        for channel in state.old_channels
        if isinstance(refused[channel.id], Retry) and channel.expires_at > now
    )
    return state if left == state.old_channels else ports.sync_states.save(replace(state, old_channels=left))


def _stop(ports: Ports, access: CalendarAccess, channel: Channel) -> SyncError | None:
    """Close a channel; how the provider refused, if it did."""
    if not channel.resource_id or channel.expires_at <= ports.clock.now():
        return None
    return _ask_for_channel(ports, access, lambda provider, token: provider.unwatch(token, channel))


def reference_for_removal(ports: Ports, connection: Connection, entry: CalendarEntry) -> CalendarRef:
    """What a provider needs to know of a calendar from which something is removed, even without its zone."""
    try:
        return reference(ports, connection, entry)
    except (UnknownResource, UnreadableDocument):
        return CalendarRef(entry.provider_id, zone=ANY_ZONE, role=entry.role)
