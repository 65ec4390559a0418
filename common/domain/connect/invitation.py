"""An invitation to connect one resource's calendar, which its secret link allows once and for a while."""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from common.domain.calendar.connection import ProviderKind
from common.domain.catalogue.records import Language

LONGEST_LIFE = timedelta(hours=72)
# How long the record of an invitation is kept.
KEPT = timedelta(days=90)
MOST_SENDINGS = 5
SUBJECT = "invitation/"


class InvitationState(StrEnum):
    """Whether an invitation can still be accepted, and why not."""

    OPEN = "open"
    USED = "used"
    REVOKED = "revoked"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Invitation:
    """Who may connect which resource, until when (``ends_at``); the record itself goes at ``expires_at``.

    ``secret_hash`` is all that is kept of the secret once its mail is out; until then ``sealed`` is the
    secret as ciphertext. ``address`` is where it was sent: if the resource gets another one, the
    invitation is void. ``claimed_until`` is set while one consent is being finished under it.
    """

    id: str
    tenant: str
    resource: str
    address: str = field(repr=False)
    return_to: str
    language: Language
    created_by: str
    created_at: datetime
    ends_at: datetime
    expires_at: datetime
    secret_hash: str = field(repr=False)
    sealed: str | None = field(default=None, repr=False)
    provider: ProviderKind | None = None
    expected_account: str | None = field(default=None, repr=False)
    sendings: int = 1
    sent_at: datetime | None = None
    revoked_at: datetime | None = None
    used_at: datetime | None = None
    connection: str | None = None
    claim: str | None = field(default=None, repr=False)
    claimed_until: datetime | None = None
    version: str | None = None

    def state(self, *, now: datetime) -> InvitationState:
        """Its state at ``now``; a used one stays used, whatever came later."""
        if self.used_at is not None:
            return InvitationState.USED
        if self.revoked_at is not None:
            return InvitationState.REVOKED
        return InvitationState.OPEN if self.ends_at > now else InvitationState.EXPIRED

    def opened_by(self, secret: str) -> bool:
        """Whether this is the secret, in constant time."""
        return hmac.compare_digest(self.secret_hash, hash_secret(secret))

    def claimable(self, consent: str, *, now: datetime) -> bool:
        """Whether this consent may be finished under it: no other consent has it claimed.

        A consent that was started in time may end a little late; a used or revoked invitation never helps.
        """
        if self.used_at is not None or self.revoked_at is not None:
            return False
        return self.claim in {None, consent} or self.claimed_until is None or self.claimed_until <= now


@dataclass(frozen=True, slots=True)
class InvitationOffer:
    """What the invited person reads: who invites for what, until when, and which providers there are."""

    business: str
    resource: str
    providers: tuple[ProviderKind, ...]
    expected_account: str | None = field(repr=False)
    language: Language
    ends_at: datetime


def hash_secret(secret: str) -> str:
    """The hash of a secret, which is all that stays stored of it."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


def secret_context(tenant: str, invitation: str) -> str:
    """The encryption context that binds a secret to its own invitation."""
    return f"invitation/{tenant}/{invitation}"


def subject_of(invitation: str) -> str:
    """The subject of a consent that begins with an invitation."""
    return f"{SUBJECT}{invitation}"


def invitation_of(subject: str) -> str | None:
    """The invitation that a consent of this subject began with; None for a member of staff."""
    return subject.removeprefix(SUBJECT) if subject.startswith(SUBJECT) else None


def invitation_link(page: str, *, tenant: str, invitation: str, secret: str) -> str:
    """The link in the mail; ``page`` is the address of the front end's page for invitations.

    The secret stands behind ``#``, so that browsers send it to no server, no log and no referrer; and a mail
    scanner that fetches the page accepts nothing.
    """
    return f"{page}#{tenant}/{invitation}/{secret}"


INVITATION_BUSY = "the invitation is being changed at the moment"
