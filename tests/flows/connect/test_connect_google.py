"""Connecting a Google account, and every way in which that can fail."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from common.domain.calendar.connection import ProviderKind, Status
from common.domain.connect.consent import ConsentOutcome, state_id
from common.errors import InvalidRequest, UnknownResource
from common.flows.connect.complete_connection import finish_consent
from tests.flows.setups.connect_setup import OTHER, begin, finish
from tests.flows.setups.connection_stages_setup import Life, calendars
from tests.world import ACCOUNT, RETURN_TO

LIST = "https://www.googleapis.com/auth/calendar.calendarlist.readonly"


def parts(address):
    return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}


def stored(life):
    """Every document path but those of the catalogue and of pacing."""
    return [
        path
        for path in life.documents.paths()
        if not any(part in path for part in ("/resources/", "/services/", "pacing/")) and "/" in path[8:]
    ]


def test_an_account_is_connected_with_all_its_calendars():
    """The own calendar is on, the others are off, and the grant is nowhere to be read."""
    life = Life(calendars=("team", "private"))
    found = life.connection

    assert (found.status, found.account) == (Status.CONNECTED, ACCOUNT)
    assert calendars(found) == {ACCOUNT: "import", "team": "none", "private": "none"}
    sealed, _ = life.ports.connections.sealed(life.tenant, found.id)
    grant = life.ports.vault.open(sealed, tenant=life.tenant, connection=found.id)
    assert grant.refresh_token
    assert grant.refresh_token not in sealed


def test_all_pages_of_calendars_are_read():
    """An account with more calendars than a page holds shows all of them."""
    life = Life(calendars=[f"c{number:03}" for number in range(260)])

    assert len(life.connection.calendars) == 261


def test_the_consent_page_gets_a_challenge_and_a_state_that_is_stored_nowhere():
    """PKCE S256; of the state only its hash is stored, and the verifier only encrypted."""
    life = Life(connect=False)
    asked = parts(begin(life).url)

    assert asked["code_challenge_method"] == "S256"
    (path,) = [path for path in life.documents.paths() if path.startswith("oauth_states/")]
    (snapshot,) = life.documents.get([path])
    assert path == f"oauth_states/{state_id(asked['state'])}"
    assert asked["state"] not in str(snapshot.data)
    assert snapshot.data["verifier"] not in {asked["code_challenge"], asked["state"]}


@pytest.mark.parametrize(
    "address",
    [
        RETURN_TO + "/",
        RETURN_TO + "?next=x",
        "https://console.example.evil/connected",
        "https://console.example/connected@evil.example",
        "//console.example/connected",
        "HTTPS://console.example/connected",
        "",
    ],
)
def test_only_registered_return_addresses_are_accepted(address):
    """An address is compared as a whole; nothing that merely looks like it is accepted."""
    life = Life(connect=False)

    with pytest.raises(InvalidRequest):
        begin(life, return_to=address)


def test_an_unknown_resource_cannot_be_connected():
    """The resource must exist in this tenant."""
    life = Life(connect=False)

    with pytest.raises(UnknownResource):
        begin(life, resource="nobody")
    with pytest.raises(UnknownResource):
        begin(life, tenant="t2")


def test_a_refusal_leaves_nothing_behind():
    """The person said no: they read why, and nothing is stored."""
    life = Life(connect=False)
    before = stored(life)
    outcome = finish(life, begin(life).url, decision="deny")

    assert (outcome.outcome, outcome.return_to) == (ConsentOutcome.REFUSED, RETURN_TO)
    assert stored(life) == before


def test_an_unticked_scope_leaves_nothing_behind_and_gives_the_grant_back():
    """Without the needed scopes nothing works, so nothing is kept, here or there."""
    life = Life(connect=False)
    before = stored(life)
    outcome = finish(life, begin(life).url, decision="allow", ticked=[LIST])

    assert outcome.outcome is ConsentOutcome.SCOPE_MISSING
    assert stored(life) == before
    assert life.google.inspect.grants() == []


@pytest.mark.pitfall(24)
def test_a_failed_consent_does_not_end_the_same_accounts_other_connection():
    """Google's revocation ends all grants of an account, so the new grant is not revoked."""
    life = Life()
    life.ports.catalogue.save_resource(
        life.tenant, replace(life.ports.catalogue.resource(life.tenant, "anna"), id="room", version=None)
    )
    outcome = finish(life, begin(life, resource="room").url, decision="allow", ticked=[LIST])
    life.google.admin.expire_access_tokens()
    life.synchronise()

    assert outcome.outcome is ConsentOutcome.SCOPE_MISSING
    assert life.connection.status is Status.ACTIVE


def test_another_account_than_the_expected_one_is_refused():
    """A consent may name the only mailbox that is accepted."""
    life = Life(connect=False)
    life.account(OTHER)
    outcome = finish(life, begin(life, expected_account="ANNA@example.com").url, account=OTHER)
    right = finish(life, begin(life, expected_account="ANNA@example.com").url)

    assert (outcome.outcome, right.outcome) == (ConsentOutcome.WRONG_ACCOUNT, ConsentOutcome.CONNECTED)
    assert {item.account for item in life.ports.connections.of_tenant(life.tenant)} == {ACCOUNT}


@pytest.mark.pitfall("B2")
def test_a_state_is_valid_once_and_for_its_own_resource_only():
    """A repeated, a made-up and an expired state all end before any code is exchanged."""
    life = Life(connect=False)
    url = begin(life).url
    back = life.google.consent(url, account=ACCOUNT)
    first, replayed = life.follow_redirect(back), life.follow_redirect(back)
    invented = finish_consent(life.ports, state="x" * 43, code="code")
    late = life.google.consent(begin(life).url, account=ACCOUNT)
    life.advance(minutes=11)
    expired = life.follow_redirect(late)

    assert first.outcome is ConsentOutcome.CONNECTED
    for outcome in (replayed, invented, expired):
        assert (outcome.outcome, outcome.return_to) == (ConsentOutcome.STATE_EXPIRED_OR_USED, None)
    (made,) = life.ports.connections.of_tenant(life.tenant)
    assert made.resource == "anna"


def test_two_returns_at_once_make_one_exchange():
    """The state is removed from the store before the code is used."""
    life = Life(connect=False)
    back = life.google.consent(begin(life).url, account=ACCOUNT)
    with ThreadPoolExecutor(8) as pool:
        outcomes = [outcome.outcome for outcome in pool.map(life.follow_redirect, [back] * 8)]

    assert sorted(outcomes) == ["connected"] + ["state_expired_or_used"] * 7
    assert len(life.google.inspect.grants()) == 1


def test_another_issuer_and_another_provider_are_refused():
    """A code of another server is never sent to this one."""
    life = Life(connect=False)
    mixed = parts(life.google.consent(begin(life).url, account=ACCOUNT))
    outcome = finish_consent(
        life.ports, state=mixed["state"], code=mixed["code"], issuer="https://evil.example"
    )
    mixed = parts(life.google.consent(begin(life).url, account=ACCOUNT))
    other = finish_consent(
        life.ports,
        state=mixed["state"],
        code=mixed["code"],
        provider=ProviderKind.MICROSOFT,
    )

    assert (outcome.outcome, other.outcome) == (ConsentOutcome.WRONG_ISSUER, ConsentOutcome.WRONG_ISSUER)
    assert life.ports.connections.of_tenant(life.tenant) == ()


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        ("access_denied", ConsentOutcome.REFUSED),
        ("admin_policy_enforced", ConsentOutcome.ADMIN_CONSENT_REQUIRED),
        ("temporarily_unavailable", ConsentOutcome.PROVIDER_UNAVAILABLE),
        ("invalid_scope", ConsentOutcome.MISCONFIGURED),
        ("something_new", ConsentOutcome.REFUSED),
    ],
)
def test_every_error_of_the_consent_page_has_an_outcome(error, outcome):
    """The person reads a reason, whatever error the page sends."""
    life = Life(connect=False)
    state = parts(begin(life).url)["state"]
    found = finish_consent(life.ports, state=state, error=error)

    assert (found.outcome, found.return_to) == (outcome, RETURN_TO)


@pytest.mark.parametrize(
    ("reason", "status", "outcome"),
    [
        ("invalid_grant", 400, ConsentOutcome.CODE_REJECTED),
        ("invalid_client", 401, ConsentOutcome.MISCONFIGURED),
        ("server_error", 503, ConsentOutcome.PROVIDER_UNAVAILABLE),
        ("admin_policy_enforced", 400, ConsentOutcome.ADMIN_CONSENT_REQUIRED),
    ],
)
def test_every_error_of_the_exchange_has_an_outcome(reason, status, outcome):
    """No half-made connection stays, whatever error the token endpoint sends."""
    life = Life(connect=False)
    back = life.google.consent(begin(life).url, account=ACCOUNT)
    life.google.add_fault("oauth_error", method="oauth.token", reason=reason, status=status)

    assert life.follow_redirect(back).outcome is outcome
    assert life.ports.connections.of_tenant(life.tenant) == ()


def test_calendars_that_cannot_be_listed_leave_nothing_half_connected():
    """A failure after the exchange gives the grant back."""
    life = Life(connect=False)
    back = life.google.consent(begin(life).url, account=ACCOUNT)
    life.google.add_fault("status", method="calendarList.list", times=0, status=503)

    assert life.follow_redirect(back).outcome is ConsentOutcome.PROVIDER_UNAVAILABLE
    assert life.ports.connections.of_tenant(life.tenant) == ()
    assert life.google.inspect.grants() == []


def test_states_end_after_the_configured_time():
    """The answer says until when the person has to come back."""
    life = Life(connect=False)

    assert begin(life).expires_at == life.clock.now() + timedelta(minutes=10)
