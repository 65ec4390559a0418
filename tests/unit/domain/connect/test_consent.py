"""The outcomes of consents, and what binds the start of a consent to its end."""

from __future__ import annotations

import pytest

from common.domain.connect.consent import (
    ConsentOutcome,
    challenge,
    outcome_of_error,
    outcome_of_rejected_code,
    outcome_of_unlisted_calendars,
    state_id,
    verifier_context,
)
from common.domain.shared.mailboxes import same_mailbox
from common.errors import Forbidden, GrantRevoked, OperatorFault, Stop


def test_the_challenge_is_that_of_the_standard():
    """The example of RFC 7636, appendix B."""
    verifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"

    assert challenge(verifier) == "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"


def test_a_state_is_known_by_its_hash_only():
    """Whoever reads the store cannot come back in somebody's place."""
    name = state_id("state")

    assert (len(name), "state" in name) == (64, False)
    assert state_id("state") == name != state_id("State")
    assert verifier_context(name) != verifier_context(state_id("other"))


def test_a_state_of_any_characters_has_a_hash():
    """What a browser sends is not always text."""
    assert len(state_id("\udcff\x00")) == 64


@pytest.mark.parametrize(
    ("word", "page", "exchange"),
    [
        ("access_denied", ConsentOutcome.REFUSED, ConsentOutcome.REFUSED),
        (
            "admin_policy_enforced",
            ConsentOutcome.ADMIN_CONSENT_REQUIRED,
            ConsentOutcome.ADMIN_CONSENT_REQUIRED,
        ),
        ("consent_required", ConsentOutcome.ADMIN_CONSENT_REQUIRED, ConsentOutcome.ADMIN_CONSENT_REQUIRED),
        ("server_error", ConsentOutcome.PROVIDER_UNAVAILABLE, ConsentOutcome.PROVIDER_UNAVAILABLE),
        ("redirect_uri_mismatch", ConsentOutcome.MISCONFIGURED, ConsentOutcome.MISCONFIGURED),
        ("invalid_grant", ConsentOutcome.REFUSED, ConsentOutcome.CODE_REJECTED),
        ("<script>", ConsentOutcome.REFUSED, ConsentOutcome.CODE_REJECTED),
    ],
)
def test_every_error_has_an_outcome(word, page, exchange):
    """On the consent page as in the exchange; an unknown word too."""
    assert (outcome_of_error(word), outcome_of_rejected_code(word)) == (page, exchange)


@pytest.mark.parametrize(
    ("number", "outcome"),
    [
        (90094, ConsentOutcome.ADMIN_CONSENT_REQUIRED),
        (65001, ConsentOutcome.ADMIN_CONSENT_REQUIRED),
        (90008, ConsentOutcome.ADMIN_CONSENT_REQUIRED),
        (65004, ConsentOutcome.REFUSED),
        (50020, ConsentOutcome.WRONG_ACCOUNT),
        (650057, ConsentOutcome.MISCONFIGURED),
        (90033, ConsentOutcome.PROVIDER_UNAVAILABLE),
        (12345, ConsentOutcome.REFUSED),
        (None, ConsentOutcome.REFUSED),
    ],
)
def test_a_microsoft_number_says_more_than_its_error(number, outcome):
    """Microsoft sends "access_denied" for everything; an unknown number changes nothing."""
    assert outcome_of_error("access_denied", number=number) is outcome


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (OperatorFault(code="api_not_enabled"), ConsentOutcome.MISCONFIGURED),
        (Forbidden(), ConsentOutcome.SCOPE_MISSING),
        (GrantRevoked(code="scope_missing"), ConsentOutcome.SCOPE_MISSING),
        (GrantRevoked(code="unauthorized"), ConsentOutcome.CODE_REJECTED),
        (Stop(code="domain_policy"), ConsentOutcome.ADMIN_CONSENT_REQUIRED),
        (Stop(code="not_a_calendar_user"), ConsentOutcome.WRONG_ACCOUNT),
    ],
)
def test_an_account_that_shows_no_calendars_has_an_outcome(error, outcome):
    """The person reads what they can do."""
    assert outcome_of_unlisted_calendars(error) is outcome


def test_mailboxes_are_compared_as_people_write_them():
    """Case and blanks around do not matter."""
    assert same_mailbox(" Anna@Example.com", "anna@example.com")
    assert same_mailbox("anna@Bücher.example", "anna@xn--bcher-kva.example")
    assert not same_mailbox("anna@example.com", "anna@example.org")
    assert not same_mailbox("anna@bücher.example", "anna@bucher.example")
