"""Starts a consent: stores who wants an account connected to what, and names the provider's consent page."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from common.domain.calendar.connection import ProviderKind
from common.domain.connect.consent import ConsentState, challenge, state_id, verifier_context
from common.errors import InvalidRequest, Rejected
from common.ports import Ports
from common.ports.provider import ConsentRequest


@dataclass(frozen=True, slots=True)
class Consent:
    """The address of the provider's consent page, and until when the browser may come back from it."""

    url: str = field(repr=False)
    expires_at: datetime


def start_consent(
    ports: Ports,
    *,
    tenant: str,
    resource: str,
    provider: ProviderKind,
    subject: str,
    return_to: str,
    connection: str | None = None,
    expected_account: str | None = None,
) -> Consent:
    """Start a consent for one resource; its page is good for one return within a few minutes.

    Args:
        ports: Everything outside.
        tenant: Whose resource it is.
        resource: The resource that the account shall be connected to.
        provider: The provider that is asked.
        subject: Who asks.
        return_to: One of the tenant's registered addresses, where the browser goes in the end.
        connection: A connection that shall be connected again.
        expected_account: The only mailbox that is accepted.

    Raises:
        UnknownResource: There is no such resource or connection.
        InvalidRequest: The provider is not offered here, or the return address is not one of the tenant's.
        Rejected: The connection to connect again is another resource's or provider's, or it has ended.
    """
    found = ports.catalogue.resource(tenant, resource)
    check_consent(ports, tenant=tenant, provider=provider, return_to=return_to)
    account = None
    if connection:
        known = ports.connections.get(tenant, connection)
        if (known.resource, known.provider) != (resource, provider):
            raise Rejected("this connection belongs to something else", code="other_connection")
        if known.ended:
            raise Rejected("a connection that has ended is not revived", code="disconnected")
        account = known.account
    return open_consent(
        ports,
        tenant=tenant,
        resource=found.id,
        provider=provider,
        subject=subject,
        return_to=return_to,
        connection=connection,
        expected_account=expected_account,
        login_hint=account,
    )


def check_consent(ports: Ports, *, tenant: str, provider: ProviderKind | None, return_to: str) -> None:
    """Refuse a consent that could never succeed; without ``provider`` only the return address is checked.

    Raises:
        InvalidRequest: The provider is not offered here, or the return address is not one of the tenant's.
    """
    if provider is not None and provider not in ports.providers:
        raise InvalidRequest("this provider is not offered here", code="unknown_provider")
    # Exact strings only: every kind of prefix rule has been an open redirect somewhere.
    if return_to not in ports.catalogue.tenant(tenant).return_addresses:
        raise InvalidRequest("this return address is not registered", code="unknown_return_address")


def open_consent(
    ports: Ports,
    *,
    tenant: str,
    resource: str,
    provider: ProviderKind,
    subject: str,
    return_to: str,
    connection: str | None = None,
    expected_account: str | None = None,
    login_hint: str | None = None,
) -> Consent:
    """Store a pending consent and name the provider's page for it; nothing is checked any more.

    The arguments are those of ``start_consent``; ``login_hint`` is the account that the page suggests where
    no account is expected.
    """
    state, verifier = ports.keys.token(), ports.keys.token()
    name, expires_at = state_id(state), ports.clock.now() + timedelta(minutes=ports.tuning.consent_minutes)
    ports.ledger.open_consent(
        ConsentState(
            id=name,
            tenant=tenant,
            resource=resource,
            provider=provider.value,
            subject=subject,
            verifier=ports.vault.conceal(verifier, context=verifier_context(name)),
            return_to=return_to,
            expires_at=expires_at,
            connection=connection,
            expected_account=expected_account,
        )
    )
    request = ConsentRequest(
        state=state,
        challenge=challenge(verifier),
        redirect_uri=ports.tuning.oauth_redirect,
        login_hint=expected_account or login_hint,
    )
    return Consent(ports.providers[provider].authorizer.authorize_url(request), expires_at)
