"""Starts a consent: remembers who asked for what, and names the provider's page."""

from __future__ import annotations

from dataclasses import dataclass, field

from common.domain.account import Connection, ProviderKind, Status
from common.errors import Rejected
from common.flows.steps.consenting import Consent, Wanted, check_consent, open_consent
from common.ports import Ports


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
        Wanted(
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
    if known.status in {Status.DISCONNECTING, Status.DISCONNECTED}:
        raise Rejected("a connection that has ended is not revived", code="disconnected")
    return known
