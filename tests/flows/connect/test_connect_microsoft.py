"""Errors that Microsoft's consent page sends back, and the outcome that the person reads."""

from __future__ import annotations

import pytest

from common.api.consent import error_number_in
from common.domain.calendar.connection import ProviderKind
from common.domain.connect.consent import ConsentOutcome
from tests.world import OUTLOOK, World


@pytest.fixture
def world():
    made = World()
    made.catalogue()
    made.outlook()
    return made


@pytest.mark.parametrize("number", [90094, 90008, 90095, 65001])
def test_an_organization_that_needs_its_administrators_consent_has_an_outcome_of_its_own(world, number):
    """The word is "access_denied" as for a refusal; the person reads who can help, and nothing is left."""
    world.microsoft.admin.add_tenant("contoso.test", admin_consent_required=True, refusal=number)
    outcome = world.consent(OUTLOOK, provider=ProviderKind.MICROSOFT)

    assert outcome.outcome is ConsentOutcome.ADMIN_CONSENT_REQUIRED
    assert world.ports.connections.of_tenant("t1") == ()


def test_after_the_administrators_consent_the_account_can_be_connected(world):
    """The person starts again and is connected."""
    world.microsoft.admin.add_tenant("contoso.test", admin_consent_required=True)
    world.consent(OUTLOOK, provider=ProviderKind.MICROSOFT)
    world.outlook("boss@contoso.test", admin=True)
    world.consent("boss@contoso.test", provider=ProviderKind.MICROSOFT, decision="accept_for_organization")

    outcome = world.consent(OUTLOOK, provider=ProviderKind.MICROSOFT)
    assert outcome.outcome is ConsentOutcome.CONNECTED


def test_cancelling_on_the_consent_page_is_a_refusal(world):
    """The same word with another number is the person's own choice."""
    outcome = world.consent(OUTLOOK, provider=ProviderKind.MICROSOFT, decision="cancel")

    assert outcome.outcome is ConsentOutcome.REFUSED


@pytest.mark.parametrize(
    ("description", "number"),
    [
        ("AADSTS90094: Administrator consent is required.\r\nTrace ID: 1", 90094),
        ("Sorry. AADSTS90094", None),
        ("AADSTS: nothing", None),
        ("AADSTS12345678901", None),
        ("", None),
    ],
)
def test_only_the_number_of_an_error_description_is_read(description, number):
    """It stands at the beginning; the text is for people and may change."""
    assert error_number_in(description) == number


def test_the_text_of_an_error_description_is_not_logged(world):
    """It can hold names; only the outcome is logged."""
    world.microsoft.admin.add_tenant("contoso.test", admin_consent_required=True)
    world.consent(OUTLOOK, provider=ProviderKind.MICROSOFT)

    assert "Trace ID" not in "".join(world.log.lines)
    assert "admin_consent_required" in "".join(world.log.lines)
