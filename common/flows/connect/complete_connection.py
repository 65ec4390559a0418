"""Finishes a consent: what the browser brings back from the provider becomes a connection.

Nothing is stored in halves: either the account gets a connection with all its calendars, or its grant is
given back to the provider and the person reads why.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from common.domain.calendar.connection import (
    CalendarEntry,
    Connection,
    Grant,
    ProviderKind,
    Status,
    first_listing,
    merge_listing,
)
from common.domain.connect.consent import (
    CONNECTING,
    ConsentOutcome,
    ConsentResult,
    ConsentState,
    outcome_of_error,
    outcome_of_rejected_code,
    outcome_of_unlisted_calendars,
    same_account,
    state_id,
    verifier_context,
)
from common.domain.connect.invitation import INVITATION_BUSY, invitation_of
from common.domain.shared.concurrency import retry_conflicts
from common.domain.shared.mailboxes import same_mailbox
from common.domain.shared.outbox import OutboxKind, connection_news_entry
from common.errors import (
    AccountClosed,
    AlreadyExists,
    Conflict,
    GrantRevoked,
    OperatorFault,
    ProviderUnavailable,
    RateLimited,
    Stop,
    StoreUnavailable,
    UnexpectedReply,
    UnknownResource,
)
from common.flows.shared.calendar_access import all_calendars
from common.flows.shared.connection_update import AFTER_COMMIT, update_connection
from common.flows.shared.enqueue import enqueue_catch_up
from common.flows.shared.outbox import enqueue_entries
from common.flows.shared.tokens import revoke_unused_grant
from common.ports import Ports


@dataclass(frozen=True, slots=True)
class FinishedConsent:
    """How a consent ended, and where the browser goes now.

    Without ``return_to`` nobody knows where it came from: the callback shows a page of its own.
    """

    outcome: ConsentOutcome
    return_to: str | None = None
    connection: str | None = None


def finish_consent(
    ports: Ports,
    *,
    state: str,
    code: str | None = None,
    error: str | None = None,
    error_number: int | None = None,
    issuer: str | None = None,
    provider: ProviderKind | None = None,
) -> FinishedConsent:
    """Connect the account that the person consented for, or say why that is not possible.

    Args:
        ports: Everything outside.
        state: The state value that the consent was started with.
        code: The authorization code, where the person agreed.
        error: The provider's word for what went wrong, where it sent one.
        error_number: The number that Microsoft adds to an ``error``.
        issuer: The issuer that the redirect names, where it names one.
        provider: The provider whose callback this is, where its address says so.

    Raises:
        StoreUnavailable: The store could not be asked; the person must start again.
    """
    # Taken out of the store before anything else: of two returns with one state only one goes on.
    pending = ports.ledger.close_consent(state_id(state), now=ports.clock.now())
    if pending is None:
        return FinishedConsent(ConsentOutcome.STATE_EXPIRED_OR_USED)

    def complete() -> ConsentResult:
        authorizer = ports.providers[ProviderKind(pending.provider)].authorizer
        # https://www.rfc-editor.org/rfc/rfc9207; a provider whose issuers differ by account names none.
        wrong_issuer = issuer is not None and authorizer.issuer not in {None, issuer}
        if provider not in {None, pending.provider} or wrong_issuer:
            return ConsentResult(ConsentOutcome.WRONG_ISSUER)
        if error is not None:
            number = error_number if pending.provider == ProviderKind.MICROSOFT else None
            return ConsentResult(outcome_of_error(error, number=number))
        if not code:
            return ConsentResult(ConsentOutcome.CODE_REJECTED)
        return _exchange_and_connect(ports, pending, code)

    result = complete_under_invitation(ports, pending, complete)
    ports.log.info(
        "consent_finished",
        tenant=pending.tenant,
        resource=pending.resource,
        provider=pending.provider,
        outcome=result.outcome.value,
        connection=result.connection,
    )
    return FinishedConsent(result.outcome, pending.return_to, result.connection)


def _exchange_and_connect(ports: Ports, pending: ConsentState, code: str) -> ConsentResult:
    """Exchange the authorization code for a grant, and make or renew the connection with it."""
    try:
        grant = ports.providers[ProviderKind(pending.provider)].authorizer.exchange(
            code=code,
            verifier=ports.vault.reveal(pending.verifier, context=verifier_context(pending.id)),
            redirect_uri=ports.tuning.oauth_redirect,
            now=ports.clock.now(),
        )
        return _complete_connection(ports, pending, grant)
    except GrantRevoked as refused:
        return ConsentResult(outcome_of_rejected_code(refused.reason))
    except OperatorFault as fault:
        ports.log.warning("consent_misconfigured", provider=pending.provider, code=fault.reason)
        return ConsentResult(ConsentOutcome.MISCONFIGURED)
    except (ProviderUnavailable, RateLimited, UnexpectedReply) as failed:
        ports.log.warning("consent_failed", provider=pending.provider, code=failed.reason)
        return ConsentResult(ConsentOutcome.PROVIDER_UNAVAILABLE)


def _complete_connection(ports: Ports, pending: ConsentState, grant: Grant) -> ConsentResult:
    """Store the grant with all calendars that the account shows, or give it back and store nothing."""
    provider = ports.providers[ProviderKind(pending.provider)]
    if provider.authorizer.missing_scopes(grant):
        return _give_back(ports, pending, grant, ConsentOutcome.SCOPE_MISSING)
    try:
        entries = all_calendars(lambda page: provider.calendar.list_calendars(grant.access_token, page=page))
    except AccountClosed as closed:
        return _give_back(ports, pending, grant, outcome_of_unlisted_calendars(closed))
    except (ProviderUnavailable, RateLimited, UnexpectedReply) as failed:
        ports.log.warning("calendars_not_listed", provider=pending.provider, code=failed.reason)
        return _give_back(ports, pending, grant, ConsentOutcome.PROVIDER_UNAVAILABLE)
    except Stop as stopped:
        return _give_back(ports, pending, grant, outcome_of_unlisted_calendars(stopped))
    account = grant.account or next((entry.provider_id for entry in entries if entry.primary), None)
    if not account:
        return _give_back(ports, pending, grant, ConsentOutcome.PROVIDER_UNAVAILABLE)
    grant = replace(grant, account=account)
    known = _live_connection(ports, pending, grant)
    if not _is_expected_account(ports, pending, grant):
        return _give_back(ports, pending, grant, ConsentOutcome.WRONG_ACCOUNT)
    if known is not None:
        return _reconnect(ports, pending, known, grant, entries)
    if grant.refresh_token is None:
        return _give_back(ports, pending, grant, ConsentOutcome.SCOPE_MISSING)
    return _connect(ports, pending, grant, entries)


def _give_back(ports: Ports, pending: ConsentState, grant: Grant, outcome: ConsentOutcome) -> ConsentResult:
    """Revoke a grant that is not stored, as far as that is possible."""
    revoked, code = False, "needed_or_not_possible"
    try:
        revoked = revoke_unused_grant(ports, _new_connection(ports, pending, grant), grant)
    except (ProviderUnavailable, RateLimited, UnexpectedReply, Stop) as error:
        code = error.reason
    if not revoked:
        # The access is still listed at the provider, and only its owner can end it there.
        ports.log.warning("grant_not_given_back", tenant=pending.tenant, code=code)
    return ConsentResult(outcome)


def _is_of_account(connection: Connection, grant: Grant) -> bool:
    return same_account(connection, account=grant.account or "", identity=grant.identity)


def _live_connection(ports: Ports, pending: ConsentState, grant: Grant) -> Connection | None:
    """The resource's own connection to this account, if there is one that has not ended."""
    mine = (
        item
        for item in ports.connections.of_resource(pending.tenant, pending.resource)
        if item.provider.value == pending.provider and not item.ended and _is_of_account(item, grant)
    )
    return min(mine, key=lambda item: (item.id != pending.connection, item.created_at, item.id), default=None)


def _is_expected_account(ports: Ports, pending: ConsentState, grant: Grant) -> bool:
    # An expected mailbox is compared by its address: whoever invited knew nothing else.
    if pending.expected_account and not same_mailbox(pending.expected_account, grant.account or ""):
        return False
    if pending.connection is None:
        return True
    wanted = ports.connections.get(pending.tenant, pending.connection)
    return wanted.ended or _is_of_account(wanted, grant)


def _new_connection(ports: Ports, pending: ConsentState, grant: Grant) -> Connection:
    """A connection as it begins; its id follows from whose it is, so that two callbacks make only one."""
    ended = sum(
        item.resource == pending.resource and item.ended and _is_of_account(item, grant)
        for item in ports.connections.of_tenant(pending.tenant)
    )
    account = grant.account or ""
    holder = grant.identity or account.casefold()
    identity = (pending.tenant, pending.resource, pending.provider, holder, str(ended))
    return Connection(
        id=ports.keys.sign("job", "connection", *identity).hex()[:24],
        tenant=pending.tenant,
        resource=pending.resource,
        provider=ProviderKind(pending.provider),
        account=account,
        status=Status.CONNECTED,
        created_at=ports.clock.now(),
        scopes=grant.scopes,
        identity=grant.identity,
    )


def _connect(
    ports: Ports, pending: ConsentState, grant: Grant, entries: tuple[CalendarEntry, ...]
) -> ConsentResult:
    """Store a new connection with its grant."""
    connection = replace(_new_connection(ports, pending, grant), calendars=first_listing(entries))
    sealed = ports.vault.seal(grant, tenant=connection.tenant, connection=connection.id)
    connected = connection_news_entry(connection, OutboxKind.CONNECTED, now=connection.created_at)
    try:
        ports.connections.create(connection, sealed, tasks=[connected])
    except StoreUnavailable:
        return _after_unclear_commit(ports, pending, grant, connection)
    except AlreadyExists:
        # The same person finished the same consent twice, in two windows.
        known = ports.connections.get(connection.tenant, connection.id)
        return _reconnect(ports, pending, known, grant, entries)
    enqueue_entries(ports, [connected])
    return ConsentResult(ConsentOutcome.CONNECTED, connection.id)


def _after_unclear_commit(
    ports: Ports, pending: ConsentState, grant: Grant, connection: Connection
) -> ConsentResult:
    """The store did not say whether it committed the connection: look whether it is there."""
    try:
        ports.connections.get(connection.tenant, connection.id)
    except UnknownResource:
        return _give_back(ports, pending, grant, ConsentOutcome.PROVIDER_UNAVAILABLE)
    return ConsentResult(ConsentOutcome.CONNECTED, connection.id)


def _reconnect(
    ports: Ports, pending: ConsentState, known: Connection, grant: Grant, entries: tuple[CalendarEntry, ...]
) -> ConsentResult:
    """Give a known connection its new grant and let everything go on that waited for it.

    Its settings and its links to exported events stay.
    """
    if not _store_grant(ports, known, grant):
        return ConsentResult(ConsentOutcome.SCOPE_MISSING)
    cause = f"consent/{pending.id}"
    now = ports.clock.now()
    enqueue_catch_up(
        ports, tenant=known.tenant, connection=known.id, cause=cause, not_before=now + AFTER_COMMIT
    )
    connected = connection_news_entry(known, OutboxKind.CONNECTED, now=now)
    update_connection(
        ports,
        known.tenant,
        known.id,
        lambda current: _with_new_grant(current, grant, entries, now),
        tasks=[connected],
    )
    enqueue_entries(ports, [connected])
    # As a task: the person's browser does not wait for a long list of exports.
    enqueue_catch_up(ports, tenant=known.tenant, connection=known.id, cause=cause)
    return ConsentResult(ConsentOutcome.RECONNECTED, known.id)


def _store_grant(ports: Ports, known: Connection, grant: Grant) -> bool:
    """Replace the stored grant, keeping its refresh token where no new one came; False if there is none.

    Raises:
        ProviderUnavailable: The stored grant is being refreshed at the same moment.
    """

    def store() -> bool:
        sealed, version = ports.connections.sealed(known.tenant, known.id)
        kept = grant
        if grant.refresh_token is None and sealed is not None:
            old = ports.vault.open(sealed, tenant=known.tenant, connection=known.id)
            kept = replace(grant, refresh_token=old.refresh_token)
        if kept.refresh_token is None:
            return False
        text = ports.vault.seal(kept, tenant=known.tenant, connection=known.id)
        ports.connections.save_sealed(known.tenant, known.id, text, expected=version)
        return True

    message = "the grant is being refreshed at the same moment"
    try:
        return retry_conflicts(store, message=message, tries=3)
    except Conflict as busy:
        raise ProviderUnavailable(message, code="refresh_in_progress") from busy


def _with_new_grant(
    connection: Connection, grant: Grant, entries: tuple[CalendarEntry, ...], now: datetime
) -> Connection:
    """The connection as it goes on under a new grant: nothing waits and nothing is wrong any more."""
    if connection.ended:
        raise UnknownResource("this connection has ended meanwhile", code="disconnected")
    add_new = not connection.dedicated_pending
    return replace(
        connection,
        status=Status.CONNECTED if connection.run is None else Status.ACTIVE,
        calendars=merge_listing(connection.calendars, entries, now=now, add_new=add_new).calendars,
        scopes=grant.scopes,
        account=grant.account or connection.account,
        identity=grant.identity or connection.identity,
        run=connection.run and replace(connection.run, waiting_until=None, error=None),
        waiting_until=None,
        error=None,
        told_at=None,
        doubt=None,
    )


# Longer than the exchange of a code and a listing of calendars take.
CLAIM_LIFE = timedelta(minutes=5)


def complete_under_invitation(
    ports: Ports, pending: ConsentState, complete: Callable[[], ConsentResult]
) -> ConsentResult:
    """Complete a consent, and use up the invitation that it began with, where there was one.

    The invitation is claimed first, so that of two people with one link only one is connected; a consent
    that fails gives the claim back, and one that dies loses it after a few minutes.
    """
    invitation = invitation_of(pending.subject)
    if invitation is None:
        return complete()
    if not _claim(ports, pending, invitation):
        return ConsentResult(ConsentOutcome.STATE_EXPIRED_OR_USED)
    result = ConsentResult(ConsentOutcome.PROVIDER_UNAVAILABLE)
    try:
        result = complete()
    finally:
        _give_claim_back(ports, pending, invitation, result)
    return result


def _claim(ports: Ports, pending: ConsentState, invitation: str) -> bool:
    """Take the invitation for this consent; False where it is not valid any more, or somebody else has it."""
    now = ports.clock.now()
    try:
        found = ports.invitations.get(pending.tenant, invitation)
        resource = ports.catalogue.resource(pending.tenant, found.resource)
    except UnknownResource:
        return False
    unchanged = found.resource == pending.resource and resource.email == found.address
    if not unchanged or not found.claimable(pending.id, now=now):
        return False
    try:
        ports.invitations.save(replace(found, claim=pending.id, claimed_until=now + CLAIM_LIFE))
    except Conflict:
        return False
    return True


def _give_claim_back(ports: Ports, pending: ConsentState, invitation: str, result: ConsentResult) -> None:
    """End the claim, and mark the invitation as used where the consent has made a connection."""

    def give_back() -> None:
        found = ports.invitations.get(pending.tenant, invitation)
        if found.claim != pending.id:
            return
        freed = replace(found, claim=None, claimed_until=None)
        if result.outcome in CONNECTING:
            freed = replace(freed, used_at=ports.clock.now(), connection=result.connection, sealed=None)
        ports.invitations.save(freed)

    retry_conflicts(give_back, message=INVITATION_BUSY)
