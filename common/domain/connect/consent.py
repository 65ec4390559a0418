"""A consent: which outcome a person reads, and what binds the start of a consent to its end."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from common.domain.calendar.connection import Connection
from common.domain.shared.mailboxes import same_mailbox
from common.errors import AccountClosed, Forbidden, GrantRevoked, OperatorFault, Stop


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
_ERRORS = {
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


def outcome_of_error(word: str, *, number: int | None = None) -> ConsentOutcome:
    """The outcome of a provider's ``error``; a word that is not known here is a refusal by the person.

    A Microsoft ``number`` that is known says more than the word beside it.
    """
    if number in _NUMBERS:
        return _NUMBERS[number]
    return _ERRORS.get(word, ConsentOutcome.REFUSED)


def outcome_of_rejected_code(word: str) -> ConsentOutcome:
    """The outcome where the provider rejects the code: mostly that it is too old or was used before."""
    return (
        ConsentOutcome.REFUSED if word == "access_denied" else _ERRORS.get(word, ConsentOutcome.CODE_REJECTED)
    )


def outcome_of_unlisted_calendars(error: Stop | AccountClosed) -> ConsentOutcome:
    """The outcome where an account that consented does not show its calendars."""
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
    """The id of a pending consent: the hash of its state, which itself is stored nowhere."""
    return hashlib.sha256(state.encode("utf-8", "surrogatepass")).hexdigest()


def verifier_context(consent: str) -> str:
    """The encryption context that binds a PKCE verifier to its own pending consent."""
    return f"consent/{consent}"


def challenge(verifier: str) -> str:
    """The S256 challenge of a PKCE verifier: https://www.rfc-editor.org/rfc/rfc7636#section-4.2."""
    digest = hashlib.sha256(verifier.encode()).digest()
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def same_account(known: Connection, *, account: str, identity: str | None) -> bool:
    """Whether a connection is to this account, by the provider's own name for it, which never changes.

    Where either side has none, the address decides.
    """
    if known.identity and identity:
        return known.identity == identity
    return same_mailbox(known.account, account)


@dataclass(frozen=True, slots=True)
class ConsentState:
    """A pending consent: used once, expiring, and of one tenant, resource, provider and person.

    ``id`` is the hash of the state value, which itself is stored nowhere.
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
class ConsentResult:
    """How a consent ended, and the connection where there is one."""

    outcome: ConsentOutcome
    connection: str | None = None
