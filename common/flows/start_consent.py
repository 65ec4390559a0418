"""Starts a consent: remembers who asked for what, and names the provider's page."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from common.domain.account import Connection, ProviderKind, Status
from common.domain.consent import challenge, concealed_for, state_id
from common.domain.work import ConsentState
from common.errors import InvalidRequest, Rejected
from common.ports import ConsentRequest, Ports


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


@dataclass(frozen=True, slots=True)
class Consent:
    """Where the browser goes, and until when it may come back."""

    url: str = field(repr=False)
    expires_at: datetime


def start_consent(ports: Ports, command: StartConsent) -> Consent:
    """Name the provider's consent page for one resource, good for one return within a few minutes.

    Raises:
        UnknownResource: There is no such resource or connection.
        InvalidRequest: The provider is not offered here, or the return address is not one of the tenant's.
        Rejected: The connection to connect again is another resource's or provider's, or it has ended.
    """
    resource = ports.catalogue.resource(command.tenant, command.resource)
    if command.provider not in ports.providers:
        raise InvalidRequest("this provider is not offered here", code="unknown_provider")
    # Exact strings only: every kind of prefix rule has been an open redirect somewhere.
    if command.return_to not in ports.catalogue.tenant(command.tenant).return_addresses:
        raise InvalidRequest("this return address is not registered", code="unknown_return_address")
    known = _known(ports, command) if command.connection else None
    state, verifier = ports.keys.token(), ports.keys.token()
    name, expires_at = state_id(state), ports.clock.now() + timedelta(minutes=ports.tuning.consent_minutes)
    ports.ledger.open_consent(
        ConsentState(
            id=name,
            tenant=command.tenant,
            resource=resource.id,
            provider=command.provider.value,
            subject=command.subject,
            verifier=ports.vault.conceal(verifier, context=concealed_for(name)),
            return_to=command.return_to,
            expires_at=expires_at,
            connection=command.connection,
            expected_account=command.expected_account,
        )
    )
    request = ConsentRequest(
        state=state,
        challenge=challenge(verifier),
        redirect_uri=ports.tuning.oauth_redirect,
        login_hint=command.expected_account or (known.account if known else None),
    )
    return Consent(ports.providers[command.provider].authorizer.authorize_url(request), expires_at)


def _known(ports: Ports, command: StartConsent) -> Connection:
    known = ports.connections.get(command.tenant, command.connection or "")
    if (known.resource, known.provider) != (command.resource, command.provider):
        raise Rejected("this connection belongs to something else", code="other_connection")
    if known.status in {Status.DISCONNECTING, Status.DISCONNECTED}:
        raise Rejected("a connection that has ended is not revived", code="disconnected")
    return known
