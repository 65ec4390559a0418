"""Ends a consent: one exchange for one return, and either a whole connection or nothing."""

from __future__ import annotations

from dataclasses import dataclass, field

from common.domain.account import Grant, ProviderKind
from common.domain.consent import Outcome, concealed_for, refusal, rejected, state_id
from common.domain.work import ConsentState
from common.errors import GrantRevoked, OperatorFault, ProviderUnavailable, RateLimited, UnexpectedReply
from common.flows.steps.invited import under_invitation
from common.flows.steps.joining import Joined, join
from common.ports import Authorizer, Ports


@dataclass(frozen=True, slots=True)
class FinishConsent:
    """What the browser brought back; ``provider`` where the callback's address names one.

    ``number`` is what Microsoft adds to an ``error``.
    """

    state: str = field(repr=False)
    code: str | None = field(default=None, repr=False)
    error: str | None = None
    number: int | None = None
    issuer: str | None = None
    provider: ProviderKind | None = None


@dataclass(frozen=True, slots=True)
class ConsentOutcome:
    """How it ended, and where the browser goes now; without an address the callback shows a page itself."""

    outcome: Outcome
    return_to: str | None = None
    tenant: str | None = None
    connection: str | None = None


def finish_consent(ports: Ports, command: FinishConsent) -> ConsentOutcome:
    """Connect the account that the person consented for, or say why not.

    Raises:
        StoreUnavailable: The store could not be asked; the person must start again.
    """
    # Taken out before anything else: of two returns with one state, one goes on.
    state = ports.ledger.close_consent(state_id(command.state), now=ports.clock.now())
    if state is None:
        return ConsentOutcome(Outcome.STATE_EXPIRED_OR_USED)
    joined = under_invitation(ports, state, lambda: _judged(ports, command, state))
    ports.log.info(
        "consent_finished",
        tenant=state.tenant,
        resource=state.resource,
        provider=state.provider,
        outcome=joined.outcome.value,
        connection=joined.connection,
    )
    return ConsentOutcome(joined.outcome, state.return_to, state.tenant, joined.connection)


def _judged(ports: Ports, command: FinishConsent, state: ConsentState) -> Joined:
    asked = ProviderKind(state.provider)
    authorizer = ports.providers[asked].authorizer
    if command.provider not in {None, asked} or not _issued_by(authorizer, command.issuer):
        return Joined(Outcome.WRONG_ISSUER)
    if command.error is not None:
        number = command.number if asked is ProviderKind.MICROSOFT else None
        return Joined(refusal(command.error, number=number))
    if not command.code:
        return Joined(Outcome.CODE_REJECTED)
    try:
        return join(ports, state, _exchanged(ports, authorizer, state, command.code))
    except GrantRevoked as refused:
        return Joined(rejected(refused.reason))
    except OperatorFault as fault:
        ports.log.warning("consent_misconfigured", provider=state.provider, code=fault.reason)
        return Joined(Outcome.MISCONFIGURED)
    except (ProviderUnavailable, RateLimited, UnexpectedReply) as failed:
        ports.log.warning("consent_failed", provider=state.provider, code=failed.reason)
        return Joined(Outcome.PROVIDER_UNAVAILABLE)


def _issued_by(authorizer: Authorizer, issuer: str | None) -> bool:
    """See https://www.rfc-editor.org/rfc/rfc9207; a provider whose issuers differ by account names none."""
    return issuer is None or authorizer.issuer in {None, issuer}


def _exchanged(ports: Ports, authorizer: Authorizer, state: ConsentState, code: str) -> Grant:
    return authorizer.exchange(
        code=code,
        verifier=ports.vault.reveal(state.verifier, context=concealed_for(state.id)),
        redirect_uri=ports.tuning.oauth_redirect,
        now=ports.clock.now(),
    )
