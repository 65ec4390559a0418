"""Decides how a consent ended, and binds its start to its end."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from common.domain.calendar.connection import Connection
from common.errors import Forbidden, GrantRevoked, OperatorFault, Stop


class ConsentOutcome(StrEnum):
    """What the person reads when the provider's page sends them back."""

    CONNECTED = "connected"
    RECONNECTED = "reconnected"
    REFUSED = "refused"
    SCOPE_MISSING = "scope_missing"
    WRONG_ACCOUNT = "wrong_account"
    STATE_EXPIRED_OR_USED = "state_expired_or_used"
    ADMIN_CONSENT_REQUIRED = "admin_consent_required"
    CODE_REJECTED = "code_rejected"
    PROVIDER_UNAVAILABLE = "provider_unavailable"
    WRONG_ISSUER = "wrong_issuer"
    MISCONFIGURED = "misconfigured"


CONNECTING = frozenset({ConsentOutcome.CONNECTED, ConsentOutcome.RECONNECTED})
# https://www.rfc-editor.org/rfc/rfc6749#section-4.1.2.1, and what directories say for their administrators:
# https://developers.google.com/identity/protocols/oauth2/web-server#authorization-errors-admin-policy-enforced
# https://learn.microsoft.com/entra/identity-platform/v2-oauth2-auth-code-flow
_REFUSALS = {
    "admin_policy_enforced": ConsentOutcome.ADMIN_CONSENT_REQUIRED,
    "consent_required": ConsentOutcome.ADMIN_CONSENT_REQUIRED,
    "server_error": ConsentOutcome.PROVIDER_UNAVAILABLE,
    "temporarily_unavailable": ConsentOutcome.PROVIDER_UNAVAILABLE,
    "invalid_request": ConsentOutcome.MISCONFIGURED,
    "invalid_client": ConsentOutcome.MISCONFIGURED,
    "invalid_resource": ConsentOutcome.MISCONFIGURED,
    "invalid_scope": ConsentOutcome.MISCONFIGURED,
    "redirect_uri_mismatch": ConsentOutcome.MISCONFIGURED,
    "unauthorized_client": ConsentOutcome.MISCONFIGURED,
    "unsupported_response_type": ConsentOutcome.MISCONFIGURED,
}
# Microsoft's redirect says "access_denied" for whatever went wrong; only its number tells who can help:
# https://learn.microsoft.com/entra/identity-platform/reference-error-codes
_NUMBERS = {
    **dict.fromkeys((65001, 90008, 90094, 90095, 50105), ConsentOutcome.ADMIN_CONSENT_REQUIRED),
    **dict.fromkeys((53000, 53001, 53002, 53003), ConsentOutcome.ADMIN_CONSENT_REQUIRED),
    **dict.fromkeys((16000, 50020, 51004, 90072, 500200), ConsentOutcome.WRONG_ACCOUNT),
    **dict.fromkeys((50194, 500011, 650056, 650057, 700016, 9002332), ConsentOutcome.MISCONFIGURED),
    **dict.fromkeys((50087, 90006, 90012, 90024, 90033, 90055), ConsentOutcome.PROVIDER_UNAVAILABLE),
    65004: ConsentOutcome.REFUSED,
}


def refusal(word: str, *, number: int | None = None) -> ConsentOutcome:
    """What a provider's error means for the person; a word that nobody knows is a refusal.

    A ``number`` that is known says more than the word beside it.
    """
    if number in _NUMBERS:
        return _NUMBERS[number]
    return _REFUSALS.get(word, ConsentOutcome.REFUSED)


def rejected(word: str) -> ConsentOutcome:
    """What it means that the code was not taken: mostly that it is too old or was used before."""
    return (
        ConsentOutcome.REFUSED
        if word == "access_denied"
        else _REFUSALS.get(word, ConsentOutcome.CODE_REJECTED)
    )


def unlisted(error: Stop) -> ConsentOutcome:
    """What it means that an account that consented does not show its calendars."""
    if isinstance(error, OperatorFault):
        return ConsentOutcome.MISCONFIGURED
    if isinstance(error, Forbidden) or error.reason == "scope_missing":
        return ConsentOutcome.SCOPE_MISSING
    if isinstance(error, GrantRevoked):
        return ConsentOutcome.CODE_REJECTED
    # An account without calendars of its own, or one whose administrator closed them.
    return (
        ConsentOutcome.ADMIN_CONSENT_REQUIRED
        if error.reason == "domain_policy"
        else ConsentOutcome.WRONG_ACCOUNT
    )


def state_id(state: str) -> str:
    """The name under which a pending consent is kept; the state itself is kept nowhere."""
    return hashlib.sha256(state.encode("utf-8", "surrogatepass")).hexdigest()


def concealed_for(state: str) -> str:
    """The context that binds a concealed verifier to its own pending consent."""
    return f"consent/{state}"


def challenge(verifier: str) -> str:
    """The S256 challenge of a PKCE verifier: https://www.rfc-editor.org/rfc/rfc7636#section-4.2."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def same_account(known: Connection, *, account: str, identity: str | None) -> bool:
    """Whether a connection is to this account: by the provider's own name for it, which a rename leaves.

    Where either side was never told one, the address decides.
    """
    if known.identity and identity:
        return known.identity == identity
    return same_mailbox(known.account, account)


def same_mailbox(expected: str, account: str) -> bool:
    """Whether two spellings name one account."""
    return expected.strip().casefold() == account.strip().casefold()


@dataclass(frozen=True, slots=True)
class ConsentState:
    """One pending consent: single use, bound to tenant, resource, provider and person, and expiring.

    ``id`` is the hash of the state value, which itself is kept nowhere.
    """

    id: str
    tenant: str
    resource: str
    provider: str
    subject: str
    verifier: str = field(repr=False)
    return_to: str
    expires_at: datetime
    connection: str | None = None
    expected_account: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class CompletedConsent:
    """How it went, and the connection where there is one."""

    outcome: ConsentOutcome
    connection: str | None = None
