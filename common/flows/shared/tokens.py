"""Access tokens and grants of connections: used, refreshed by one caller at a time, and given back.

A grant is what the provider gave us for an account; an access token is its part that opens each call.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from common.domain.calendar.connection import Connection, Grant, Status
from common.domain.shared.concurrency import retry_conflicts
from common.errors import Conflict, GrantRevoked, ProviderUnavailable, UnreadableDocument
from common.flows.shared.connection_update import update_connection
from common.ports import Ports

T = TypeVar("T")
REFRESH_LEASE = timedelta(seconds=30)
# A remembered token is not used to its last minute.
LEAST_LIFE = timedelta(minutes=2)
WAIT_SECONDS = 0.1
WAITS = 15


def authorized(ports: Ports, connection: Connection, call: Callable[[str], T]) -> T:
    """Call the provider with a valid access token.

    A provider may refuse a token that looks alive. Only when a freshly refreshed one is refused as well
    is the grant dead: then the connection turns ``reauth_required`` and its owner is notified, once.

    Raises:
        GrantRevoked: the account must be connected again.
        ProviderUnavailable: the token could not be refreshed now.
    """
    token = access_token(ports, connection)
    try:
        return call(token)
    except GrantRevoked as refused:
        if refused.reason != "unauthorized":
            _require_reauth(ports, connection, refused.reason, token=token)
            raise
    token = access_token(ports, connection, refused=token)
    try:
        return call(token)
    except GrantRevoked as refused:
        _require_reauth(ports, connection, refused.reason, token=token)
        raise


def access_token(ports: Ports, connection: Connection, *, refused: str | None = None) -> str:
    """The stored access token, refreshed where it is about to end or was ``refused``.

    Raises:
        GrantRevoked: there is no grant, or the provider calls it dead.
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
    return known or access_token(ports, connection)


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
    provider = ports.providers[connection.provider]
    try:
        fresh = provider.authorizer.refresh(grant, now=ports.clock.now())
    except GrantRevoked as refused:
        _require_reauth(ports, connection, refused.reason, token=grant.access_token)
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
            replace(current, status=Status.REAUTH_REQUIRED, error=reason, told_at=now),
            tasks=[reminder_entry(current, since=now, due_at=now + REMINDED_EVERY)],
        )
        return True

    changed = retry_conflicts(
        require, message="the connection is being changed too often", code="busy_connection"
    )
    if changed:
        ports.log.warning("grant_dead", tenant=connection.tenant, connection=connection.id, reason=reason)


def revoke_grant(ports: Ports, connection: Connection, grant: Grant) -> bool:
    """Revoke a grant at the provider, unless another connection needs it.

    False where it was not revoked; some providers offer no way to do it.
    """
    if grant_needed_elsewhere(ports, connection):
        return False
    return ports.providers[connection.provider].authorizer.revoke(grant)


def grant_needed_elsewhere(ports: Ports, connection: Connection) -> bool:
    """Whether another connection still needs the account's consent.

    Google's revocation ends every grant of the account for our client, whoever got it:
    https://developers.google.com/identity/protocols/oauth2/web-server#tokenrevoke
    """
    try:
        return any(_needs_grant(ports, other) for other in ports.connections.same_account(connection))
    except UnreadableDocument:
        # Whoever it is, it may still need it.
        return True


def _needs_grant(ports: Ports, other: Connection) -> bool:
    if other.status is not Status.DISCONNECTING:
        return other.status is not Status.DISCONNECTED
    # Two that end at the same time: the last one that still holds a grant gives it back.
    return ports.connections.sealed(other.tenant, other.id)[0] is not None
