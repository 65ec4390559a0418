"""The machine and the ways out: clock, keys, encryption, log, queue, mail, HTTP, tokens, tuning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

from common.domain.calendar.connection import Grant, ProviderKind
from common.domain.shared.bounded_cache import BoundedCache

if TYPE_CHECKING:
    from common.domain.issuers import Issuer
    from common.domain.notify import MailContent
    from common.domain.shared.tasks import Task


class Clock(Protocol):
    """The time; the only way to know it."""

    def now(self) -> datetime:
        """The current instant, in UTC."""

    def wait(self, seconds: float) -> None:
        """A short, bounded pause for somebody else's exchange; never used for backoff."""


class Keys(Protocol):
    """Signatures and random values; several keys may verify while one is being replaced."""

    def sign(self, purpose: str, *parts: str) -> bytes:
        """HMAC-SHA256 of the parts under the current key of this purpose."""

    def verify(self, signature: bytes, purpose: str, *parts: str) -> bool:
        """Whether any valid key made ``signature`` (or its first 16 bytes or more), in constant time."""

    def token(self) -> str:
        """256 random bits, URL-safe."""


class Vault(Protocol):
    """Encryption of grants at rest; the context (tenant, connection) is bound to the ciphertext."""

    def seal(self, grant: Grant, *, tenant: str, connection: str) -> str:
        """The grant as ciphertext text."""

    def open(self, sealed: str, *, tenant: str, connection: str) -> Grant:
        """The grant behind a ciphertext; raises UnexpectedReply if it is not this connection's."""

    def conceal(self, text: str, *, context: str) -> str:
        """A short secret (a PKCE verifier) as ciphertext."""

    def reveal(self, sealed: str, *, context: str) -> str:
        """The short secret again."""


class Log(Protocol):
    """Structured lines: a constant event name, ids as fields."""

    def info(self, event: str, **fields: str | float | bool | None) -> None:
        """What happened."""

    def warning(self, event: str, **fields: str | float | bool | None) -> None:
        """What a person should look at."""


@dataclass(frozen=True, slots=True)
class Tuning:
    """Numbers that operators may change; the defaults are production's.

    ``task_seconds`` is for how long a task begins new calls of a provider: well below the 300 seconds after
    which a function is ended, so that what was read is always stored.

    Microsoft allows 10,000 calls in ten minutes for each mailbox, and 130,000 in ten seconds for all:
    https://learn.microsoft.com/graph/throttling-limits
    """

    webhook_google: str = ""
    webhook_graph: str = ""
    oauth_redirect: str = ""
    manage_url: str = ""
    invite_url: str = ""
    console_url: str = ""
    feed_url: str = ""
    live_deadline: float = 2.0
    lease_seconds: int = 360
    task_seconds: float = 120.0
    page_budget: int = 8
    listing_chunk: int = 2_500
    pages_at_once: int = 16
    poll_minutes: int = 15
    channel_days: int = 7
    months_covered: int = 24
    backfill_chunk: int = 20
    user_per_minute: int = 600
    project_per_minute: int = 10_000
    mailbox_per_minute: int = 1_000
    mailboxes_per_minute: int = 780_000
    backfill_share: float = 0.8
    max_attempts: int = 100
    poison_attempts: int = 8
    move_grace_seconds: int = 5
    resyncs_per_hour: int = 1
    consent_minutes: int = 10

    def per_minute(self, provider: ProviderKind) -> tuple[int, int]:
        """How many calls a minute the provider allows: for one account, and for all of them."""
        if provider is ProviderKind.MICROSOFT:
            return self.mailbox_per_minute, self.mailboxes_per_minute
        return self.user_per_minute, self.project_per_minute


MOST_TOKENS = 1_024
# The tenant, the connection, and the version of its record: a connection that changed is another one.
TokenKey = tuple[str, str, str]


class Tokens:
    """Access tokens that were valid a moment ago, so that a live question need not read and open a grant."""

    def __init__(self) -> None:
        """Start with none."""
        self._kept: BoundedCache[TokenKey, tuple[str, datetime]] = BoundedCache(MOST_TOKENS)

    def recall(self, key: TokenKey, *, now: datetime) -> str | None:
        """The token, where it is still good for a while."""
        token, until = self._kept.get(key) or (None, now)
        return token if now < until else None

    def keep(self, key: TokenKey, token: str, *, until: datetime) -> None:
        """Keep it instead of the one before; the oldest goes first."""
        self._kept.put(key, (token, until))

    def drop(self, key: TokenKey) -> None:
        """Forget it: it was refused."""
        self._kept.drop(key)


class TaskQueue(Protocol):
    """Delayed work."""

    def enqueue(self, task: Task) -> bool:
        """Queue a task; False when a task of this name is or was there already.

        Raises:
            StoreUnavailable: the queue did not accept it.
        """


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
