"""Who vouches for staff: the issuers that were configured, and the proof of their tokens."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from common.domain.staff import Issuer, Standing
    from common.domain.support import AuditEntry


class Issuers(Protocol):
    """Tenants' own issuers; each write also takes the tenant's standing as it was read."""

    def find(self, url: str, audience: str) -> Issuer | None:
        """Whose tokens these are, if any tenant's."""

    def get(self, tenant: str, issuer: str) -> Issuer:
        """Raises UnknownResource where the tenant has none of this id."""

    def of_tenant(self, tenant: str) -> tuple[Issuer, ...]:
        """A tenant's own issuers."""

    def standing(self, tenant: str) -> Standing:
        """Whether the installation's issuers vouch for this tenant as well."""

    def save(self, issuer: Issuer, standing: Standing, entry: AuditEntry) -> Issuer:
        """Create (no version) or replace.

        Raises:
            Conflict: Something changed meanwhile.
            AlreadyExists: Somebody else holds this issuer and audience.
        """

    def remove(self, issuer: Issuer, standing: Standing, entry: AuditEntry) -> None:
        """Trust it no longer; raises Conflict where something changed meanwhile."""

    def settle(self, standing: Standing, entry: AuditEntry) -> Standing:
        """Let the installation's issuers vouch, or not; raises Conflict where something changed meanwhile."""


class Witness(Protocol):
    """Proves tokens."""

    @property
    def installation(self) -> tuple[Issuer, ...]:
        """The issuers of the installation itself."""

    def named(self, token: str) -> tuple[str, str]:
        """The issuer and the audience that a token names, of which nothing is proven yet.

        Raises:
            UntrustedCaller: It is no token at all.
        """

    def vouch(self, issuer: Issuer, token: str) -> Mapping[str, Any]:
        """The claims of a token, proven to be this issuer's, made out to its audience, and of now.

        Raises:
            UntrustedCaller: It is not.
            Retry: The issuer cannot be asked for its keys now.
        """
