"""Ends a consent: one exchange for one return, and either a whole connection or nothing."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from common.domain.calendar.connection import CalendarEntry, Connection, Grant, ProviderKind, Status
from common.domain.connect.calendar_list import enrolled, relisted
from common.domain.connect.consent import (
    CompletedConsent,
    ConsentOutcome,
    ConsentState,
    concealed_for,
    refusal,
    rejected,
    same_account,
    same_mailbox,
    state_id,
    unlisted,
)
from common.domain.shared.tasks import OutboxKind
from common.errors import (
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
from common.flows.connect.invitations import under_invitation
from common.flows.notify.delivery import life_of
from common.flows.shared.calendar_access import all_calendars
from common.flows.shared.connection_update import update_connection
from common.flows.shared.enqueue import catch_up_later
from common.flows.shared.outbox import announce
from common.flows.shared.tokens import give_back
from common.ports import Ports
from common.ports.provider import Authorizer


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
class FinishedConsent:
    """How it ended, and where the browser goes now; without an address the callback shows a page itself."""

    outcome: ConsentOutcome
    return_to: str | None = None
    tenant: str | None = None
    connection: str | None = None


def finish_consent(ports: Ports, command: FinishConsent) -> FinishedConsent:
    """Connect the account that the person consented for, or say why not.

    Raises:
        StoreUnavailable: The store could not be asked; the person must start again.
    """
    # Taken out before anything else: of two returns with one state, one goes on.
    state = ports.ledger.close_consent(state_id(command.state), now=ports.clock.now())
    if state is None:
        return FinishedConsent(ConsentOutcome.STATE_EXPIRED_OR_USED)
    joined = under_invitation(ports, state, lambda: _judged(ports, command, state))
    ports.log.info(
        "consent_finished",
        tenant=state.tenant,
        resource=state.resource,
        provider=state.provider,
        outcome=joined.outcome.value,
        connection=joined.connection,
    )
    return FinishedConsent(joined.outcome, state.return_to, state.tenant, joined.connection)


def _judged(ports: Ports, command: FinishConsent, state: ConsentState) -> CompletedConsent:
    asked = ProviderKind(state.provider)
    authorizer = ports.providers[asked].authorizer
    if command.provider not in {None, asked} or not _issued_by(authorizer, command.issuer):
        return CompletedConsent(ConsentOutcome.WRONG_ISSUER)
    if command.error is not None:
        number = command.number if asked is ProviderKind.MICROSOFT else None
        return CompletedConsent(refusal(command.error, number=number))
    if not command.code:
        return CompletedConsent(ConsentOutcome.CODE_REJECTED)
    try:
        return complete_connection(ports, state, _exchanged(ports, authorizer, state, command.code))
    except GrantRevoked as refused:
        return CompletedConsent(rejected(refused.reason))
    except OperatorFault as fault:
        ports.log.warning("consent_misconfigured", provider=state.provider, code=fault.reason)
        return CompletedConsent(ConsentOutcome.MISCONFIGURED)
    except (ProviderUnavailable, RateLimited, UnexpectedReply) as failed:
        ports.log.warning("consent_failed", provider=state.provider, code=failed.reason)
        return CompletedConsent(ConsentOutcome.PROVIDER_UNAVAILABLE)


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


SECOND_LOOK = timedelta(seconds=30)


def complete_connection(ports: Ports, state: ConsentState, grant: Grant) -> CompletedConsent:
    """Store the grant with all that the account shows, or give it back and store nothing."""
    provider = ports.providers[ProviderKind(state.provider)]
    if provider.authorizer.missing_scopes(grant):
        return _refused(ports, state, grant, ConsentOutcome.SCOPE_MISSING)
    try:
        listed = all_calendars(lambda page: provider.calendar.list_calendars(grant.access_token, page=page))
    except (ProviderUnavailable, RateLimited, UnexpectedReply) as failed:
        ports.log.warning("calendars_not_listed", provider=state.provider, code=failed.reason)
        return _refused(ports, state, grant, ConsentOutcome.PROVIDER_UNAVAILABLE)
    except Stop as error:
        return _refused(ports, state, grant, unlisted(error))
    account = grant.account or next((entry.provider_id for entry in listed if entry.primary), None)
    if not account:
        return _refused(ports, state, grant, ConsentOutcome.PROVIDER_UNAVAILABLE)
    grant = replace(grant, account=account)
    known = _known(ports, state, grant)
    if not _expected(ports, state, grant):
        return _refused(ports, state, grant, ConsentOutcome.WRONG_ACCOUNT)
    if known is not None:
        return _reconnected(ports, state, known, grant, listed)
    if grant.refresh_token is None:
        return _refused(ports, state, grant, ConsentOutcome.SCOPE_MISSING)
    return _connected(ports, state, grant, listed)


def _refused(ports: Ports, state: ConsentState, grant: Grant, outcome: ConsentOutcome) -> CompletedConsent:
    # Whose grant it is must be known: revoking it would end this account's other connections as well.
    if grant.account:
        try:
            give_back(ports, _fresh(ports, state, grant), grant)
        except (ProviderUnavailable, RateLimited, UnexpectedReply, Stop) as error:
            ports.log.warning("grant_not_given_back", tenant=state.tenant, code=error.reason)
    return CompletedConsent(outcome)


def _same(item: Connection, grant: Grant) -> bool:
    return same_account(item, account=grant.account or "", identity=grant.identity)


def _expected(ports: Ports, state: ConsentState, grant: Grant) -> bool:
    # A mailbox that was pinned is an address: whoever invited knew nothing else.
    account = grant.account or ""
    if state.expected_account and not same_mailbox(state.expected_account, account):
        return False
    if state.connection is None:
        return True
    pinned = ports.connections.get(state.tenant, state.connection)
    return pinned.ended or _same(pinned, grant)


def _known(ports: Ports, state: ConsentState, grant: Grant) -> Connection | None:
    """The resource's own live connection to this account; what has ended is never revived."""
    mine = (
        item
        for item in ports.connections.of_resource(state.tenant, state.resource)
        if item.provider.value == state.provider and not item.ended and _same(item, grant)
    )
    return min(mine, key=lambda item: (item.id != state.connection, item.created_at, item.id), default=None)


def _fresh(ports: Ports, state: ConsentState, grant: Grant) -> Connection:
    """A connection as it begins; its id follows from whose it is, so that two callbacks make only one."""
    ended = sum(
        item.resource == state.resource and item.ended and _same(item, grant)
        for item in ports.connections.of_tenant(state.tenant)
    )
    account = grant.account or ""
    whose = grant.identity or account.casefold()
    identity = (state.tenant, state.resource, state.provider, whose, str(ended))
    return Connection(
        id=ports.keys.sign("job", "connection", *identity).hex()[:24],
        tenant=state.tenant,
        resource=state.resource,
        provider=ProviderKind(state.provider),
        account=account,
        status=Status.CONNECTED,
        created_at=ports.clock.now(),
        scopes=grant.scopes,
        identity=grant.identity,
    )


def _connected(
    ports: Ports, state: ConsentState, grant: Grant, listed: tuple[CalendarEntry, ...]
) -> CompletedConsent:
    fresh = replace(_fresh(ports, state, grant), calendars=enrolled(listed))
    sealed = ports.vault.seal(grant, tenant=fresh.tenant, connection=fresh.id)
    told = life_of(fresh, OutboxKind.CONNECTED, now=fresh.created_at)
    try:
        ports.connections.create(fresh, sealed, tasks=[told])
    except StoreUnavailable:
        return _perhaps_connected(ports, state, grant, fresh)
    except AlreadyExists:
        # The same person finished the same consent twice, in two windows.
        known = ports.connections.get(fresh.tenant, fresh.id)
        return _reconnected(ports, state, known, grant, listed)
    announce(ports, [told])
    return CompletedConsent(ConsentOutcome.CONNECTED, fresh.id)


def _perhaps_connected(
    ports: Ports, state: ConsentState, grant: Grant, fresh: Connection
) -> CompletedConsent:
    """The store did not say whether it committed: read it."""
    try:
        ports.connections.get(fresh.tenant, fresh.id)
    except UnknownResource:
        return _refused(ports, state, grant, ConsentOutcome.PROVIDER_UNAVAILABLE)
    return CompletedConsent(ConsentOutcome.CONNECTED, fresh.id)


def _reconnected(
    ports: Ports, state: ConsentState, known: Connection, grant: Grant, listed: tuple[CalendarEntry, ...]
) -> CompletedConsent:
    """Same connection, same settings, same links: a new grant, and everything that waited goes on."""
    if not _replaced_grant(ports, known, grant):
        return CompletedConsent(ConsentOutcome.SCOPE_MISSING)
    cause = f"consent/{state.id}"
    # Queued before the change as well: if this instance dies after it, nothing stays behind.
    now = ports.clock.now()
    catch_up_later(ports, tenant=known.tenant, connection=known.id, cause=cause, not_before=now + SECOND_LOOK)
    told = life_of(known, OutboxKind.CONNECTED, now=now)
    update_connection(
        ports, known.tenant, known.id, lambda item: _revived(item, grant, listed, now), tasks=[told]
    )
    announce(ports, [told])
    # As a task: the person's browser does not wait for a long list of exports.
    catch_up_later(ports, tenant=known.tenant, connection=known.id, cause=cause)
    return CompletedConsent(ConsentOutcome.RECONNECTED, known.id)


def _revived(item: Connection, grant: Grant, listed: tuple[CalendarEntry, ...], now: datetime) -> Connection:
    if item.ended:
        raise UnknownResource("this connection has ended meanwhile", code="disconnected")
    run = item.run and replace(item.run, waiting_until=None, error=None)
    return replace(
        item,
        status=Status.CONNECTED if item.run is None else Status.ACTIVE,
        calendars=relisted(item.calendars, listed, now=now, admit=not item.dedicated_pending).calendars,
        scopes=grant.scopes,
        account=grant.account or item.account,
        identity=grant.identity or item.identity,
        run=run,
        waiting_until=None,
        error=None,
        told_at=None,
    )


def _replaced_grant(ports: Ports, known: Connection, grant: Grant) -> bool:
    """Store the new grant; a refresh token that was not sent again is kept. False: there is none at all."""
    for _ in range(3):
        sealed, version = ports.connections.sealed(known.tenant, known.id)
        kept = grant
        if grant.refresh_token is None and sealed is not None:
            old = ports.vault.open(sealed, tenant=known.tenant, connection=known.id)
            kept = replace(grant, refresh_token=old.refresh_token)
        if kept.refresh_token is None:
            return False
        text = ports.vault.seal(kept, tenant=known.tenant, connection=known.id)
        try:
            ports.connections.save_sealed(known.tenant, known.id, text, expected=version)
        except Conflict:
            continue
        return True
    raise ProviderUnavailable("the grant is being refreshed at the same moment", code="refresh_in_progress")
