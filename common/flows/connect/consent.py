"""Starts a consent: remembers who asked for what, and names the provider's page."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from common.domain.calendar.connection import Connection, ProviderKind
from common.domain.connect.consent import ConsentState, challenge, concealed_for, state_id
from common.errors import InvalidRequest, Rejected
from common.ports import Ports
from common.ports.provider import ConsentRequest


@dataclass(frozen=True, slots=True)
class StartConsent:
    """Who (``subject``) wants an account connected to which resource, and where the browser returns to.

    ``connection`` is one that shall be connected again; ``expected_account`` pins the mailbox.
    """

    tenant: str
    resource: str
    provider: ProviderKind
    subject: str
    return_to: str
    connection: str | None = None
    expected_account: str | None = field(default=None, repr=False)


def start_consent(ports: Ports, command: StartConsent) -> Consent:
    """Name the provider's consent page for one resource, good for one return within a few minutes.

    Raises:
        UnknownResource: There is no such resource or connection.
        InvalidRequest: The provider is not offered here, or the return address is not one of the tenant's.
        Rejected: The connection to connect again is another resource's or provider's, or it has ended.
    """
    resource = ports.catalogue.resource(command.tenant, command.resource)
    check_consent(ports, tenant=command.tenant, provider=command.provider, return_to=command.return_to)
    known = _known(ports, command) if command.connection else None
    return open_consent(
        ports,
        ConsentWish(
            tenant=command.tenant,
            resource=resource.id,
            provider=command.provider,
            subject=command.subject,
            return_to=command.return_to,
            connection=command.connection,
            expected_account=command.expected_account,
            login_hint=known.account if known else None,
        ),
    )


def _known(ports: Ports, command: StartConsent) -> Connection:
    known = ports.connections.get(command.tenant, command.connection or "")
    if (known.resource, known.provider) != (command.resource, command.provider):
        raise Rejected("this connection belongs to something else", code="other_connection")
    if known.ended:
        raise Rejected("a connection that has ended is not revived", code="disconnected")
    return known


@dataclass(frozen=True, slots=True)
class ConsentWish:
    """Who (``subject``) wants an account connected to which resource, and where the browser returns to."""

    tenant: str
    resource: str
    provider: ProviderKind
    subject: str
    return_to: str
    connection: str | None = None
    expected_account: str | None = field(default=None, repr=False)
    login_hint: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Consent:
    """Where the browser goes, and until when it may come back."""

    url: str = field(repr=False)
    expires_at: datetime


def check_consent(ports: Ports, *, tenant: str, provider: ProviderKind | None, return_to: str) -> None:
    """Refuse what could never end well.

    Raises:
        InvalidRequest: The provider is not offered here, or the return address is not one of the tenant's.
    """
    if provider is not None and provider not in ports.providers:
        raise InvalidRequest("this provider is not offered here", code="unknown_provider")
    # Exact strings only: every kind of prefix rule has been an open redirect somewhere.
    if return_to not in ports.catalogue.tenant(tenant).return_addresses:
        raise InvalidRequest("this return address is not registered", code="unknown_return_address")


def open_consent(ports: Ports, wanted: ConsentWish) -> Consent:
    """Name the provider's consent page, good for one return within a few minutes."""
    state, verifier = ports.keys.token(), ports.keys.token()
    name, expires_at = state_id(state), ports.clock.now() + timedelta(minutes=ports.tuning.consent_minutes)
    ports.ledger.open_consent(
        ConsentState(
            id=name,
            tenant=wanted.tenant,
            resource=wanted.resource,
            provider=wanted.provider.value,
            subject=wanted.subject,
            verifier=ports.vault.conceal(verifier, context=concealed_for(name)),
            return_to=wanted.return_to,
            expires_at=expires_at,
            connection=wanted.connection,
            expected_account=wanted.expected_account,
        )
    )
    request = ConsentRequest(
        state=state,
        challenge=challenge(verifier),
        redirect_uri=ports.tuning.oauth_redirect,
        login_hint=wanted.expected_account or wanted.login_hint,
    )
    return Consent(ports.providers[wanted.provider].authorizer.authorize_url(request), expires_at)
