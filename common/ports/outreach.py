"""What leaves Slotbridge for people and for other systems: invitations, mails and webhooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from common.domain.hooks import Delivery, Hook
    from common.domain.invitation import Invitation
    from common.domain.mailing import Envelope, Told
    from common.domain.work import Notice, OutboxEntry


class Mailer(Protocol):
    """Sends mails."""

    @property
    def on(self) -> bool:
        """Whether this installation sends mails at all."""

    def send(self, envelope: Envelope) -> None:
        """Hand one mail over; there is no way to take it back, and none to ask whether it went.

        Raises:
            Retry: It was not taken now.
            Forbidden: This mail will never be taken (an address that does not exist, for one).
            OperatorFault: Our own sender, credentials or account are wrong.
        """


@dataclass(frozen=True, slots=True)
class Answer:
    """What a webhook's target said: its status, and how many seconds it wants us to wait."""

    status: int
    retry_after: float | None = None

    @property
    def taken(self) -> bool:
        """Whether the message arrived."""
        return 200 <= self.status < 300  # noqa: PLR2004 - https://www.rfc-editor.org/rfc/rfc9110#section-15.3


class Courier(Protocol):
    """Calls tenants' own addresses, and nothing in any private network."""

    @property
    def loopback(self) -> bool:
        """Whether http on this machine may be called (the local stack)."""

    def check(self, url: str) -> None:
        """Look the address up.

        Raises:
            InvalidRequest: It cannot be found, or leads somewhere that is not the public internet.
        """

    def post(self, url: str, *, headers: Mapping[str, str], body: str) -> Answer:
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


class Invitations(Protocol):
    """Invitations; every save is compare-and-set on ``version``."""

    def get(self, tenant: str, invitation: str) -> Invitation:
        """Raises UnknownResource where there is none."""

    def save(self, invitation: Invitation, *, tasks: Sequence[OutboxEntry] = ()) -> Invitation:
        """Create (no version) or replace, together with promises; else raises Conflict."""


class Hooks(Protocol):
    """Webhook targets and what was sent to them."""

    def get(self, tenant: str, hook: str) -> Hook:
        """Raises UnknownResource where there is none."""

    def of_tenant(self, tenant: str) -> tuple[Hook, ...]:
        """A tenant's targets."""

    def save(self, hook: Hook, *, notice: Notice | None = None) -> Hook:
        """Create (no version) or replace, together with a notice; else raises Conflict."""

    def delete(self, tenant: str, hook: str) -> None:
        """Remove a target; raises UnknownResource where there is none."""

    def post(self, delivery: Delivery, task: OutboxEntry) -> bool:
        """Write down a message and the promise to send it; False where it was written before."""

    def delivery(self, tenant: str, hook: str, delivery: str) -> Delivery:
        """Raises UnknownResource where there is none."""

    def deliveries(self, tenant: str, hook: str, *, limit: int) -> tuple[Delivery, ...]:
        """The messages to a target, newest first."""

    def note(self, delivery: Delivery, *, task: OutboxEntry | None, done: str | None = None) -> Delivery:
        """Write down how a try went, with the promise of the next one, or that promise ``done`` is kept."""


class Telling(Protocol):
    """What people were told last, so that nobody is told twice."""

    def told(self, tenant: str, key: str) -> Told | None:
        """What was told last under this key."""

    def tell(self, told: Told) -> Told:
        """Remember it; raises Conflict where ``told.version`` is not the stored one."""

    def notice(self, tenant: str, notice: str) -> Notice:
        """Raises UnknownResource where there is none."""
