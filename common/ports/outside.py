"""The ways out to people and other systems (mail, HTTP), and the proof of OpenID tokens."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from common.domain.issuers import Issuer
    from common.domain.notify import MailContent


class Mailer(Protocol):
    """Sends mails."""

    @property
    def on(self) -> bool:
        """Whether this installation sends mails at all."""

    def send(self, content: MailContent) -> None:
        """Hand one mail over; there is no way to take it back, and none to ask whether it went.

        Raises:
            Retry: It was not taken now.
            Forbidden: This mail will never be taken (an address that does not exist, for one).
            OperatorFault: Our own sender, credentials or account are wrong.
        """


@dataclass(frozen=True, slots=True)
class WebhookResponse:
    """What a webhook's target said: its status, and how many seconds it wants us to wait."""

    status: int
    retry_after: float | None = None

    @property
    def taken(self) -> bool:
        """Whether the message arrived."""
        return 200 <= self.status < 300  # noqa: PLR2004 - https://www.rfc-editor.org/rfc/rfc9110#section-15.3


class OutboundHttp(Protocol):
    """Calls tenants' own addresses, and nothing in any private network."""

    @property
    def loopback(self) -> bool:
        """Whether http on this machine may be called (the local stack)."""

    def check(self, url: str) -> None:
        """Look the address up.

        Raises:
            InvalidRequest: It cannot be found, or leads somewhere that is not the public internet.
        """

    def post(self, url: str, *, headers: Mapping[str, str], body: str) -> WebhookResponse:
        """One try; redirects are answers like others and are never followed.

        Raises:
            ProviderUnavailable: Nobody answered in time.
            Forbidden: The address leads somewhere that is not the public internet (any more).
        """

    def fetch(self, url: str, *, largest: int) -> bytes:
        """The document at an address; redirects are not followed.

        Raises:
            ProviderUnavailable: It did not come in time, or is larger than that.
            Forbidden: The address leads somewhere that is not the public internet (any more).
        """


class TokenVerifier(Protocol):
    """Verifies OpenID tokens."""

    @property
    def installation(self) -> tuple[Issuer, ...]:
        """The issuers of the installation itself."""

    def unverified_issuer(self, token: str) -> tuple[str, str]:
        """The issuer and the audience that a token names; nothing of it is verified yet.

        Raises:
            UntrustedCaller: It is no token at all.
        """

    def verify(self, issuer: Issuer, token: str) -> Mapping[str, Any]:
        """The claims of a token that is this issuer's, made out to its audience, and valid now.

        Raises:
            UntrustedCaller: It is not.
            Retry: The issuer cannot be asked for its keys now.
        """
