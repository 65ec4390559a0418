"""Connecting an account again: everything stays, and nothing is made or notified twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from common.domain.calendar.connection import CalendarUse, ProviderKind, Status
from common.domain.connect.consent import ConsentOutcome
from common.errors import GrantRevoked, ProviderUnavailable, Rejected
from common.flows.shared.tokens import authorized
from tests.flows.setups.connect_setup import OTHER, begin, finish
from tests.flows.setups.connection_stages_setup import Life, calendars
from tests.flows.setups.sync_setup import at
from tests.world import ACCOUNT


@pytest.mark.pitfall(19)
def test_connecting_again_keeps_everything_and_catches_up():
    """Same connection, settings and links; what happened meanwhile arrives; nothing is made twice."""
    life = Life(calendars=("team",))
    life.set(calendars=dict.fromkeys(life.connection.calendars, CalendarUse.IMPORT), imports={"mode": "full"})
    booked = life.book(at(9))
    life.synchronise()
    link = life.link()
    life.google.admin.revoke_grant(ACCOUNT)
    life.enter(at(15))
    life.drain()
    assert life.connection.status is Status.REAUTH_REQUIRED
    life.reschedule(life.booking(booked.id), at(11))
    life.drain()
    again = life.connect(connection=life.connection_id)
    life.drain()

    assert again.id == life.connection_id
    assert (life.connection.status, life.connection.error) == (Status.ACTIVE, None)
    assert calendars(life.connection) == {ACCOUNT: "import", "team": "import"}
    assert life.connection.settings.imports.mode == "full"
    assert at(15) in life.busy()
    assert life.link().event_id == link.event_id
    (own,) = life.own_events()
    assert datetime.fromisoformat(own["start"]["dateTime"]) == at(11)
    assert life.notices().count("reauth_required") == 1


@pytest.mark.pitfall(19)
def test_a_late_refusal_of_the_old_grant_does_not_end_the_new_one():
    """A task that began with the old grant is refused after the person has connected again."""
    life = Life()
    life.synchronise()
    life.google.admin.revoke_grant(ACCOUNT)
    kind = ProviderKind.GOOGLE
    real = life.ports.providers[kind]

    class Late:
        def refresh(self, grant, *, now):
            try:
                return real.authorizer.refresh(grant, now=now)
            except GrantRevoked:
                life.connect(connection=life.connection_id)
                raise

    ports = replace(life.ports, providers={kind: replace(real, authorizer=Late())})
    with pytest.raises(ProviderUnavailable):
        authorized(ports, life.connection, lambda token: real.calendar.list_calendars(token, page=None))

    assert life.connection.status is Status.ACTIVE
    assert life.notices() == []


@pytest.mark.pitfall(19)
def test_an_owner_is_notified_even_if_the_instance_dies_on_the_way():
    """The notice is stored before the connection: the retry finds it, and the owner gets one mail."""
    life = Life()
    life.synchronise()
    life.google.admin.revoke_grant(ACCOUNT)

    class Dying:
        def __getattr__(self, name):
            return getattr(life.stores.connections, name)

        def save(self, connection, *, tasks=()):
            raise RuntimeError

    listing = life.ports.providers[ProviderKind.GOOGLE].calendar.list_calendars
    with pytest.raises(RuntimeError):
        authorized(
            replace(life.ports, connections=Dying()),
            life.connection,
            lambda token: listing(token, page=None),
        )
    life.advance(minutes=1)
    with pytest.raises(GrantRevoked):
        authorized(life.ports, life.connection, lambda token: listing(token, page=None))

    assert (life.connection.status, life.notices()) == (Status.REAUTH_REQUIRED, ["reauth_required"])


def test_an_account_connected_twice_to_a_resource_is_one_connection():
    """A second consent that does not name the connection finds it by its account."""
    life = Life()
    again = life.consent()

    assert (again.outcome, again.connection) == (ConsentOutcome.RECONNECTED, life.connection_id)
    assert len(life.ports.connections.of_tenant(life.tenant)) == 1


def test_connecting_again_with_another_account_is_refused():
    """A connection's links and imports belong to one account."""
    life = Life()
    life.account(OTHER)
    outcome = life.consent(OTHER, connection=life.connection_id)

    assert outcome.outcome is ConsentOutcome.WRONG_ACCOUNT
    assert life.connection.account == ACCOUNT


def test_a_refresh_token_that_is_not_sent_again_is_kept():
    """Google sends it with the first consent only, unless it is forced to."""
    life = Life()
    first, _ = life.ports.connections.sealed(life.tenant, life.connection_id)
    kept = life.ports.vault.open(first, tenant=life.tenant, connection=life.connection_id).refresh_token
    url = begin(life, connection=life.connection_id).url.replace("access_type=offline", "access_type=online")
    outcome = finish(life, url)
    second, _ = life.ports.connections.sealed(life.tenant, life.connection_id)

    assert outcome.outcome is ConsentOutcome.RECONNECTED
    grant = life.ports.vault.open(second, tenant=life.tenant, connection=life.connection_id)
    assert grant.refresh_token == kept


def test_a_disconnected_connection_is_never_revived():
    """Connecting after a disconnection makes a new connection."""
    life = Life()
    old = life.disconnect()
    new = life.connect()

    assert new.id != old.id
    assert life.ports.connections.get(life.tenant, old.id).status is Status.DISCONNECTED
    with pytest.raises(Rejected):
        begin(life, connection=old.id)
