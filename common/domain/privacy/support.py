"""Support access: only under a grant that the owner gave, only while it lasts, never while locked out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from common.errors import InvalidRequest, NotAllowed

DEFAULT = timedelta(hours=24)
LONGEST = timedelta(days=7)


class Action(StrEnum):
    """What an audit entry records."""

    SUPPORT_GRANTED = "support_granted"
    SUPPORT_REVOKED = "support_revoked"
    SUPPORT_LOCKED = "support_locked"
    SUPPORT_UNLOCKED = "support_unlocked"
    SUPPORT_READ = "support_read"
    SUPPORT_REFUSED = "support_refused"
    EXPORTED = "exported"
    ERASURE_STARTED = "erasure_started"
    RESOURCE_DELETED = "resource_deleted"
    ISSUER_ADDED = "issuer_added"
    ISSUER_CHANGED = "issuer_changed"
    ISSUER_REMOVED = "issuer_removed"
    INSTALLATION_ACCEPTED = "installation_accepted"
    INSTALLATION_REFUSED = "installation_refused"


@dataclass(frozen=True, slots=True)
class SupportGrant:
    """An owner's permission for support to read the tenant's data: why, and until when."""

    id: str
    tenant: str
    reason: str = field(repr=False)
    granted_by: str
    granted_at: datetime
    ends_at: datetime
    ticket: str | None = None
    revoked_at: datetime | None = None
    revoked_by: str | None = None
    version: str | None = None

    def active(self, now: datetime) -> bool:
        """Whether it allows anything at this moment; judged by the clock, never by a clean-up."""
        return self.revoked_at is None and self.granted_at <= now < self.ends_at


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """Who did what, when, on what, and why; written once and never changed.

    ``target`` holds ids only: no title, name or address is needed to know what was looked at.
    """

    id: str
    tenant: str
    at: datetime
    who: str
    action: Action
    target: str = ""
    reason: str | None = field(default=None, repr=False)
    ticket: str | None = None
    grant: str | None = None


def entry_id(at: datetime, token: str) -> str:
    """The id of an audit entry; ids sort by time."""
    return f"{at:%Y%m%dT%H%M%S.%f}-{token[:12]}"


def length(hours: int | None) -> timedelta:
    """How long a grant of ``hours`` lasts; 24 hours where none are named.

    Raises:
        InvalidRequest: Longer than seven days, or no time at all.
    """
    asked = DEFAULT if hours is None else timedelta(hours=hours)
    if not timedelta() < asked <= LONGEST:
        raise InvalidRequest(f"a grant lasts at most {LONGEST.days} days", code="grant_too_long")
    return asked


def admitting(grants: Iterable[SupportGrant], *, locked: bool, now: datetime) -> SupportGrant:
    """The grant that admits support now; of several the one that ends last.

    Raises:
        NotAllowed: Support is locked out, or there is no such grant.
    """
    if locked:
        raise NotAllowed("this tenant locks support out", code="support_locked")
    active = [grant for grant in grants if grant.active(now)]
    if not active:
        raise NotAllowed("there is no active support grant", code="no_support_grant")
    return max(active, key=lambda grant: (grant.ends_at, grant.id))
