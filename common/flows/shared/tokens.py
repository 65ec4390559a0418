"""Access tokens and grants of connections: used, refreshed by one caller at a time, and given back.

A grant is what the provider gave us for an account; an access token is its part that opens each call.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TypeVar

from common.domain.calendar.connection import Connection, Grant, Status, doubt_after_refusal
from common.domain.shared.concurrency import retry_conflicts
from common.errors import (
    PACED,
    SCOPE_MISSING,
    Conflict,
    Forbidden,
    GrantDoubted,
    GrantRevoked,
    ProviderUnavailable,
    RateLimited,
    Retry,
    StoreUnavailable,
    SyncError,
    UnexpectedReply,
    UnknownResource,
    UnreadableDocument,
)
from common.flows.shared.connection_update import update_connection
from common.ports import Ports

T = TypeVar("T")
REFRESH_LEASE = timedelta(seconds=30)
# A remembered token is not used to its last minute.
LEAST_LIFE = timedelta(minutes=2)
WAIT_SECONDS = 0.1
WAITS = 15
# A refresh that fails is tried once more after a moment, if the failure itself took no longer than this.
REFRESH_PAUSE_SECONDS = 0.2
QUICK_FAILURE = timedelta(seconds=3)
# Nobody leaves an account alone for longer, whatever the provider asks for: then one call asks again.
LONGEST_PAUSE = timedelta(hours=1)
LEAST_PAUSE = timedelta(seconds=2)


def authorized(
    ports: Ports, connection: Connection, call: Callable[[str], T], *, whole_account: bool = True
) -> T:
    """Call the provider with a valid access token.

    A provider may refuse a token that looks alive: then a fresh one is tried. Where that is refused as well,
    nothing is proved: the same was seen in outages. The refusal is noted on the connection, the provider is
    asked again at growing intervals, and only a day of it turns the connection ``reauth_required``.

    Args:
        ports: Everything outside.
        connection: Whose account is asked.
        call: One or more exchanges; it gets an access token.
        whole_account: Whether a refusal says something about the account. One that concerns a part, such as
            a push channel, is noted nowhere here.

    Raises:
        GrantRevoked: The account must be connected again.
        GrantDoubted: The provider refuses our tokens at the moment.
        RateLimited: The provider asked everybody to leave the account alone for a while.
        ProviderUnavailable: The token could not be refreshed now.
    """
    check_reachable(connection, now=ports.clock.now())
    try:
        answer = _with_fresh_token(ports, connection, call)
    except RateLimited as limited:
        note_limit(ports, connection, limited)
        raise
    except GrantDoubted as doubted:
        if whole_account:
            _note_doubt(ports, connection, doubted)
        raise
    if whole_account:
        end_doubt(ports, connection)
    return answer


def _with_fresh_token(ports: Ports, connection: Connection, call: Callable[[str], T]) -> T:
    token = access_token(ports, connection)
    try:
        return call(token)
    except (GrantDoubted, Forbidden) as refused:
        if isinstance(refused, Forbidden) and refused.reason != SCOPE_MISSING:
            raise
    token = access_token(ports, connection, refused=token)
    try:
        return call(token)
    except Forbidden as refused:
        if refused.reason == SCOPE_MISSING:
            _check_scopes(ports, connection, token=token)
        raise


def _check_scopes(ports: Ports, connection: Connection, *, token: str) -> None:
    """End the connection if its grant lacks what everything needs; a single call may need more than that.

    Raises:
        GrantRevoked: The endpoint for tokens says that less was granted than is needed.
    """
    grant, _ = _stored_grant(ports, connection)
    if ports.providers[connection.provider].authorizer.missing_scopes(grant):
        _require_reauth(ports, connection, SCOPE_MISSING, token=token)
        raise GrantRevoked("a needed permission was not granted", code=SCOPE_MISSING)


def check_reachable(connection: Connection, *, now: datetime) -> None:
    """Ask nothing while the provider wants to be left alone, or shortly after it refused our tokens.

    Raises:
        RateLimited: Until when can be read on the connection.
        GrantDoubted: It is asked again in a while.
    """
    if connection.paused_until is not None and connection.paused_until > now:
        wait = (connection.paused_until - now).total_seconds()
        raise RateLimited("the provider asked to leave this account alone", retry_after=wait)
    doubt = connection.doubt
    if doubt is not None and doubt.next_try > now:
        wait = (doubt.next_try - now).total_seconds()
        raise GrantDoubted(
            "the provider refused our tokens a moment ago", code=doubt.reason, retry_after=wait
        )


def note_limit(ports: Ports, connection: Connection, limited: RateLimited) -> None:
    """Have everybody wait who asks this account, where the provider said for how long.

    A limit counts for the account, so it is noted on all of its connections; none waits longer than an hour.
    """
    if limited.reason == PACED or not limited.retry_after:
        return
    now = ports.clock.now()
    until = now + min(timedelta(seconds=limited.retry_after), LONGEST_PAUSE)
    try:
        known = (connection, *ports.connections.same_account(connection))
    except UnreadableDocument:
        known = (connection,)
    for one in known:
        with suppress(Conflict, UnknownResource, UnreadableDocument):
            update_connection(ports, one.tenant, one.id, lambda current: _paused(current, until))


def _paused(connection: Connection, until: datetime) -> Connection:
    # Many calls are refused at the same moment, and one note is enough.
    paused = connection.paused_until
    if connection.ended or (paused is not None and paused > until - LEAST_PAUSE):
        return connection
    return replace(connection, paused_until=until)


def _note_doubt(ports: Ports, connection: Connection, doubted: GrantDoubted) -> None:
    """Note on the connection that the provider refuses our tokens, and when it is asked again.

    Raises:
        GrantRevoked: That went on for a day: the account must be connected again.
    """
    now = ports.clock.now()

    def noted(current: Connection) -> Connection:
        if current.status in {Status.REAUTH_REQUIRED, Status.DISCONNECTED}:
            return current
        return replace(current, doubt=doubt_after_refusal(current.doubt, reason=doubted.reason, now=now))

    try:
        saved = update_connection(ports, connection.tenant, connection.id, noted)
    except Conflict:
        # The next refusal is noted.
        return
    if saved.doubt is None or not saved.doubt.ended(now=now):
        ports.log.warning(
            "grant_doubted", tenant=connection.tenant, connection=connection.id, reason=doubted.reason
        )
        return
    grant, _ = _stored_grant(ports, connection)
    _require_reauth(ports, connection, doubted.reason, token=grant.access_token)
    raise GrantRevoked("the provider has refused our tokens for a day", code=doubted.reason) from doubted


def end_doubt(ports: Ports, connection: Connection) -> None:
    """Forget the doubt, if there was one: the provider takes our tokens again."""
    if connection.doubt is None:
        return
    # Whoever asks next forgets it.
    with suppress(Conflict):
        update_connection(
            ports, connection.tenant, connection.id, lambda current: replace(current, doubt=None)
        )


def access_token(ports: Ports, connection: Connection, *, refused: str | None = None) -> str:
    """The stored access token, refreshed where it is about to end or was ``refused``.

    Raises:
        GrantRevoked: there is no grant, or the provider calls it dead.
        GrantDoubted: the provider refuses the grant for a reason that may pass.
        ProviderUnavailable: somebody else is refreshing and did not finish in time, or the provider failed.
    """
    for _ in range(WAITS):
        grant, version = _stored_grant(ports, connection)
        if grant.fresh(now=ports.clock.now()) and grant.access_token != refused:
            return _keep_in_memory(ports, connection, grant)
        now = ports.clock.now()
        if ports.connections.lease_refresh(
            connection.tenant, connection.id, until=now + REFRESH_LEASE, now=now
        ):
            return _refresh(ports, connection, grant, version)
        ports.clock.wait(WAIT_SECONDS)
    raise ProviderUnavailable("somebody else is refreshing this grant", code="refresh_in_progress")


def live_token(ports: Ports, connection: Connection) -> str:
    """An access token for a question that somebody waits for: the last one, without asking the store again.

    Raises:
        GrantRevoked: There is no grant, or the provider calls it dead.
        ProviderUnavailable: It had to be refreshed, and could not be.
    """
    known = ports.tokens.recall(_token_key(connection), now=ports.clock.now())
    if known:
        return known
    try:
        return access_token(ports, connection)
    except RateLimited as limited:
        note_limit(ports, connection, limited)
        raise
    except GrantDoubted as doubted:
        _note_doubt(ports, connection, doubted)
        raise


def forget_token(ports: Ports, connection: Connection) -> None:
    """Forget the token that ``live_token`` would give: the provider did not take it."""
    ports.tokens.drop(_token_key(connection))


def _keep_in_memory(ports: Ports, connection: Connection, grant: Grant) -> str:
    ports.tokens.keep(_token_key(connection), grant.access_token, until=grant.expires_at - LEAST_LIFE)
    return grant.access_token


def _token_key(connection: Connection) -> tuple[str, str, str]:
    return connection.tenant, connection.id, connection.version or ""


def _stored_grant(ports: Ports, connection: Connection) -> tuple[Grant, str | None]:
    sealed, version = ports.connections.sealed(connection.tenant, connection.id)
    if sealed is None:
        raise GrantRevoked("there is no grant any more", code="no_grant")
    return ports.vault.open(sealed, tenant=connection.tenant, connection=connection.id), version


def _refresh(ports: Ports, connection: Connection, grant: Grant, version: str | None) -> str:
    try:
        fresh = _refreshed(ports, connection, grant)
    except GrantRevoked as refused:
        _end_refresh_lease(ports, connection)
        _require_reauth(ports, connection, refused.reason, token=grant.access_token)
        raise
    except SyncError:
        # Whoever comes next need not wait for the end of the lease.
        _end_refresh_lease(ports, connection)
        raise
    sealed = ports.vault.seal(fresh, tenant=connection.tenant, connection=connection.id)
    # Stored before it is used: a rotated refresh token that is lost is a lost account.
    try:
        ports.connections.save_sealed(connection.tenant, connection.id, sealed, expected=version)
    except Conflict:
        stored, _ = _stored_grant(ports, connection)
        return stored.access_token
    _store_identity(ports, connection, fresh)
    return _keep_in_memory(ports, connection, fresh)


def _refreshed(ports: Ports, connection: Connection, grant: Grant) -> Grant:
    """The grant with a fresh access token; a single failure is tried again at once.

    Raises:
        GrantRevoked: The provider says for good that the grant is dead.
        GrantDoubted: It refuses the grant for a reason that may pass.
        RateLimited: It limits us.
        ProviderUnavailable: It failed twice.
        UnexpectedReply: Its answer was none, twice.
        OperatorFault: Our own registration is wrong.
    """
    authorizer = ports.providers[connection.provider].authorizer
    begun = ports.clock.now()
    try:
        return authorizer.refresh(grant, now=begun)
    except GrantDoubted:
        raise
    except (Retry, UnexpectedReply) as failed:
        wait = (failed.retry_after or 0.0) if isinstance(failed, Retry) else 0.0
        if wait > QUICK_FAILURE.total_seconds() or ports.clock.now() - begun > QUICK_FAILURE:
            raise
    ports.clock.wait(max(wait, REFRESH_PAUSE_SECONDS))
    return authorizer.refresh(grant, now=ports.clock.now())


def _end_refresh_lease(ports: Ports, connection: Connection) -> None:
    # What could not be given back ends by itself.
    with suppress(StoreUnavailable):
        ports.connections.end_refresh_lease(connection.tenant, connection.id)


def _store_identity(ports: Ports, connection: Connection, grant: Grant) -> None:
    """Note the provider's own name for the account, on connections that were made before it was kept."""
    if connection.identity or not grant.identity:
        return
    try:
        update_connection(
            ports, connection.tenant, connection.id, lambda item: replace(item, identity=grant.identity)
        )
    except Conflict:
        # The next refresh does it.
        return


def _require_reauth(ports: Ports, connection: Connection, reason: str, *, token: str) -> None:
    """Turn the connection ``reauth_required`` and notify its owner, once; nothing is deleted.

    Raises:
        ProviderUnavailable: Not this grant was refused but the one before it: the account was connected
            again a moment ago.
        Conflict: Others keep changing the connection (``busy_connection``).
    """
    # A slot question uses tokens as well, and hardly ever meets a dead grant.
    from common.domain.notify import NoticeKind, new_notice  # noqa: PLC0415
    from common.domain.shared.outbox import REMINDED_EVERY, reminder_entry  # noqa: PLC0415

    def require() -> bool:
        current = ports.connections.get(connection.tenant, connection.id)
        if not current.usable:
            return False
        grant, version = _stored_grant(ports, connection)
        if grant.access_token != token:
            raise ProviderUnavailable("the grant was replaced meanwhile", code="grant_replaced")
        now = ports.clock.now()
        cause = hashlib.sha256(f"{connection.id}:{version}".encode()).hexdigest()[:24]
        # Before the change is stored: whoever dies in between repeats it, and the same notice twice is one.
        ports.ledger.record_notice(
            new_notice(
                NoticeKind.REAUTH_REQUIRED,
                tenant=connection.tenant,
                cause=cause,
                at=now,
                connection=connection.id,
            )
        )
        ports.connections.save(
            replace(current, status=Status.REAUTH_REQUIRED, error=reason, told_at=now, doubt=None),
            tasks=[reminder_entry(current, since=now, due_at=now + REMINDED_EVERY)],
        )
        return True

    changed = retry_conflicts(
        require, message="the connection is being changed too often", code="busy_connection"
    )
    if changed:
        ports.log.warning("grant_dead", tenant=connection.tenant, connection=connection.id, reason=reason)


def revoke_unused_grant(ports: Ports, connection: Connection, grant: Grant) -> bool:
    """Revoke the grant of a consent that is not kept, unless a connection may rest on the account's consent.

    Args:
        ports: Everything outside.
        connection: The connection that the consent would have made; the one that there is already may have
            the same id, and is asked for like any other.
        grant: What the consent gave.

    Returns:
        False where it was not revoked: the access is still listed at the provider.
    """
    if not grant.identity or grant.account == grant.identity:
        # An older connection may be known by its address alone, and this consent does not tell it.
        return False
    if _account_needed(ports, connection, of_others=False):
        return False
    return ports.providers[connection.provider].authorizer.revoke(grant)


def grant_needed_elsewhere(ports: Ports, connection: Connection) -> bool:
    """Whether another connection still needs the account's consent.

    Google's revocation ends every grant of the account for our client, whoever got it:
    https://developers.google.com/identity/protocols/oauth2/web-server#tokenrevoke
    """
    return _account_needed(ports, connection, of_others=True)


def _account_needed(ports: Ports, connection: Connection, *, of_others: bool) -> bool:
    try:
        found = ports.connections.same_account(connection, others=of_others)
        return any(_needs_grant(ports, one) for one in found)
    except UnreadableDocument:
        # Whoever it is, it may still need it.
        return True


def _needs_grant(ports: Ports, other: Connection) -> bool:
    if other.status is not Status.DISCONNECTING:
        return other.status is not Status.DISCONNECTED
    # Two that end at the same time: the last one that still holds a grant gives it back.
    return ports.connections.sealed(other.tenant, other.id)[0] is not None
