"""Errors by the reaction they need, not by what broke.

SyncError                    .code is the stable word in logs, metrics and API answers
  Retry                      try again later; a task is queued again with backoff
    RateLimited              the provider named a limit; .retry_after where it said how long
    ProviderUnavailable      network, time-out, 5xx
      GrantDoubted           our tokens are refused, and it is not certain that this is for good
      AccountClosed          the account has no calendar at the moment, or its administrator closed it
    Conflict                 somebody else committed first
    StoreUnavailable         the database could not be asked, or did not say whether it committed
  CursorExpired              drop the cursor, list again under a new generation (a step inside flows)
  Stop                       only a person can help; the task ends, the state is saved
    GrantRevoked             the account must be connected again
    CalendarGone             the calendar is not there any more, or not for us
    Forbidden                this one thing is not allowed, and will not be
    PartRefused              one part of what is written is refused for good, the rest can be written without
    UsageExhausted           the account's own limit for writes is used up for hours
    GivenUp                  it was not done and will not be; a dead letter keeps it
    OperatorFault            our client registration or configuration is wrong
  Rejected                   the caller is wrong; the API answers 4xx
    InvalidRequest  UnknownResource  SlotTaken  AlreadyExists  ReadOnly  StaleVersion  InUse  TooMany
    UntrustedCaller  NotAllowed  KeyReused  TooLarge  PreconditionRequired  MethodNotAllowed  UnsupportedMedia
  Degraded                   an honest "cannot tell now": the API answers 503
    AvailabilityUnknown      a calendar could not be asked, so nothing may be sold
  UnexpectedReply            the provider broke its contract
"""

from __future__ import annotations

from typing import ClassVar


class SyncError(Exception):
    """Base of every error that Slotbridge raises on purpose."""

    code: ClassVar[str] = "error"

    def __init__(self, detail: str = "", *, code: str | None = None) -> None:
        """Keep ``detail`` free of titles, addresses and tokens; ``code`` is more exact than the class's."""
        super().__init__(detail)
        self.detail = detail
        self.reason = code or self.code


class Retry(SyncError):
    """Try again later."""

    code = "retry"

    def __init__(
        self, detail: str = "", *, code: str | None = None, retry_after: float | None = None
    ) -> None:
        """Remember how many seconds the other side asked us to wait, if it said so."""
        super().__init__(detail, code=code)
        self.retry_after = retry_after


# The code of a wait for one's share of a limit that we keep ourselves; a provider's own limit has others.
PACED = "paced"
# The code of a refusal for want of a permission; only the granted scopes tell whether anything is missing.
SCOPE_MISSING = "scope_missing"


class RateLimited(Retry):
    """A provider's limit was reached."""

    code = "rate_limited"


class ProviderUnavailable(Retry):
    """The provider could not be asked, or failed on its side."""

    code = "provider_unavailable"


class GrantDoubted(ProviderUnavailable):
    """Our tokens are refused, and it is not certain that this is for good: only a day of it ends a grant.

    Providers refused good tokens in outages of hours, and for single operations.
    """

    code = "grant_doubted"


class AccountClosed(ProviderUnavailable):
    """The account has no calendar at the moment: a mailbox is missing, or an administrator closed it.

    It may come back any day (a mailbox that moves, a licence that is renewed), so it is tried again; its
    owner is notified.
    """

    code = "account_closed"


class Conflict(Retry):
    """Somebody else committed first; read again and decide again."""

    code = "conflict"


class StoreUnavailable(Retry):
    """The database could not be asked; a commit may or may not have happened."""

    code = "store_unavailable"


class UnreadableDocument(StoreUnavailable):
    """A stored document that this release does not understand: a newer one may, or nobody."""

    code = "unreadable_document"


class CursorExpired(SyncError):
    """The sync token or delta link is no longer valid."""

    code = "cursor_expired"


class Stop(SyncError):
    """Only a person can help."""

    code = "stopped"


class GrantRevoked(Stop):
    """The account must be connected again; only an endpoint for tokens says so, never a calendar."""

    code = "grant_revoked"


class CalendarGone(Stop):
    """The calendar is not there any more, or not for us."""

    code = "calendar_gone"


class Forbidden(Stop):
    """The provider refuses this one thing for good."""

    code = "forbidden"


class PartRefused(Stop):
    """The provider refuses one part of what is written for good; the rest can be written without it."""

    code = "part_refused"


class UsageExhausted(Stop):
    """The account's own usage limit refuses writes for hours."""

    code = "usage_exhausted"


class GivenUp(Stop):
    """What was to be done was not done; a dead letter keeps it until a person has it tried again."""

    code = "given_up"


class OperatorFault(Stop):
    """Our own registration or configuration is wrong; no user is to blame."""

    code = "operator_fault"


class Rejected(SyncError):
    """The caller is wrong."""

    code = "rejected"


class InvalidRequest(Rejected):
    """The request cannot be understood or is not allowed to say this."""

    code = "invalid_request"


class UnknownResource(Rejected):
    """There is no such thing, or not for this caller."""

    code = "not_found"


class SlotTaken(Rejected):
    """Somebody else has that time."""

    code = "slot_taken"


class AlreadyExists(Rejected):
    """A document with this name exists already."""

    code = "already_exists"


class ReadOnly(Rejected):
    """Imported events belong to the provider's calendar; they are not changed here."""

    code = "read_only"


class StaleVersion(Rejected):
    """The caller's version is not the current one."""

    code = "stale_version"


class PreconditionRequired(Rejected):
    """Replacing a record needs the version that the caller saw."""

    code = "precondition_required"


class InUse(Rejected):
    """Something still depends on it, so it cannot go."""

    code = "in_use"


class UntrustedCaller(Rejected):
    """The caller did not prove who it is."""

    code = "unauthenticated"


class NotAllowed(Rejected):
    """The caller is known, but not allowed to do this."""

    code = "not_allowed"


class KeyReused(Rejected):
    """The idempotency key was used with another request."""

    code = "idempotency_key_reused"


class TooLarge(Rejected):
    """The request body is larger than this call takes."""

    code = "too_large"


class TooMany(Rejected):
    """The caller came too often."""

    code = "rate_limited_address"

    def __init__(self, detail: str, *, code: str, quota: int, seconds: int, retry_after: float) -> None:
        """Remember what was allowed (``quota`` in ``seconds``), and when there is room again."""
        super().__init__(detail, code=code)
        self.quota = quota
        self.seconds = seconds
        self.retry_after = retry_after


class MethodNotAllowed(Rejected):
    """The route exists, the method does not."""

    code = "method_not_allowed"

    def __init__(self, *allowed: str) -> None:
        """Remember which methods the route has."""
        super().__init__(f"allowed here: {', '.join(allowed)}")
        self.allowed = allowed


class UnsupportedMedia(Rejected):
    """The body is not JSON."""

    code = "unsupported_media_type"


class Degraded(SyncError):
    """We cannot tell now, and say so."""

    code = "degraded"


class AvailabilityUnknown(Degraded):
    """A calendar could not be asked, so nothing may be sold."""

    code = "availability_unknown"


class UnexpectedReply(SyncError):
    """The provider broke its contract."""

    code = "unexpected_reply"


class SealedForAnother(UnexpectedReply):
    """A stored secret cannot be opened: it is damaged, or the key that sealed it is not here."""

    code = "sealed_for_another"
