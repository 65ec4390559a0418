"""The machine: time, keys, encryption, log lines, and the numbers that operators may change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Protocol

from common.domain.calendar.connection import Grant, ProviderKind
from common.domain.shared.bounded_cache import BoundedCache

if TYPE_CHECKING:
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
