"""Opens a consent: remembers who asked for what, and names the provider's page."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from common.domain.account import ProviderKind
from common.domain.consent import challenge, concealed_for, state_id
from common.domain.work import ConsentState
from common.errors import InvalidRequest
from common.ports import ConsentRequest, Ports


@dataclass(frozen=True, slots=True)
class Wanted:
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


def open_consent(ports: Ports, wanted: Wanted) -> Consent:
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
